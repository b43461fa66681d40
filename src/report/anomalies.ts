import type { TrialResult } from "../engine/trial-result.js";
import { ANOMALY_KINDS, type AnomalyKind } from "../queue/anomaly.js";
import { wilsonInterval } from "../stats/proportion.js";
import type { StrategySummary } from "./schema.js";

/**
 * What one strategy showed of each kind of anomaly, and what it had promised. "kept": promised never to show, could have
 * been seen, was not. "broken": promised and seen. "expected": seen, and nothing was promised. "absent": neither seen nor
 * promised. "not-exercised": the run could not have shown it, so that it was not seen says nothing.
 */
export type AnomalySummary = NonNullable<StrategySummary["anomalies"]>;
type PromiseState = AnomalySummary[string]["promise"];

/** By kind, over trials; undefined where none of them says what it could have shown. */
export function summarizeAnomalies(trials: readonly TrialResult[]): AnomalySummary | undefined {
  const audits = trials.map(({ audit }) => audit).filter(({ exercised }) => exercised !== undefined);
  if (audits.length === 0) return undefined;
  const entries = trials.reduce((sum, trial) => sum + trial.entries.attempted, 0);
  return Object.fromEntries(
    ANOMALY_KINDS.map((kind) => {
      const count = audits.reduce((sum, { anomalies }) => sum + (anomalies[kind] ?? 0), 0);
      const isExercised = audits.some(({ exercised }) => exercised?.includes(kind));
      const isPromised = audits.some(({ promises }) => promises?.includes(kind));
      const promise = stateOf(count, isExercised, isPromised);
      return [kind, { count, ...ratesOf(count, entries, isExercised || count > 0), promise }];
    }),
  );
}

function stateOf(count: number, isExercised: boolean, isPromised: boolean): PromiseState {
  if (count > 0) return isPromised ? "broken" : "expected";
  if (!isExercised) return "not-exercised";
  return isPromised ? "kept" : "absent";
}

/** Kinds that count users whom set-up prepared can outnumber the entries: then there is no share, and no interval. */
function ratesOf(count: number, entries: number, isExercised: boolean) {
  if (!isExercised || entries === 0) return { perMillion: null, low: null, high: null };
  if (count > entries) return { perMillion: (1e6 * count) / entries, low: null, high: null };
  const { share, low, high } = wilsonInterval(count, entries);
  return { perMillion: 1e6 * share, low: 1e6 * low, high: 1e6 * high };
}

/** Kinds that only a race can show: where one could have been seen, the table of anomalies is worth its room. */
const RACES: readonly AnomalyKind[] = ["double-new", "wait-and-active", "double-admission"];

/** Whether a report has something to say about anomalies beyond the word in its table. */
export const tellsOfAnomalies = (summaries: readonly StrategySummary[]): boolean =>
  summaries.some(({ anomalies }) =>
    Object.entries(anomalies ?? {}).some(
      ([kind, { count, promise }]) => count > 0 || (promise !== "not-exercised" && RACES.includes(kind as AnomalyKind)),
    ),
  );
