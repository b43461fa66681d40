import { printable } from "../base/printable.js";
import type { FigureName, Unit } from "../report/figures.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";
import type { Reporter } from "./reporter.js";
import { BIGGER_IS_BETTER, pointOf, SMALLER_IS_BETTER, seriesOf } from "./series.js";

/**
 * For benchmark-action/github-action-benchmark: a list of { name, unit, value, range, extra }. Its tools
 * `customBiggerIsBetter` and `customSmallerIsBetter` take one direction a file, so there are two formats.
 */
const UNITS: Readonly<Record<Unit, string>> = {
  us: "µs",
  share: "share",
  count: "count",
  "per entry": "per entry",
  "per second": "entries/s",
  "bytes per entry": "bytes per entry",
};

const render =
  (figures: readonly FigureName[]) =>
  (report: RunReport | GateReport): string => {
    const entries = seriesOf(report).flatMap((series) =>
      figures.flatMap((name) => {
        const point = pointOf(series, name);
        if (point === undefined) return [];
        const { figure, value, low, high, trials } = point;
        return {
          name: printable(`${series.name}: ${name}`),
          unit: UNITS[figure.unit],
          value,
          range: `${low} to ${high}`,
          extra: `${figure.help}; median of ${trials} ${trials === 1 ? "trial" : "trials"}`,
        };
      }),
    );
    return `${JSON.stringify(entries, null, 2)}\n`;
  };

const reporter = (direction: "bigger" | "smaller", figures: readonly FigureName[]): Reporter => ({
  name: `benchmark-action-${direction}`,
  summary: `github-action-benchmark's custom${direction === "bigger" ? "Bigger" : "Smaller"}IsBetter: ${figures.slice(0, 3).join(", ")}, …`,
  endings: [`.${direction}.json`],
  render: render(figures),
  renderGate: render(figures),
});

export const benchmarkActionBigger = reporter("bigger", BIGGER_IS_BETTER);
export const benchmarkActionSmaller = reporter("smaller", SMALLER_IS_BETTER);
