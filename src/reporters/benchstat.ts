import { type FigureName, figureNamed } from "../report/figures.js";
import type { GateReport } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";
import type { Reporter } from "./reporter.js";
import { seriesOf } from "./series.js";

/**
 * Go's benchmark format, for benchstat: a line a trial, `BenchmarkName  entries  value unit …`. The sides of a gate are
 * told by the key `side`: `benchstat -col side FILE`. What is exact is declared so: benchstat asks for no statistics then.
 */
const UNITS: readonly (readonly [unit: string, figure: FigureName, factor: number])[] = [
  // benchstat reads ns and writes what suits.
  ["p50-ns", "p50", 1000],
  ["p99-ns", "p99", 1000],
  ["entries/s", "tps", 1],
  ["commands/entry", "executedPerEntry", 1],
  ["calls/entry", "callsPerEntry", 1],
  ["trips/entry", "roundTripsPerEntry", 1],
];

export const benchstat: Reporter = {
  name: "benchstat",
  summary: "Go's benchmark format, a line a trial, for benchstat",
  endings: [".bench.txt"],
  render,
  renderGate: render,
};

function render(report: RunReport | GateReport): string {
  const { environment } = report;
  const units = UNITS.map(([unit, figure]) => {
    const { direction, isExact } = figureNamed(figure);
    const better = direction === "higher-is-better" ? "higher" : "lower";
    return `Unit ${unit} better=${better}${isExact ? " assume=exact" : ""}`;
  });
  const lines = seriesOf(report).flatMap(({ strategy, side, trials }) => [
    ...(side === undefined ? [] : [`side: ${side}`]),
    ...trials.map((trial) => {
      const values = UNITS.flatMap(([unit, figure, factor]) => {
        const value = figureNamed(figure).ofTrial(trial);
        return value === null ? [] : [`${plain(value * factor)} ${unit}`];
      });
      return [`BenchmarkEnter/strategy=${word(strategy)}`, trial.entries.attempted, ...values].join(" ");
    }),
  ]);
  const config = [
    `pkg: qbench`,
    `cpu: ${word(environment.machine.cpuModel, " ")}`,
    `server: ${word(environment.redis.server)}-${word(environment.redis.version)}`,
  ];
  return `${[...config, ...units, "", ...lines].join("\n")}\n`;
}

/** No exponent of ten, and no more digits than mean something. */
const plain = (value: number): string => String(Number(value.toPrecision(12)));

/** Fields are split at blanks, and lines must stay lines. */
const word = (text: string, allowed = ""): string =>
  text.replace(new RegExp(`[^\\w.@()/${allowed}-]+`, "g"), "_").slice(0, 200) || "_";
