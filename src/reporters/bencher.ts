import { printable } from "../base/printable.js";
import type { FigureName } from "../report/figures.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";
import type { Reporter } from "./reporter.js";
import { type Point, pointOf, seriesOf } from "./series.js";

/**
 * Bencher Metric Format: benchmark → measure → { value, lower_value, upper_value }. `throughput` (operations a second)
 * and `latency` (nanoseconds) are measures that every project of Bencher has; the others are created by their names.
 */
const MEASURES: readonly (readonly [measure: string, figure: FigureName, factor: number])[] = [
  ["throughput", "tps", 1],
  ["latency", "p50", 1000],
  ["latency-p95", "p95", 1000],
  ["latency-p99", "p99", 1000],
  ["success-rate", "successRate", 1],
  ["executed-per-entry", "executedPerEntry", 1],
  ["calls-per-entry", "callsPerEntry", 1],
  ["round-trips-per-entry", "roundTripsPerEntry", 1],
];
const LONGEST_NAME = 1024;

export const bencher: Reporter = {
  name: "bencher",
  summary: "Bencher Metric Format, for bencher.dev's json adapter",
  endings: [".bmf.json"],
  render,
  renderGate: render,
};

function render(report: RunReport | GateReport): string {
  const benchmarks = seriesOf(report).map((series) => {
    const measures = MEASURES.flatMap(([measure, figure, factor]) => {
      const point = pointOf(series, figure);
      return point === undefined ? [] : [[measure, metric(point, factor)]];
    });
    return [printable(series.name, LONGEST_NAME), Object.fromEntries(measures)];
  });
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}

const metric = ({ value, low, high }: Point, factor: number) => ({
  value: value * factor,
  lower_value: low * factor,
  upper_value: high * factor,
});
