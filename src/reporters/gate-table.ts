import { Chalk, type ChalkInstance } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import type { GateReport } from "../report/gate.js";
import { type GateRow, gateAnswerOf, gateHeaderOf, gateRowsOf } from "../report/gate-words.js";
import { closingBlocks, labelled, linesOf, RULED, sections, wrapped } from "./layout.js";
import type { RenderOptions } from "./reporter.js";
import { thresholdLines } from "./table.js";

const LONGEST_NAME = 40;

/** What people see at the end of a gate. */
export function renderGateTable(report: GateReport, { color, writtenTo = [] }: RenderOptions): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const { timed, exact } = gateRowsOf(report);
  const paint = { pass: chalk.green, fail: chalk.red, inconclusive: chalk.yellow }[report.verdict ?? "inconclusive"];
  return sections([
    labelled(gateHeaderOf(report), chalk.dim),
    exact.length === 0 ? [] : grid(["exact, per entry", "base", "candidate", "", "verdict"], exact, chalk),
    timed.length === 0
      ? []
      : grid(["timed", "base", "candidate", "worse by (98.75 % bounds)", "verdict"], timed, chalk),
    labelled(
      timed.map(({ name, detail }) => [printable(name, LONGEST_NAME), detail]),
      chalk.dim,
    ),
    wrapped(printable(gateAnswerOf(report), 2000)).map((line) => chalk.bold(paint(line))),
    thresholdLines(report.thresholds, chalk),
    // The answer tells of the error already.
    ...closingBlocks({ warnings: report.warnings, writtenTo }, chalk),
  ]);
}

function grid(heads: readonly string[], rows: readonly GateRow[], chalk: ChalkInstance): string[] {
  const table = new Table({
    head: heads.map((head) => chalk.bold(head)),
    ...RULED,
    chars: { ...RULED.chars, mid: "", "mid-mid": "" },
    colAligns: ["left", "right", "right", "left", "left"],
  });
  const painted: Readonly<Record<string, (text: string) => string>> = {
    pass: chalk.green,
    fail: chalk.red,
    inconclusive: chalk.yellow,
  };
  for (const { name, base, candidate, change, verdict } of rows) {
    table.push([printable(name, LONGEST_NAME), base, candidate, change, (painted[verdict] ?? String)(verdict)]);
  }
  return linesOf(table);
}
