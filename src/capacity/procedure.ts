import { environmentError, QbenchError, throwIfAborted } from "../base/errors.js";
import { deriveSeed, prng, shuffled } from "../base/prng.js";
import type { TrialReport } from "../report/schema.js";
import type { Threshold } from "../report/thresholds.js";
import type { Scenario } from "../scenario/scenario.js";
import { type Phase, Search, type SearchOptions } from "./search.js";
import { type Judgement, judgeStep } from "./service-level.js";

/** What is looked for, resolved. */
export interface CapacityPlan {
  readonly strategies: readonly string[];
  /** What must hold. */
  readonly level: readonly Threshold[];
  readonly search: SearchOptions;
  readonly seed: number;
  /** Of each step, but for the rate. */
  readonly scenario: Scenario;
}

/** One trial to come. */
export interface CapacityStep {
  /** Of its strategy, from 0. */
  readonly step: number;
  /** Place among the strategies that take turns. */
  readonly order: number;
  readonly strategy: string;
  readonly phase: Phase;
  readonly ratePerSec: number;
  readonly seed: number;
}

export interface StepResult extends CapacityStep, Judgement {
  readonly trial: TrialReport;
}

export interface CapacityOutcome {
  /** In the order in which they ran. */
  readonly steps: readonly StepResult[];
  readonly searches: ReadonlyMap<string, Search>;
  readonly error: QbenchError | undefined;
}

export interface CapacityObserver {
  stepStarted(step: CapacityStep): void;
  stepFinished(result: StepResult): void;
}

/**
 * Strategies take turns, a step each, in an order drawn from the seed: what changes slowly on the machine falls on all
 * alike. Each trial drains before the next one begins.
 */
export async function runCapacity(
  plan: CapacityPlan,
  measure: (step: CapacityStep) => Promise<TrialReport>,
  observer: CapacityObserver,
  signal: AbortSignal,
): Promise<CapacityOutcome> {
  const searches = new Map(plan.strategies.map((strategy) => [strategy, new Search(plan.search)]));
  const steps: StepResult[] = [];
  try {
    for (let turn = 0; ; turn++) {
      const before = steps.length;
      const turns = shuffled(plan.strategies, prng(deriveSeed(plan.seed, "order", turn)));
      for (const [order, strategy] of turns.entries()) {
        throwIfAborted(signal);
        const search = searches.get(strategy) as Search;
        const next = search.next();
        if (next === null) continue;
        const step = { step: turn, order, strategy, ...next, seed: deriveSeed(plan.seed, "step", turn) };
        observer.stepStarted(step);
        const result = await resultOf(plan, step, measure, signal);
        search.record(next.ratePerSec, result.outcome);
        steps.push(result);
        observer.stepFinished(result);
      }
      if (steps.length === before) return { steps, searches, error: undefined };
    }
  } catch (error) {
    if (!(error instanceof QbenchError)) throw error;
    return { steps, searches, error };
  }
}

async function resultOf(
  { level, scenario }: CapacityPlan,
  step: CapacityStep,
  measure: (step: CapacityStep) => Promise<TrialReport>,
  signal: AbortSignal,
): Promise<StepResult> {
  const trial = await measure(step);
  throwIfAborted(signal);
  if (trial.serverRestarted) {
    throw environmentError(
      "the server restarted during a trial",
      "a search for the capacity needs a server that stays",
    );
  }
  return { ...step, ...judgeStep(level, trial, step.strategy, scenario.durationMs), trial };
}

/** What set-up, audit and clearing away take beside the load, roughly. */
const AROUND_STEP_MS = 500;
/** Doublings from a start that is a few of them away, halvings down to a few per cent, confirmations. */
const USUAL_STEPS = 18;

/** How long it takes: a guess, to be told before it starts. */
export function estimateMs({ strategies, search, scenario }: CapacityPlan): {
  readonly usual: number;
  readonly longest: number;
} {
  const each = strategies.length * (scenario.warmupMs + scenario.durationMs + AROUND_STEP_MS);
  return { usual: Math.min(USUAL_STEPS, search.maxSteps) * each, longest: search.maxSteps * each };
}
