import { environmentError, QbenchError, throwIfAborted } from "../base/errors.js";
import type { TrialReport } from "../report/schema.js";
import { type PredictPlan, type PredictStep, planPredict } from "./plan.js";

/** The trials that a prediction is made from and held against, one after another. */

export interface PredictTrial extends Pick<PredictStep, "strategy" | "round" | "setting" | "cell"> {
  readonly trial: TrialReport;
}

export interface PredictOutcome {
  /** In the order in which they ran. */
  readonly trials: readonly PredictTrial[];
  readonly complete: boolean;
  /** What ended it early. */
  readonly error: QbenchError | undefined;
}

/** @throws QbenchError */
export type Measure = (step: PredictStep) => Promise<TrialReport>;

/** @throws QbenchError if nothing could be measured; later, what went wrong is in the outcome. */
export async function runPredict(
  plan: PredictPlan,
  measure: Measure,
  stepStarted: (step: PredictStep, index: number, count: number) => void,
  signal: AbortSignal,
): Promise<PredictOutcome> {
  const trials: PredictTrial[] = [];
  try {
    const steps = planPredict(plan);
    for (const [index, step] of steps.entries()) {
      throwIfAborted(signal);
      stepStarted(step, index, steps.length);
      const trial = await measure(step);
      throwIfAborted(signal);
      if (trial.serverRestarted) {
        throw environmentError("the server restarted during a trial", "a prediction needs a server that stays");
      }
      const { strategy, round, setting, cell } = step;
      trials.push({ strategy, round, setting, cell, trial });
    }
    return { trials, complete: true, error: undefined };
  } catch (error) {
    if (!(error instanceof QbenchError) || (trials.length === 0 && error.kind !== "interrupted")) throw error;
    return { trials, complete: false, error };
  }
}
