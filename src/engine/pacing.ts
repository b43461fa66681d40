import type { Warning } from "../base/warning.js";
import { percentileUs } from "../measure/hdr.js";
import type { HistogramCounts } from "../measure/histogram.js";
import type { SegmentResult } from "../worker/segment.js";
import type { PacingFigures } from "./trial-result.js";

/** How closely the arrivals of the open model followed their plan, and what to make of it if they did not. */

/** A start lag above this shows in response times of a few milliseconds. */
const LATEST_P99_US = 2000;

type Planned = Pick<SegmentResult, "planned">;

const arrivalsOf = (results: readonly Planned[]): number =>
  results.reduce((sum, { planned }) => sum + (planned?.count ?? 0), 0);

/**
 * How long arrivals were planned for; null in the closed model. `durationMs`: of the trial; null where so many entries are
 * planned. The last of them is then due after one gap less than there are arrivals.
 */
export function planOfArrivalsMs(results: readonly Planned[], durationMs: number | null): number | null {
  const plans = results.flatMap(({ planned }) => planned ?? []);
  if (plans.length === 0) return null;
  if (durationMs !== null) return durationMs;
  const lastMs = Math.max(...plans.map(({ lastUs }) => lastUs)) / 1000;
  const arrivals = arrivalsOf(results);
  return arrivals < 2 ? lastMs : (lastMs * arrivals) / (arrivals - 1);
}

/** null in the closed model. `planMs`: how long arrivals were planned for; `cpuMs`: of the pacing thread within `wallMs`. */
export function pacingFigures(
  results: readonly SegmentResult[],
  startLag: HistogramCounts | undefined,
  planMs: number | null,
  cpuMs: number | null,
  wallMs: number,
): PacingFigures | null {
  if (planMs === null || startLag === undefined) return null;
  const planned = arrivalsOf(results);
  const started = results.reduce((sum, { users }) => sum + users.arrivals, 0);
  const perSec = (count: number): number => (planMs > 0 ? count / (planMs / 1000) : 0);
  return {
    planned,
    started,
    plannedPerSec: perSec(planned),
    achievedPerSec: perSec(started),
    startLag: { unit: "us", p50: percentileUs(startLag, 50), p99: percentileUs(startLag, 99) },
    cpuUtilization: cpuMs === null || wallMs === 0 ? null : cpuMs / wallMs,
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
