import { environmentError, QbenchError, throwIfAborted } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import { planRun, type TrialPlan } from "../plan/plan.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Target } from "../targets/target.js";
import { atPlace, Bench, notCleanedBeside, type PlaceOptions, type TrialHooks } from "./bench.js";
import { TrialLost } from "./trial-lost.js";
import type { TrialResult } from "./trial-result.js";

/** Which trial of a run it is. */
export interface TrialPlace {
  /** Of the run's trials, from 0. */
  readonly index: number;
  readonly count: number;
  readonly strategy: string;
  /** From 0. */
  readonly round: number;
}

/** What somebody who watches a run is told; live/ stands behind it. */
export interface RunObserver extends TrialHooks {
  targetOpened(target: Target): Promise<void> | void;
  trialStarted(place: TrialPlace): void;
  trialFinished(result: TrialResult): void;
  /** Staged: what speaks against going on after these trials of one strategy; undefined: nothing. */
  objectionTo?(stage: readonly TrialResult[]): string | undefined;
}

export interface RunOutcome {
  /** In the order in which they ran. */
  readonly trials: readonly TrialResult[];
  readonly complete: boolean;
  readonly warnings: readonly Warning[];
  /** What ended the run early. */
  readonly error: QbenchError | undefined;
}

/**
 * Runs a scenario's plan, trial by trial, on a target that is opened for it and closed after it.
 * @throws QbenchError if nothing could be measured; once a trial has begun, what went wrong is in the outcome.
 */
export async function runScenario(
  scenario: Scenario,
  options: PlaceOptions,
  observer: RunObserver,
  signal: AbortSignal,
): Promise<RunOutcome> {
  throwIfAborted(signal);
  const { result, warnings, notCleaned } = await atPlace({ ...options, signal }, scenario.timeoutMs, async (place) => {
    await observer.targetOpened(place.target);
    throwIfAborted(signal);
    const bench = await Bench.open(place, scenario);
    try {
      return await runTrials(scenario, bench, observer, signal);
    } finally {
      await bench.close();
    }
  });
  const error = result.error ?? notCleaned;
  return {
    ...result,
    warnings: [...warnings, ...notCleanedBeside(result.error, notCleaned), ...result.warnings],
    error,
  };
}

async function runTrials(
  scenario: Scenario,
  bench: Bench,
  observer: RunObserver,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const plans = planRun(scenario);
  const trials: TrialResult[] = [];
  const warnings: Warning[] = [];
  try {
    for (const [index, plan] of plans.entries()) {
      throwIfAborted(signal);
      const begin = (): Promise<TrialResult> => {
        observer.trialStarted({ index, count: plans.length, strategy: plan.strategy, round: plan.round });
        return bench.trial(scenario, plan, signal, observer);
      };
      const result = await begin().catch(async (error: unknown) => {
        if (!(error instanceof TrialLost) || !error.isRepeatable) throw error;
        if (error.partial !== undefined) trials.push(error.partial);
        throwIfAborted(signal);
        const repeated = await begin().catch((failure: unknown) => {
          throw notRepeated(error, failure);
        });
        warnings.push(repeatedWarning(plan, error));
        return repeated;
      });
      trials.push(result);
      observer.trialFinished(result);
      const next = plans[index + 1]?.strategy;
      if (scenario.order !== "staged" || next === undefined || next === plan.strategy) continue;
      const objection = observer.objectionTo?.(trials.filter(({ strategy }) => strategy === plan.strategy));
      if (objection === undefined) continue;
      const message = `stopped after ${plan.strategy}: ${objection}; ${next} and what comes after it were not begun`;
      warnings.push({ code: "stopped", message });
      break;
    }
    throwIfAborted(signal);
    return { trials, complete: true, warnings, error: undefined };
  } catch (error) {
    if (!(error instanceof QbenchError)) throw error;
    if (error instanceof TrialLost && error.partial !== undefined) {
      trials.push(error.partial);
      observer.trialFinished(error.partial);
    }
    return { trials, complete: false, warnings, error };
  }
}

const repeatedWarning = ({ strategy, round }: TrialPlan, { message }: TrialLost): Warning => ({
  code: "trial-repeated",
  message: `${strategy}, round ${round + 1}: ${message}; another took its place, and the trial was begun anew`,
});

/** Why a trial that lost an agent could not be begun anew; losing one again, or being interrupted, speaks for itself. */
function notRepeated(lost: TrialLost, failure: unknown): unknown {
  const isOther = !(failure instanceof QbenchError) || failure instanceof TrialLost;
  if (isOther || failure.kind !== "environment") return failure;
  return environmentError(`${lost.message}; it could not be begun anew: ${failure.message}`, failure.hint);
}
