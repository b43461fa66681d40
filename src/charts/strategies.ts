import { printable } from "../base/printable.js";
import type { RunReport, StrategyReport, TrialReport } from "../report/schema.js";
import { nth, type Theme } from "./theme.js";

/** What charts have in common: which strategies they draw, under which name and colour. */

/** More than these nobody can tell apart, and no run has them. */
const MOST_STRATEGIES = 16;
const LONGEST_NAME = 24;

export interface Drawn {
  readonly strategy: StrategyReport;
  /** Fit to be shown. */
  readonly name: string;
  readonly color: string;
  /** Its place in the report: line and mark follow from it. */
  readonly index: number;
  readonly isGeneratorBound: boolean;
}

export const NOTHING_MEASURED = "no trial came to its end, so there is nothing to draw";

/** The strategies of a report that have something to show. */
export function drawnOf(report: RunReport, theme: Theme): Drawn[] {
  return report.strategies
    .slice(0, MOST_STRATEGIES)
    .map((strategy, index) => ({
      strategy,
      name: foreign(strategy.name),
      color: nth(theme.series, index),
      index,
      isGeneratorBound: strategy.summary.limiter === "generator",
    }))
    .filter(({ strategy: { summary } }) => summary.trials > 0 && summary.tps !== null);
}

/**
 * Text from outside, fit for ECharts: its caches use texts as keys of plain objects, so `__proto__` or `constructor` by
 * itself would change what every object of the process has.
 */
export function foreign(text: string, longest = LONGEST_NAME): string {
  const shown = printable(text, longest);
  return shown in {} ? `${shown} ` : shown;
}

/** Korean fonts have no micro sign. */
export const withGreekMu = (text: string): string => text.replaceAll("\u00b5", "\u03bc");

export const completeTrials = ({ trials }: StrategyReport): TrialReport[] => trials.filter((trial) => trial.complete);

/** Hatching for what the load generator decided: such a bar may not pass for a figure of Redis's. */
export const hatching = ({ background }: Theme): object => ({
  symbol: "rect",
  dashArrayX: [1, 0],
  dashArrayY: [3, 5],
  rotation: -Math.PI / 4,
  color: `${background}66`,
});

/** The height of a chart whose rows each need room. */
export const heightFor = (rows: number, rowPx: number, leastPx = 420): number => Math.max(leastPx, 190 + rows * rowPx);
