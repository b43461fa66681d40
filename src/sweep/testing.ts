import { trialReport } from "../report/builder.js";
import { buildSweepReport, type SweepReport } from "../report/sweep.js";
import { ENVIRONMENT, SCENARIO, TARGET, trialOf } from "../report/testing.js";
import { parseAxes } from "./axis.js";
import { gridOf, type Point, type SweepPlan, type SweepTrial } from "./plan.js";
import { type Measure, runSweep, type SweepResult } from "./procedure.js";

/** For tests: sweeps without a server. */

export function planOf(axes: readonly string[], change: Partial<SweepPlan> = {}): SweepPlan {
  const parsed = parseAxes(axes).axes;
  const strategies = change.strategies ?? ["individual", "lua"];
  return {
    axes: parsed,
    strategies,
    figure: "tps",
    trials: 5,
    maxCells: gridOf(parsed).length * strategies.length,
    seed: 7,
    scenario: { ...SCENARIO, strategies },
    ...change,
  };
}

/** The numbers at a point. */
export const numbersAt = (plan: SweepPlan, point: Point): number[] =>
  plan.axes.map((axis, i) => axis.values[point[i] as number]?.number ?? 0);

/** Trials of so many entries a second, with a wobble of one per cent that differs from trial to trial. */
export const measureBy =
  (plan: SweepPlan, tpsAt: (strategy: string, numbers: readonly number[]) => number): Measure =>
  async ({ strategy, point, round, seed }: SweepTrial) => {
    const numbers = numbersAt(plan, point);
    const wobble = 1 + 0.01 * Math.sin(13 * round + 7 * numbers.reduce((sum, one) => sum + one, strategy.length));
    return trialReport({ ...trialOf(strategy, round, { tps: Math.round(tpsAt(strategy, numbers) * wobble) }), seed });
  };

export const SILENT = { trialStarted() {}, trialFinished() {} };
export const NEVER: AbortSignal = new AbortController().signal;

export const reportOn = (plan: SweepPlan, results: readonly SweepResult[]): SweepReport =>
  buildSweepReport({
    plan,
    target: TARGET,
    environment: ENVIRONMENT,
    results,
    resumed: 0,
    startedAt: new Date("2026-03-01T12:00:00Z"),
    durationMs: 60_000,
    warnings: [],
  });

export async function sweepReportOf(
  plan: SweepPlan,
  tpsAt: (strategy: string, numbers: readonly number[]) => number,
): Promise<SweepReport> {
  const { results } = await runSweep(plan, [], measureBy(plan, tpsAt), SILENT, NEVER);
  return reportOn(plan, results);
}
