import { examplesOf } from "../engine/merge.js";
import type { EntryCounts, TrialResult } from "../engine/trial-result.js";
import { mergeCounts, percentileUs } from "../measure/hdr.js";
import type { HistogramCounts } from "../measure/histogram.js";
import type { Limiter } from "../measure/limiter.js";
import { type Comparison, comparePairs, type Direction } from "../stats/comparison.js";
import { medianInterval } from "../stats/median.js";
import { summarizeAnomalies } from "./anomalies.js";
import { summarizeFaults } from "./faults.js";
import { latencyFigures } from "./latency.js";
import type { StrategySummary } from "./schema.js";
import { totalOf } from "./totals.js";

/**
 * What the trials of one strategy come to, and how they compare with the baseline's. Only complete trials count.
 * Percentiles are the medians over trials of each trial's percentile; `merged` is the one distribution of all entries.
 */

/** Which latency the tables, gates and summaries speak of (METHOD 1). */
export type LatencyBasis = "entry" | "response";

type VsBaseline = NonNullable<StrategySummary["vsBaseline"]>;

/** Succeeded entries a second. */
export const tpsOf = (trial: TrialResult): number =>
  trial.durationMs > 0 ? trial.entries.succeeded / (trial.durationMs / 1000) : 0;

export const successRateOf = ({ succeeded, attempted }: EntryCounts): number | null =>
  attempted === 0 ? null : succeeded / attempted;

const histogramOf = (trial: TrialResult, basis: LatencyBasis): HistogramCounts =>
  (basis === "response" ? trial.latency.response : undefined) ?? trial.latency.entry;

export function summarize(
  trials: readonly TrialResult[],
  baseline: { readonly name: string; readonly trials: readonly TrialResult[] } | undefined,
  basis: LatencyBasis,
): StrategySummary {
  const complete = trials.filter((trial) => trial.complete);
  const overTrials = (figure: (trial: TrialResult) => number | null) => {
    const figures = complete.map(figure).filter((one) => one !== null);
    return figures.length === 0 ? null : medianInterval(figures);
  };
  const percentile = (percent: number) => overTrials((trial) => percentileUs(histogramOf(trial, basis), percent));
  const perEntry = (figure: (trial: TrialResult) => number) =>
    overTrials((trial) => (trial.entries.succeeded === 0 ? null : figure(trial)))?.median ?? null;
  const entries = totalEntries(complete);
  const anomalies = summarizeAnomalies(complete);
  const { histogram: _, ...merged } = latencyFigures(mergeCounts(complete.map((trial) => histogramOf(trial, basis))));
  return {
    trials: complete.length,
    trialsLeftOut: trials.length - complete.length,
    tps: overTrials(tpsOf),
    latency: basis,
    p50: percentile(50),
    p95: percentile(95),
    p99: percentile(99),
    merged,
    successRate: successRateOf(entries),
    callsPerEntry: perEntry((trial) => trial.server.callsPerEntry),
    roundTripsPerEntry: perEntry((trial) => trial.roundTripsPerEntry),
    socketWritesPerEntry: perEntry((trial) => trial.socketWritesPerEntry),
    entries,
    failures: totalOf(complete.map((trial) => trial.failures)),
    ...examplesOf(complete),
    limiter: majorityLimiter(complete),
    limiters: tally(complete.map((trial) => trial.limiter)),
    audit: {
      ok: complete.every((trial) => trial.audit.ok),
      anomalies: totalOf(complete.map((trial) => trial.audit.anomalies)),
      brokenPromises: [...new Set(complete.flatMap((trial) => trial.audit.brokenPromises))].sort(),
    },
    ...(anomalies === undefined ? {} : { anomalies }),
    ...summarizeFaults(trials),
    ...(baseline === undefined ? {} : { vsBaseline: compareWith(baseline, trials, basis) }),
  };
}

function compareWith(
  baseline: { readonly name: string; readonly trials: readonly TrialResult[] },
  trials: readonly TrialResult[],
  basis: LatencyBasis,
): VsBaseline {
  const compare = (figure: (trial: TrialResult) => number | null, direction: Direction): Comparison => {
    // One that served nobody has no latency.
    const ofComplete = (trial: TrialResult | undefined) => (trial?.complete ? (figure(trial) ?? 0) : null);
    const pairs = pairsByRound(trials, baseline.trials).map(([candidate, base]) => ({
      candidate: ofComplete(candidate),
      baseline: ofComplete(base),
    }));
    return comparePairs(pairs, direction);
  };
  const percentile = (percent: number) => {
    const { ratio, low, high, verdict } = compare(
      (trial) => percentileUs(histogramOf(trial, basis), percent),
      "lower-is-better",
    );
    return { ratio, low, high, verdict };
  };
  const tps = compare(tpsOf, "higher-is-better");
  return {
    baseline: baseline.name,
    tpsRatio: tps.ratio,
    low: tps.low,
    high: tps.high,
    verdict: tps.verdict,
    rounds: tps.rounds,
    leftOut: tps.leftOut,
    generatorBound: isGeneratorBound(trials) || isGeneratorBound(baseline.trials),
    p50: percentile(50),
    p95: percentile(95),
    p99: percentile(99),
  };
}

/** Most of the complete trials say nothing about Redis. */
function isGeneratorBound(trials: readonly TrialResult[]): boolean {
  const complete = trials.filter((trial) => trial.complete);
  const isBound = ({ limiter, entries }: TrialResult): boolean => limiter === "generator" && entries.succeeded > 0;
  return complete.filter(isBound).length * 2 > complete.length;
}

/** A round in which one side never ran is a pair with a gap. */
function pairsByRound(
  candidate: readonly TrialResult[],
  baseline: readonly TrialResult[],
): [TrialResult | undefined, TrialResult | undefined][] {
  const ofRound = (trials: readonly TrialResult[]) => new Map(trials.map((trial) => [trial.round, trial]));
  const left = ofRound(candidate);
  const right = ofRound(baseline);
  const rounds = [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => a - b);
  return rounds.map((round) => [left.get(round), right.get(round)]);
}

function majorityLimiter(trials: readonly TrialResult[]): Limiter {
  for (const { limiter } of trials) {
    if (trials.filter((trial) => trial.limiter === limiter).length * 2 > trials.length) return limiter;
  }
  return "unclear";
}

function totalEntries(trials: readonly TrialResult[]): EntryCounts {
  const sum = (key: keyof EntryCounts): number => trials.reduce((total, trial) => total + trial.entries[key], 0);
  return {
    attempted: sum("attempted"),
    succeeded: sum("succeeded"),
    failed: sum("failed"),
    inDoubt: sum("inDoubt"),
    unsent: sum("unsent"),
    dropped: sum("dropped"),
    new: sum("new"),
    waiting: sum("waiting"),
    active: sum("active"),
  };
}

const tally = (kinds: readonly string[]): Record<string, number> => totalOf(kinds.map((kind) => ({ [kind]: 1 })));
