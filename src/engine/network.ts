import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import { percentileUs } from "../measure/hdr.js";
import type { Scenario } from "../scenario/scenario.js";
import type { SegmentResult } from "../worker/segment.js";
import { mergeHistograms } from "./merge.js";
import type { NetworkFigures } from "./trial-result.js";

/** How closely an added round trip followed what was asked for, and what to make of it if it did not. */

/** The median may be off by the larger of the two. */
const TOLERATED_SHARE = 0.05;
const TOLERATED_US = 100;

/** null where nothing is added. `cpuMs`: of the thread that wakes the others, over `wallMs`. */
export function networkFigures(
  { rtt }: Pick<Scenario, "rtt">,
  results: readonly SegmentResult[],
  cpuMs: number | null,
  wallMs: number,
): NetworkFigures | null {
  const parts = results.flatMap(({ addedDelay }) => addedDelay ?? []);
  if (rtt === null || parts.length === 0) return null;
  const added = mergeHistograms(parts);
  return {
    rttMs: rtt.rttMs,
    jitterMs: rtt.jitterMs,
    added: { unit: "us", p50: percentileUs(added, 50), p99: percentileUs(added, 99), max: percentileUs(added, 100) },
    cpuUtilization: cpuMs === null || wallMs === 0 ? null : cpuMs / wallMs,
  };
}

export function networkWarnings({ rttMs, added }: NetworkFigures): Warning[] {
  const askedUs = rttMs * 1000;
  if (added.p50 === null || Math.abs(added.p50 - askedUs) <= Math.max(TOLERATED_US, TOLERATED_SHARE * askedUs))
    return [];
  const message =
    `half of the replies were held back for ${formatDuration(added.p50 / 1000)} or more, not the ${formatDuration(rttMs)} ` +
    "that were asked for: the cores were too busy to wake the generator in time; offer less, or use a machine with " +
    "more free cores";
  return [{ code: "inexact-delay", message }];
}
