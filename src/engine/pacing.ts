import type { Warning } from "../base/warning.js";
import { percentileUs } from "../measure/hdr.js";
import type { SegmentResult } from "../worker/segment.js";
import type { HistogramCounts, PacingFigures } from "./trial-result.js";

/** How closely the arrivals of the open model followed their plan, and what to make of it if they did not. */

/** A start lag above this shows in response times of a few milliseconds. */
const LATEST_P99_US = 2000;

/** null in the closed model. `durationMs`: of the plan; null where it ends with its last entry. */
export function pacingFigures(
  results: readonly SegmentResult[],
  startLag: HistogramCounts | undefined,
  durationMs: number | null,
  cpuMs: number | null,
): PacingFigures | null {
  const plans = results.flatMap(({ planned }) => planned ?? []);
  if (plans.length === 0 || startLag === undefined) return null;
  const planned = plans.reduce((sum, { count }) => sum + count, 0);
  const started = results.reduce((sum, { users }) => sum + users.arrivals, 0);
  const seconds = (durationMs ?? Math.max(...plans.map(({ lastUs }) => lastUs)) / 1000) / 1000;
  const perSec = (count: number): number => (seconds > 0 ? count / seconds : 0);
  return {
    planned,
    started,
    plannedPerSec: perSec(planned),
    achievedPerSec: perSec(started),
    startLag: { unit: "us", p50: percentileUs(startLag, 50), p99: percentileUs(startLag, 99) },
    cpuUtilization: cpuMs === null || seconds === 0 ? null : cpuMs / 1000 / seconds,
  };
}

export function pacingWarnings({ startLag }: PacingFigures): Warning[] {
  const lagUs = startLag.p99 ?? 0;
  if (lagUs <= LATEST_P99_US) return [];
  const message =
    `a hundredth of the entries started ${(lagUs / 1000).toFixed(1)} ms late or more (expected: below ` +
    `${LATEST_P99_US / 1000} ms): the response time counts that in, the service time does not; offer less, or use a ` +
    "machine with more free cores, with more --instances where one thread is the limit";
  return [{ code: "started-late", message }];
}
