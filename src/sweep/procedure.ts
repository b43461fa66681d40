import { environmentError, QbenchError, throwIfAborted } from "../base/errors.js";
import { type FigureName, figureNamed } from "../report/figures.js";
import type { TrialReport } from "../report/schema.js";
import { median } from "../stats/median.js";
import { firstWave, keyOf, type Point, planWave, type SweepPlan, type SweepTrial } from "./plan.js";
import { nextWave } from "./refine.js";

/**
 * A sweep from its first trial to its last:
 *
 *   all points, or the ends and the middle of each axis ──► rounds over all their cells ──► nothing left: done
 *                                        ▲                                │
 *                                        └──── points in between ◄────────┘
 */

/** A trial that has been measured, and where. */
export interface SweepResult extends Pick<SweepTrial, "wave" | "round" | "point" | "strategy"> {
  readonly trial: TrialReport;
}

export interface SweepOutcome {
  /** In the order in which they ran. */
  readonly results: readonly SweepResult[];
  readonly error: QbenchError | undefined;
}

export interface SweepObserver {
  trialStarted(trial: SweepTrial, index: number, count: number): void;
  /** Only of what was measured now. */
  trialFinished(result: SweepResult): void;
}

/** @throws QbenchError */
export type Measure = (trial: SweepTrial) => Promise<TrialReport>;

/** `known`: what an earlier, interrupted sweep of this very plan has measured. It is not measured again. */
export async function runSweep(
  plan: SweepPlan,
  known: readonly SweepResult[],
  measure: Measure,
  observer: SweepObserver,
  signal: AbortSignal,
): Promise<SweepOutcome> {
  const results: SweepResult[] = [];
  const knownTrials = new Map(known.map((result) => [idOf(result), result]));
  const points: Point[] = [];
  const { direction } = figureNamed(plan.figure);
  try {
    let next = firstWave(plan);
    for (let wave = 0; next.length > 0; wave++) {
      points.push(...next);
      const trials = planWave(plan, wave, next);
      const before = results.length;
      for (const [index, trial] of trials.entries()) {
        throwIfAborted(signal);
        const earlier = knownTrials.get(idOf(trial));
        if (earlier === undefined) observer.trialStarted(trial, before + index, before + trials.length);
        const result = earlier ?? (await measured(trial, measure, signal));
        results.push(result);
        if (earlier === undefined) observer.trialFinished(result);
      }
      const figure = (point: Point, strategy: string): number | null =>
        figureOver(plan.figure, trialsAt(results, point, strategy));
      next = nextWave(plan, points, figure, direction === "higher-is-better");
    }
    throwIfAborted(signal);
    return { results, error: undefined };
  } catch (error) {
    if (!(error instanceof QbenchError)) throw error;
    return { results, error };
  }
}

const idOf = ({ wave, round, point, strategy }: Pick<SweepTrial, "wave" | "round" | "point" | "strategy">): string =>
  [wave, round, keyOf(point), strategy].join(" ");

async function measured(trial: SweepTrial, measure: Measure, signal: AbortSignal): Promise<SweepResult> {
  const report = await measure(trial);
  throwIfAborted(signal);
  if (report.serverRestarted) {
    throw environmentError("the server restarted during a trial", "a sweep needs a server that stays");
  }
  const { wave, round, point, strategy } = trial;
  return { wave, round, point, strategy, trial: report };
}

export const trialsAt = (results: readonly SweepResult[], point: Point, strategy: string): SweepResult[] =>
  results.filter((result) => result.strategy === strategy && keyOf(result.point) === keyOf(point));

/** Median over the trials; null where none tells. */
function figureOver(name: FigureName, results: readonly SweepResult[]): number | null {
  const figure = figureNamed(name);
  const values = results.map(({ trial }) => figure.ofTrial(trial)).filter((value) => value !== null);
  return values.length === 0 ? null : median(values);
}
