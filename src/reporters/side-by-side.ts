import { Chalk, type ChalkInstance } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import type { Column, ComparisonReport } from "../report/comparison.js";
import { latencyText, percentText, rangeText, rateText, ratioText, shortText } from "../report/format.js";
import { verdictText } from "../report/words.js";
import { closingBlocks, labelled, linesOf, RULED, sections, stacked } from "./layout.js";

/** As many columns as fit; more reports make more tables, the first report in each. */
const REPORTS_A_TABLE = 4;
const LONGEST_NAME = 15;

/** Saved reports beside each other, for a terminal: strategies as rows, reports as columns. */
export function renderSideBySide(comparison: ComparisonReport, { color }: { readonly color: boolean }): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const { reports, differences } = comparison;
  const others = reports.map((_, i) => i).slice(1);
  const tables = Array.from({ length: Math.ceil(others.length / (REPORTS_A_TABLE - 1)) }, (_, i) =>
    grid(comparison, [0, ...others.slice(i * (REPORTS_A_TABLE - 1), (i + 1) * (REPORTS_A_TABLE - 1))], chalk),
  );
  return sections([
    labelled(
      reports.map((report, i) => [`#${i + 1}`, referenceText(report)]),
      chalk.dim,
    ),
    labelled(
      differences.map(({ kind, field, values }) => [
        kind === "environment" ? "unlike" : "differs",
        `${field}: ${values.map((value, i) => `${value} (#${i + 1})`).join(", ")}`,
      ]),
      chalk.yellow,
    ),
    ...tables,
    ...closingBlocks(comparison, chalk),
  ]);
}

function referenceText({ path, startedAt, scenario, target, complete }: ComparisonReport["reports"][number]): string {
  const cut = complete ? "" : ", not complete";
  return `${path}: ${scenario}, ${target.kind} ${target.server} ${target.version}, ${startedAt.slice(0, 16)}Z${cut}`;
}

function grid({ strategies }: ComparisonReport, shown: readonly number[], chalk: ChalkInstance): string[] {
  const table = new Table({
    head: ["strategy", ...shown.map((i) => (i === 0 ? "#1: TPS" : `#${i + 1}: TPS, against #1`))].map((head) =>
      chalk.bold(head),
    ),
    ...RULED,
  });
  for (const { name, columns } of strategies) {
    const cells = shown.map((i) => cell(columns[i] ?? null, chalk));
    table.push([chalk.bold(printable(name, LONGEST_NAME)), ...cells]);
  }
  return linesOf(table);
}

function cell(column: Column | null, chalk: ChalkInstance): string {
  if (column === null) return "not in it";
  const { tps, p95, successRate, limiter, vsFirst } = column;
  if (tps === null) return "no complete trial";
  const range = column.trials < 2 ? "" : chalk.dim(` (${shortText(tps.low)}–${shortText(tps.high)})`);
  const latency = p95 === null ? "" : `p95 ${latencyText(p95.median)}`;
  const success = successRate === null || successRate === 1 ? "" : chalk.yellow(`${percentText(successRate)} success`);
  return stacked(
    `${rateText(tps.median)}${range}`,
    latency,
    success,
    limiter === "generator" ? chalk.yellow("generator-bound") : "",
    ...(vsFirst === undefined ? [] : against(vsFirst, chalk)),
  );
}

function against(versus: NonNullable<Column["vsFirst"]>, chalk: ChalkInstance): string[] {
  if (versus.tpsRatio === null) return [verdictText("not-comparable")];
  const range =
    versus.low === null || versus.high === null ? "" : chalk.dim(` (${rangeText(versus.low, versus.high)})`);
  const paint = {
    faster: chalk.green,
    slower: chalk.red,
    "no-difference": (text: string) => text,
    "too-few-rounds": chalk.dim,
    "not-comparable": chalk.yellow,
  }[versus.verdict];
  const words = verdictText(versus.verdict).replace("rounds", "trials");
  const verdict = versus.generatorBound ? chalk.yellow(`${words}, generator-bound`) : paint(words);
  return [`${ratioText(versus.tpsRatio)}${range}`, verdict];
}
