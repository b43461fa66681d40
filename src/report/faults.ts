import type { FaultFigures, TrialResult } from "../engine/trial-result.js";
import { faultText } from "../faults/index.js";
import { median } from "../stats/median.js";
import type { StrategySummary } from "./schema.js";
import { totalOf } from "./totals.js";

type FaultSummary = NonNullable<StrategySummary["faults"]>[number];

/**
 * What each fault did, over all trials in which it happened: those too that did not come to their end, for a server that
 * was ended for good leaves no others.
 */
export function summarizeFaults(trials: readonly TrialResult[]): Pick<StrategySummary, "faults" | "lostByServer"> {
  const struck = trials.filter(({ faults }) => faults !== undefined);
  if (struck.length === 0) return {};
  const byText = new Map<string, FaultFigures[]>();
  for (const fault of struck.flatMap(({ faults = [] }) => faults)) {
    const text = faultText(fault);
    byText.set(text, [...(byText.get(text) ?? []), fault]);
  }
  return {
    faults: [...byText].map(([text, figures]) => summaryOf(text, figures)),
    lostByServer: struck.reduce((sum, { audit }) => sum + audit.lostByServer, 0),
  };
}

function summaryOf(fault: string, figures: readonly FaultFigures[]): FaultSummary {
  const failures = totalOf(figures.map((one) => one.failures));
  const succeeded = figures.reduce((sum, one) => sum + one.succeeded, 0);
  const ended = succeeded + Object.values(failures).reduce((sum, count) => sum + count, 0);
  const degraded = figures.flatMap(({ degradedMs }) => degradedMs ?? []);
  // Those that were not seen took longer than any that was.
  const recovery = median(figures.map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY));
  return {
    fault,
    trials: figures.length,
    recovered: figures.filter(({ recoveryMs }) => recoveryMs !== null).length,
    successRate: ended === 0 ? null : succeeded / ended,
    longestGapMs: median(figures.map(({ longestGapMs }) => longestGapMs)),
    degradedMs: degraded.length === 0 ? null : median(degraded),
    recoveryMs: Number.isFinite(recovery) ? recovery : null,
    failures,
  };
}
