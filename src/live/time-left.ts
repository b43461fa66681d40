import { formatDuration } from "../base/units.js";
import { plural } from "../report/format.js";

/** How long a run still takes, by what its finished trials took; before there is one, by the plan. */
export interface Advance {
  readonly finishedTrials: number;
  readonly trials: number;
  /** Of all finished trials together. */
  readonly finishedMs: number;
  /** Of the trial that goes on. */
  readonly runningMs: number;
  /** Warm-up and measured time of one trial; null where the plan counts entries. */
  readonly plannedTrialMs: number | null;
}

/** Null where nothing tells. */
export function leftMs({ finishedTrials, trials, finishedMs, runningMs, plannedTrialMs }: Advance): number | null {
  const trialMs = finishedTrials > 0 ? finishedMs / finishedTrials : plannedTrialMs;
  return trialMs === null ? null : Math.max(0, trialMs * (trials - finishedTrials) - Math.min(runningMs, trialMs));
}

/** "2 of 20 trials, about 54s left" */
export function advanceText(finishedTrials: number, trials: number, left: number | null): string {
  const done = `${finishedTrials} of ${plural(trials, "trial")}`;
  return left === null ? done : `${done}, about ${formatDuration(1000 * Math.ceil(left / 1000))} left`;
}
