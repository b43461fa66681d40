import { formatDuration } from "../base/units.js";
import { faultNamed, faultText } from "../faults/index.js";
import { availabilityOf, RECOVERED_SHARE, seriesOf } from "../measure/availability.js";
import { type MomentsData, mergeMoments } from "../measure/moments.js";
import type { SegmentResult } from "../worker/segment.js";
import type { StruckFault } from "./faults.js";
import type { TrialResult, Warning } from "./trial-result.js";

/** What a trial's faults came to. `trialMs`: its planned length. */
export function faultFigures(
  results: readonly SegmentResult[],
  struck: readonly StruckFault[],
  trialMs: number,
): Pick<TrialResult, "faults" | "moments"> {
  const [first, ...more] = results.flatMap(({ moments }) => moments ?? []) as MomentsData[];
  if (first === undefined) return {};
  const moments = mergeMoments([first, ...more]);
  const { beforePerSec, faults } = availabilityOf(moments, struck, trialMs);
  return {
    faults: struck.map((fault, i) => {
      const figures = faults[i]!;
      const failed = Object.values(figures.failures).reduce((sum, count) => sum + count, 0);
      const ended = figures.succeeded + failed;
      return { ...fault, ...figures, successRate: ended === 0 ? null : figures.succeeded / ended };
    }),
    moments: { ...seriesOf(moments, trialMs), beforePerSec },
  };
}

/** What the trial was too short to show. */
export function faultWarnings(
  { faults = [], moments }: Pick<TrialResult, "faults" | "moments">,
  trialMs: number,
): Warning[] {
  if (faults.length === 0) return [];
  if (moments?.beforePerSec == null) {
    const message =
      "too few entries succeeded before the first fault to say when throughput was back: let it begin later, or offer more";
    return [{ code: "fault-without-before", message }];
  }
  return faults.flatMap((fault, i) => {
    if (fault.recoveryMs !== null || faultNamed(fault.name).serverIs === "gone") return [];
    const leftMs = Math.max(0, Math.round((faults[i + 1]?.beganMs ?? trialMs) - fault.endedMs));
    const message =
      `throughput was not back at ${RECOVERED_SHARE * 100} % of what it was before ${faultText(fault)} within the ` +
      `${formatDuration(leftMs)} that were left; a longer --duration shows when it is`;
    return [{ code: "fault-not-recovered", message }];
  });
}
