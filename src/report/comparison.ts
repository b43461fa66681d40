import type { Warning } from "../base/warning.js";
import { compareSamples, type Verdict } from "../stats/comparison.js";
import { type Difference, differencesOf } from "./differences.js";
import { type RunReport, SCHEMA_VERSION, type StrategyReport, type StrategySummary } from "./schema.js";
import { TOOL } from "./tool.js";

/**
 * Saved reports side by side. Their trials share no rounds, so throughputs are compared as independent samples (Welch's
 * t on the logarithms), each report with the first.
 */
export interface ComparisonReport {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly kind: "compare";
  readonly tool: typeof TOOL;
  readonly complete: boolean;
  readonly reports: readonly ReportReference[];
  readonly differences: readonly Difference[];
  readonly strategies: readonly {
    readonly name: string;
    /** One for each report; null where the strategy is not in it. */
    readonly columns: readonly (Column | null)[];
  }[];
  readonly warnings: readonly Warning[];
}

export interface ReportReference {
  readonly path: string;
  readonly startedAt: string;
  readonly complete: boolean;
  readonly scenario: string;
  readonly target: RunReport["target"];
}

export interface Column extends Pick<StrategySummary, "trials" | "tps" | "p95" | "p99" | "successRate" | "limiter"> {
  /** Against the same strategy in the first report. */
  readonly vsFirst?: {
    readonly tpsRatio: number | null;
    readonly low: number | null;
    readonly high: number | null;
    readonly verdict: Verdict;
    readonly generatorBound: boolean;
  };
}

export interface LoadedReport {
  readonly path: string;
  readonly report: RunReport;
}

export function buildComparison(loaded: readonly LoadedReport[]): ComparisonReport {
  const names = [...new Set(loaded.flatMap(({ report }) => report.strategies.map(({ name }) => name)))];
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: "compare",
    tool: TOOL,
    complete: loaded.every(({ report }) => report.complete),
    reports: loaded.map(({ path, report: { startedAt, complete, scenario, target } }) => {
      return { path, startedAt, complete, scenario: scenario.name, target };
    }),
    differences: differencesOf(loaded.map(({ report }) => report)),
    strategies: names.map((name) => {
      const found = loaded.map(({ report }) => report.strategies.find((strategy) => strategy.name === name));
      return { name, columns: found.map((strategy, i) => columnOf(strategy, i === 0 ? undefined : found[0])) };
    }),
    warnings: warningsOf(loaded),
  };
}

function columnOf(strategy: StrategyReport | undefined, first: StrategyReport | undefined): Column | null {
  if (strategy === undefined) return null;
  const { trials, tps, p95, p99, successRate, limiter } = strategy.summary;
  const figures = { trials, tps, p95, p99, successRate, limiter };
  return first === undefined ? figures : { ...figures, vsFirst: compare(strategy, first) };
}

function compare(strategy: StrategyReport, first: StrategyReport): NonNullable<Column["vsFirst"]> {
  const throughputs = ({ trials }: StrategyReport) => trials.map((trial) => (trial.complete ? trial.tps : null));
  const { ratio, low, high, verdict } = compareSamples(throughputs(strategy), throughputs(first), "higher-is-better");
  const generatorBound = [strategy, first].some(({ summary }) => summary.limiter === "generator");
  return { tpsRatio: ratio, low, high, verdict, generatorBound };
}

function warningsOf(loaded: readonly LoadedReport[]): Warning[] {
  const apart =
    "the reports were measured at different times: whatever changed on the machine in between is in these ratios; " +
    "strategies of one run, measured in turns, compare better";
  const incomplete = loaded.filter(({ report }) => !report.complete);
  return [
    { code: "measured-apart", message: apart },
    ...incomplete.map(({ path }) => ({ code: "incomplete", message: `${path}: that run did not come to its end` })),
  ];
}
