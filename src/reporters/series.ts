import { type Figure, type FigureName, figureNamed } from "../report/figures.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport, TrialReport } from "../report/schema.js";
import { medianInterval } from "../stats/median.js";

/** What charts and histories are made of: one figure of one strategy, or of one side of a gate, over its trials. */
export interface Series {
  /** "lua", or "lua, candidate". */
  readonly name: string;
  readonly strategy: string;
  readonly side: "base" | "candidate" | undefined;
  readonly trials: readonly TrialReport[];
}

/** Figures worth a history, by what is better. */
export const BIGGER_IS_BETTER: readonly FigureName[] = ["tps", "successRate"];
export const SMALLER_IS_BETTER: readonly FigureName[] = [
  "executedPerEntry",
  "callsPerEntry",
  "roundTripsPerEntry",
  "p50",
  "p95",
  "p99",
  "serverCpuUsPerEntry",
];

/** Complete trials only; what has none is left out. */
export function seriesOf(report: RunReport | GateReport): Series[] {
  const all: Series[] =
    report.kind === "run"
      ? report.strategies.map(({ name, trials }) => ({ name, strategy: name, side: undefined, trials }))
      : report.gate.cases.flatMap(({ name }) =>
          (["base", "candidate"] as const).map((side) => ({
            name: `${name}, ${side}`,
            strategy: name,
            side,
            trials: report.pairs.filter((pair) => pair.case === name).map((pair) => pair[side]),
          })),
        );
  return all
    .map((series) => ({ ...series, trials: series.trials.filter((trial) => trial.complete) }))
    .filter(({ trials }) => trials.length > 0);
}

export interface Point {
  readonly figure: Figure;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly trials: number;
}

/** The median over the trials, with its interval; undefined where no trial tells. */
export function pointOf({ trials }: Series, name: FigureName): Point | undefined {
  const figure = figureNamed(name);
  const values = trials.map((trial) => figure.ofTrial(trial)).filter((value) => value !== null);
  if (values.length === 0) return undefined;
  const { median, low, high } = medianInterval(values);
  return { figure, value: median, low, high, trials: values.length };
}
