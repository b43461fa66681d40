import { availableParallelism } from "node:os";
import type { Warning } from "../base/warning.js";
import { atPlace, openPlace, type Place, type PlaceOptions } from "../engine/bench.js";
import { Benches } from "../engine/benches.js";
import { PREDICT_NEEDS, type PredictPlan, type PredictStep } from "../predict/plan.js";
import { type PredictOutcome, runPredict } from "../predict/procedure.js";
import { trialReport } from "../report/builder.js";
import type { ClusterShape } from "../targets/cluster-shape.js";
import { isLoopback } from "../targets/url.js";
import type { RunOptions } from "./options.js";
import { factsOf, type TargetFacts } from "./report-file.js";
import { createTenthsProgress } from "./step-progress.js";

export interface MeasuredPlan extends TargetFacts, PredictOutcome {
  readonly plan: PredictPlan;
  /** That Redis and the generator share; null where Redis is on another machine. */
  readonly cores: number | null;
  /** On the target. */
  readonly warnings: readonly Warning[];
  readonly startedAt: Date;
  readonly durationMs: number;
}

/**
 * Runs the trials of a plan on a server that is opened for it and closed after it. `nameOf`: what a step is, for people.
 * @throws QbenchError if nothing could be measured; later, what went wrong is in the outcome.
 */
export async function measurePlan(
  plan: PredictPlan,
  options: RunOptions,
  nameOf: (step: PredictStep) => string,
  signal: AbortSignal,
): Promise<MeasuredPlan> {
  const startedAt = new Date();
  const sinceMs = performance.now();
  const where = { ...options, ...PREDICT_NEEDS, signal };
  const { result, target, warnings, notCleaned } = await atPlace(where, plan.scenario.timeoutMs, async (place) => {
    const facts = await factsOf(place.target, plan.scenario);
    return { facts, outcome: await stepsAt(place, plan, options, nameOf, signal) };
  });
  const { facts, outcome } = result;
  const error = outcome.error ?? notCleaned;
  return {
    ...outcome,
    ...facts,
    complete: error === undefined,
    error,
    plan,
    cores: target.endpoints.every(isLoopback) ? availableParallelism() : null,
    warnings,
    startedAt,
    durationMs: Math.round(performance.now() - sinceMs),
  };
}

async function stepsAt(
  place: Place,
  plan: PredictPlan,
  options: RunOptions,
  nameOf: (step: PredictStep) => string,
  signal: AbortSignal,
): Promise<PredictOutcome> {
  const benches = new Benches(place, plan.scenario.strategies);
  const clusters = new Clusters(plan, { ...options, signal });
  const progress = createTenthsProgress(options.quiet);
  const measure = async ({ scenario, ...step }: PredictStep) => {
    const shape = step.cell === null ? undefined : plan.cells[step.cell]!.cluster;
    const bench = await (shape === undefined ? benches : await clusters.of(shape)).for(scenario);
    return trialReport(await bench.trial(scenario, step, signal));
  };
  const started = (step: PredictStep, index: number, count: number): void =>
    progress.started(nameOf(step), index, count);
  try {
    return await runPredict(plan, measure, started, signal);
  } finally {
    progress.stop();
    await benches.close();
    await clusters.close();
  }
}

/** Clusters beside the server, each started when a step first needs it. */
class Clusters {
  readonly #plan: PredictPlan;
  readonly #options: PlaceOptions;
  readonly #opened = new Map<string, { readonly place: Place; readonly benches: Benches }>();

  constructor(plan: PredictPlan, options: PlaceOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  /** @throws QbenchError (environment) */
  async of(cluster: ClusterShape): Promise<Benches> {
    const key = JSON.stringify(cluster);
    const found = this.#opened.get(key);
    if (found !== undefined) return found.benches;
    const { timeoutMs, strategies } = this.#plan.scenario;
    const place = await openPlace({ ...this.#options, cluster }, timeoutMs);
    const benches = new Benches(place, strategies);
    this.#opened.set(key, { place, benches });
    return benches;
  }

  async close(): Promise<void> {
    for (const { place, benches } of this.#opened.values()) {
      await benches.close();
      await place.target.stop();
    }
    this.#opened.clear();
  }
}
