import {
  latencyText,
  percentText,
  perEntryText,
  rangeText,
  rateText,
  ratioText,
  shortText,
  spanText,
} from "../report/format.js";
import type { StrategyReport } from "../report/schema.js";
import { droppedShare, verdictText } from "../report/words.js";

/** The figures of one strategy as text, for tables of any format. Names come as they are: the format escapes them. */
export interface Row {
  readonly name: string;
  readonly tps: string;
  readonly tpsRange: string;
  /** "baseline", or how the strategy compares with it. */
  readonly ratio: string;
  readonly ratioRange: string;
  readonly verdict: string;
  readonly note: string;
  readonly success: string;
  /** Share of the planned entries that never started; empty where that is hardly any. */
  readonly dropped: string;
  readonly p50: string;
  readonly p95: string;
  readonly p99: string;
  readonly calls: string;
  readonly roundTrips: string;
  readonly limiter: string;
  /** "4 of 5" where not all trials had this limiter. */
  readonly limiterShare: string;
  readonly audit: string;
}

const NONE = "–";

export function rowOf({ name, summary, trials }: StrategyReport): Row {
  const { tps, vsBaseline: versus } = summary;
  const latency = (figure: { readonly median: number } | null): string =>
    figure === null ? NONE : latencyText(figure.median);
  const dropped = droppedShare(summary.entries);
  const ratio = versus === undefined ? "baseline" : NONE;
  const isUnaudited = trials.every(({ audit }) => audit.coverage === "none");
  const ofLimiter = summary.limiters[summary.limiter] ?? 0;
  return {
    name,
    tps: tps === null ? NONE : rateText(tps.median),
    tpsRange: tps === null ? "" : spanText(tps, shortText),
    ratio: typeof versus?.tpsRatio === "number" ? ratioText(versus.tpsRatio) : ratio,
    ratioRange: versus && versus.low !== null && versus.high !== null ? rangeText(versus.low, versus.high) : "",
    verdict: versus === undefined ? "" : verdictText(versus.verdict),
    note: versus?.generatorBound ? "generator-bound" : "",
    success: summary.successRate === null ? NONE : percentText(summary.successRate),
    dropped: dropped === null ? "" : `${percentText(dropped)} dropped`,
    p50: latency(summary.p50),
    p95: latency(summary.p95),
    p99: latency(summary.p99),
    calls: summary.callsPerEntry === null ? NONE : perEntryText(summary.callsPerEntry),
    roundTrips: summary.roundTripsPerEntry === null ? NONE : perEntryText(summary.roundTripsPerEntry),
    // Where nothing succeeded, nothing kept it from being faster.
    limiter: summary.trials === 0 || summary.entries.succeeded === 0 ? NONE : summary.limiter,
    limiterShare: ofLimiter < summary.trials && ofLimiter > 0 ? `${ofLimiter} of ${summary.trials}` : "",
    audit: summary.trials === 0 || isUnaudited ? NONE : auditText(summary),
  };
}

function auditText({ audit, entries }: StrategyReport["summary"]): string {
  const { ok, anomalies, brokenPromises } = audit;
  if (brokenPromises.length > 0) return "broken promise";
  const found = Object.values(anomalies).reduce((sum, n) => sum + n, 0);
  if (found > 0) return "anomalies";
  // Where nothing was answered, no answer was found right.
  if (ok) return entries.succeeded === 0 ? NONE : "ok";
  return "failed";
}
