import { Chalk, type ChalkInstance } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import { agentsIn } from "../report/agent-words.js";
import { percentText } from "../report/format.js";
import { nodesIn } from "../report/node-words.js";
import { readingIn } from "../report/reading-words.js";
import type { RunReport, StrategyReport } from "../report/schema.js";
import { type ThresholdResult, thresholdText } from "../report/thresholds.js";
import { admissionIn, answerOf, eventsIn, headerOf, partsIn, shardsIn, usersIn, warningsIn } from "../report/words.js";
import { anomalyTable, explainedIn, uncountedIn } from "./anomaly-table.js";
import { faultTable } from "./fault-table.js";
import { renderGateTable } from "./gate-table.js";
import { closingBlocks, labelled, linesOf, painted, paragraphs, RULED, sections, stacked, wrapped } from "./layout.js";
import type { TextReporter } from "./reporter.js";
import { rowOf } from "./row.js";

const LONGEST_NAME = 30;
/** Longer names go on in the next line: the figures need the room. */
const NAME_WIDTH = 15;

/** What people see at the end of a run. */
export const table: TextReporter = {
  name: "table",
  summary: "what a terminal shows at the end of a run",
  endings: [".txt"],
  render(report, { color, writtenTo = [] }) {
    const chalk = new Chalk({ level: color ? 1 : 0 });
    return sections([
      labelled(headerOf(report), chalk.dim),
      comparison(report, chalk),
      paragraphs(legend(report), chalk.dim),
      answerOf(report).flatMap((line) => wrapped(printable(line, 2000)).map((part) => chalk.bold(part))),
      anomalies(report, chalk),
      faults(report, chalk),
      thresholdLines(report.thresholds ?? [], chalk),
      labelled(
        usersIn(report).map((line) => ["users", line]),
        chalk.dim,
      ),
      labelled(
        partsIn(report).map((line) => ["mix", line]),
        chalk.dim,
      ),
      labelled(
        nodesIn(report).map((line) => ["primaries", line]),
        chalk.dim,
      ),
      labelled(
        shardsIn(report).map((line) => ["order", line]),
        chalk.dim,
      ),
      labelled(
        readingIn(report).map((line) => ["polls", line]),
        chalk.dim,
      ),
      labelled(
        admissionIn(report).map((line) => ["admission", line]),
        chalk.dim,
      ),
      labelled(
        agentsIn(report).map((line) => ["agents", line]),
        chalk.dim,
      ),
      labelled(
        uncountedIn(report).map((line) => ["anomalies", line]),
        chalk.yellow,
      ),
      labelled(
        explainedIn(report).map((line) => ["explained", line]),
        chalk.dim,
      ),
      labelled(
        eventsIn(report).map((line) => ["happened", line]),
        chalk.yellow,
      ),
      ...closingBlocks({ warnings: warningsIn(report), error: report.error, writtenTo }, chalk),
    ]);
  },
  renderGate: renderGateTable,
};

/** What `--fail-if` asked for; what was crossed stands out. */
export const thresholdLines = (results: readonly ThresholdResult[], chalk: ChalkInstance): string[] =>
  results.flatMap((one) =>
    labelled([[one.failed ? "fails" : "within", thresholdText(one)]], one.failed ? chalk.red : chalk.green),
  );

function comparison(report: RunReport, chalk: ChalkInstance): string[] {
  const baseline = nameLines(report.strategies[0]?.name ?? "").join("\n");
  const heads = [
    "strategy",
    "TPS",
    `against\n${baseline}`,
    "success",
    "p50",
    "p95",
    "p99",
    "per entry",
    "limited by",
    "audit",
  ];
  const grid = new Table({
    head: heads.map((head) => painted(head, chalk.bold)),
    ...RULED,
    colAligns: ["left", "right", "left", "right", "right", "right", "right", "left", "left", "left"],
  });
  for (const strategy of report.strategies) grid.push(cells(strategy, chalk));
  return linesOf(grid);
}

function cells(strategy: StrategyReport, chalk: ChalkInstance): string[] {
  const row = rowOf(strategy);
  const { summary } = strategy;
  const paint = {
    faster: chalk.green,
    slower: chalk.red,
    "no-difference": plain,
    "too-few-rounds": chalk.dim,
    "not-comparable": chalk.yellow,
  }[summary.vsBaseline?.verdict ?? "no-difference"];
  // What the generator decided is no success of the strategy's.
  const paintVerdict = summary.vsBaseline?.generatorBound ? chalk.yellow : paint;
  const caution = (text: string, isBad: boolean): string => (isBad ? chalk.yellow(text) : text);
  const range = row.ratioRange === "" ? "" : ` (${row.ratioRange})`;
  const audit = summary.audit.brokenPromises.length > 0 ? chalk.red : summary.audit.ok ? plain : chalk.yellow;
  return [
    painted(nameLines(row.name).join("\n"), chalk.bold),
    stacked(row.tps, chalk.dim(row.tpsRange)),
    stacked(`${row.ratio}${chalk.dim(range)}`, paintVerdict(row.verdict), paintVerdict(row.note)),
    stacked(
      caution(row.success, summary.successRate !== null && summary.successRate < 1),
      ...row.dropped.split(/ (?=dropped)/).map((part) => caution(part, true)),
    ),
    row.p50,
    row.p95,
    row.p99,
    stacked(
      `${row.calls} ${row.calls === "1" ? "call" : "calls"}`,
      `${row.roundTrips} ${row.roundTrips === "1" ? "trip" : "trips"}`,
    ),
    stacked(caution(row.limiter, summary.limiter === "generator"), chalk.dim(row.limiterShare)),
    stacked(...row.audit.split(" ").map((word) => audit(word))),
  ];
}

/** Strategy × anomaly, where there is something to say. */
function anomalies(report: RunReport, chalk: ChalkInstance): string[] {
  const found = anomalyTable(report);
  if (found === null) return [];
  const grid = new Table({
    head: ["anomaly", ...found.heads.map((name) => nameLines(name).join("\n"))].map((head) =>
      painted(head, chalk.bold),
    ),
    ...RULED,
  });
  const paint = {
    kept: chalk.green,
    broken: chalk.red,
    expected: chalk.yellow,
    absent: plain,
    "not-exercised": chalk.dim,
  };
  for (const { kind, cells } of found.rows) {
    const texts = cells.map(({ rate, interval, promise }) => stacked(paint[promise](rate), chalk.dim(interval)));
    grid.push([chalk.bold(kind), ...texts]);
  }
  return [...linesOf(grid), "", ...paragraphs(found.legend, chalk.dim)];
}

/** Fault × strategy, where something was to go wrong. */
function faults(report: RunReport, chalk: ChalkInstance): string[] {
  const found = faultTable(report);
  if (found === null) return [];
  const grid = new Table({
    head: found.heads.map((head) => painted(head.replace(/[ ,]+/g, "\n"), chalk.bold)),
    ...RULED,
    colAligns: ["left", "left", "right", "right", "right", "right", "left", "right", "right"],
  });
  const texts = [...new Set(found.rows.map(([fault = ""]) => fault))];
  for (const text of texts) {
    const blocks = found.rows
      .filter(([fault]) => fault === text)
      .map(([, ...cells]) => levelled(cells.map(faultLines)));
    const columns = Array.from({ length: found.heads.length - 1 }, (_, i) => blocks.map((block) => block[i] ?? ""));
    grid.push([printable(text, LONGEST_NAME).replace(":", "\n:"), ...columns.map((cells) => cells.join("\n"))]);
  }
  return [...linesOf(grid), "", ...paragraphs(found.legend, chalk.dim)];
}

const FAILED_COLUMN = 5;

/** Kinds of failures and what stands in brackets have lines of their own; names are broken. */
function faultLines(cell: string, column: number): string[] {
  if (column === 0) return nameLines(cell);
  return printable(cell, 200).split(column === FAILED_COLUMN ? ", " : / (?=\()/);
}

/** Cells of as many lines each, so that what stands below begins in one line. */
function levelled(cells: readonly (readonly string[])[]): string[] {
  const height = Math.max(...cells.map((lines) => lines.length));
  return cells.map((lines) => [...lines, ...Array<string>(height - lines.length).fill("")].join("\n"));
}

/** A mix of strategies is broken between them, any other name where the line is full. */
const nameLines = (name: string): string[] =>
  printable(name, LONGEST_NAME)
    .split(/(?<=\+)/)
    .flatMap((part) => part.match(new RegExp(`.{1,${NAME_WIDTH}}`, "gu")) ?? []);

const plain = (text: string): string => text;

/** What the columns mean. */
function legend({ strategies }: RunReport): string[] {
  const summary = strategies.find((one) => one.summary.trials > 0)?.summary;
  if (summary?.tps === undefined || summary.tps === null) return [];
  const coverage =
    summary.trials < 2
      ? ""
      : `, below it the interval that holds the true one (${percentText(summary.tps.coverage)} sure)`;
  const latency =
    summary.latency === "response"
      ? "from the planned start to the answer"
      : "from ready to enter to answered, a wait for a connection included";
  return [
    `TPS: succeeded entries a second, median of the trials${coverage}`,
    `against: mean ratio of the rounds and its 95 % interval; per entry: ${callsIn(strategies)}, round trips`,
    `p50, p95, p99: medians of the trials' percentiles, ${latency}`,
  ];
}

/** Whose count they are. */
function callsIn(strategies: RunReport["strategies"]): string {
  const sent = strategies.filter(({ trials }) =>
    trials.some(({ complete, server }) => complete && server.callsCountedBy === "generator"),
  );
  if (sent.length === 0) return "calls that the server counted";
  if (sent.length === strategies.length) return "calls that the generator sent";
  const names = sent.map(({ name }) => printable(name, LONGEST_NAME)).join(", ");
  return `calls that the server counted (of ${names}: that the generator sent)`;
}
