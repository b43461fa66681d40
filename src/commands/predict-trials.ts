import { availableParallelism } from "node:os";
import { createLogUpdate } from "log-update";
import type { QbenchError } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import { openPlace, type Place } from "../engine/bench.js";
import { Benches } from "../engine/benches.js";
import type { PredictPlan, PredictStep } from "../predict/plan.js";
import { type PredictOutcome, runPredict } from "../predict/procedure.js";
import { trialReport } from "../report/builder.js";
import type { ClusterShape } from "../targets/cluster-shape.js";
import { isLoopback } from "../targets/url.js";
import type { RunOptions } from "./options.js";
import { factsOf, type TargetFacts } from "./report-file.js";

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
  const place = await openPlace({ ...options, singleServerOnly: "to calibrate the model by" }, plan.scenario.timeoutMs);
  const { target } = place;
  const benches = new Benches(place, plan.scenario.strategies);
  const clusters = new Clusters(plan, options);
  const progress = progressOf(nameOf, options.quiet, process.stderr.isTTY === true);
  const close = async (): Promise<void> => {
    progress.stop();
    await benches.close();
    await clusters.close();
    await target.stop();
  };
  let facts: TargetFacts;
  let outcome: PredictOutcome;
  try {
    facts = await factsOf(target, plan.scenario);
    const measure = async ({ scenario, ...step }: PredictStep) => {
      const shape = step.cell === null ? undefined : plan.cells[step.cell]!.cluster;
      const bench = await (shape === undefined ? benches : await clusters.of(shape)).for(scenario);
      return trialReport(await bench.trial(scenario, step, signal));
    };
    outcome = await runPredict(plan, measure, progress.stepStarted, signal);
  } catch (error) {
    // What went wrong first is what the user needs to hear.
    await close().catch(() => {});
    throw error;
  }
  const notCleaned = await close().then(
    () => undefined,
    (error: QbenchError) => error,
  );
  if (notCleaned !== undefined) outcome = { ...outcome, complete: false, error: outcome.error ?? notCleaned };
  return {
    ...outcome,
    ...facts,
    plan,
    cores: target.endpoints.every(isLoopback) ? availableParallelism() : null,
    warnings: target.warnings.map((message) => ({ code: "target", message })),
    startedAt,
    durationMs: Math.round(performance.now() - sinceMs),
  };
}

/** Clusters beside the server, each started when a step first needs it. */
class Clusters {
  readonly #plan: PredictPlan;
  readonly #options: RunOptions;
  readonly #opened = new Map<string, { readonly place: Place; readonly benches: Benches }>();

  constructor(plan: PredictPlan, options: RunOptions) {
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

interface Progress {
  stepStarted(step: PredictStep, index: number, count: number): void;
  stop(): void;
}

/** On stderr: one live line on a terminal, a line for every tenth of the way elsewhere. */
function progressOf(nameOf: (step: PredictStep) => string, isQuiet: boolean, isTerminal: boolean): Progress {
  if (isQuiet) return { stepStarted() {}, stop() {} };
  if (!isTerminal) {
    let told = -1;
    return {
      stepStarted(step, index, count) {
        const tenth = Math.floor((10 * index) / count);
        if (tenth === told) return;
        told = tenth;
        console.error(`qbench: ${index + 1}/${count}: ${nameOf(step)}`);
      },
      stop() {},
    };
  }
  const region = createLogUpdate(process.stderr);
  return {
    stepStarted: (step, index, count) => region(`${index + 1}/${count}: ${nameOf(step)}`),
    stop: () => region.clear(),
  };
}
