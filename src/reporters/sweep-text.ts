import { Chalk } from "chalk";
import Table from "cli-table3";
import { printable } from "../base/printable.js";
import { figureText, percentText, shortText, spanText } from "../report/format.js";
import { nodesAtPoints } from "../report/node-words.js";
import { readingAtPoints } from "../report/reading-words.js";
import type { SweepCell, SweepPoint, SweepReport } from "../report/sweep.js";
import {
  againstText,
  crossoverText,
  figureIn,
  kneeText,
  leadText,
  limitOf,
  sweepHeaderOf,
} from "../report/sweep-words.js";
import { csvCell } from "./csv.js";
import { closingBlocks, labelled, linesOf, paragraphs, RULED, sections, stacked } from "./layout.js";
import { closingList, documentOf, listOf, tableOf } from "./markdown-blocks.js";

/** A report of `qbench sweep` as people read it, and as a spreadsheet does. */

type Options = { readonly color: boolean; readonly writtenTo?: readonly string[] | undefined };

const NONE = "–";
/** The rest is in the report. */
const MOST_FINDINGS = 40;

export function renderSweepTable(report: SweepReport, { color, writtenTo = [] }: Options): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const { axes, strategies } = report.sweep;
  const table = new Table({
    head: [...axes.map(({ flag }) => flag), ...strategies, "leads"].map((head) => chalk.bold(printable(head, 24))),
    ...RULED,
  });
  for (const point of report.points) {
    table.push([
      ...axes.map(({ flag }) => printable(point.values[flag] ?? "", 24)),
      ...point.strategies.map((cell) => {
        const [first, ...rest] = cellLines(report, cell);
        const leads = point.lead?.strategy === cell.name;
        return stacked(leads ? chalk.green(first) : (first ?? NONE), ...rest.map((line) => chalk.dim(line)));
      }),
      printable(leadText(point), 60),
    ]);
  }
  const findings = (title: string, lines: readonly string[]): string[] =>
    told(lines).flatMap((line, i) => labelled([[i === 0 ? title : " ".repeat(title.length), line]], chalk.dim));
  return sections([
    labelled(
      [...(report.complete ? [] : [["cut short", "only whole trials are counted"] as const]), ...sweepHeaderOf(report)],
      chalk.dim,
    ),
    report.points.length === 0 ? [] : linesOf(table),
    paragraphs(legend(report), chalk.dim),
    findings(
      "best",
      report.knees.map((knee) => kneeText(report, knee)),
    ),
    findings(
      "crossover",
      report.crossovers.map((one) => crossoverText(report, one)),
    ),
    findings("primaries", nodesAtPoints(report)),
    findings("polls", readingAtPoints(report)),
    ...closingBlocks({ ...report, writtenTo }, chalk),
  ]);
}

/** The figure, the interval that holds the true one, how it compares with the first cell, and what limited it. */
function cellLines(report: SweepReport, cell: SweepCell): string[] {
  const { figure } = cell.summary;
  if (figure === null) return [NONE];
  const { unit } = figureIn(report);
  const text = (value: number): string => (unit === "per second" ? shortText(value) : figureText(value, unit));
  return [
    figureText(figure.median, unit),
    spanText(figure, text),
    againstText(cell.vsFirst).replace(/,.*/, ""),
    limitOf(cell).replace("limited by ", ""),
  ];
}

function legend({ sweep, points }: SweepReport): string[] {
  const coverages = points.flatMap(({ strategies }) => strategies.map(({ summary }) => summary.figure?.coverage ?? 0));
  const surest = Math.max(0, ...coverages);
  const interval = surest > 0 ? ` the interval that holds the true one (${percentText(surest)} sure);` : "";
  return [
    `each cell: ${sweep.figure}, median of the trials;${interval} ratio to the same strategy at the first ` +
      "value of every axis, and its 95 % interval; what limited it",
    "leads: the best strategy; two where no difference between them is certain",
  ];
}

const told = (lines: readonly string[]): string[] =>
  lines.length <= MOST_FINDINGS
    ? [...lines]
    : [...lines.slice(0, MOST_FINDINGS), `and ${lines.length - MOST_FINDINGS} more, in the report`];

export function renderSweepMarkdown(report: SweepReport): string {
  const { axes, strategies } = report.sweep;
  const heads = [...axes.map(({ flag }) => flag), ...strategies, "leads"];
  const { unit } = figureIn(report);
  return documentOf([
    listOf(sweepHeaderOf(report)),
    tableOf(
      heads,
      report.points.map((point) => [
        ...axes.map(({ flag }) => point.values[flag] ?? ""),
        ...point.strategies.map(({ summary: { figure, limiter } }) =>
          figure === null ? NONE : `${figureText(figure.median, unit)}${limiter === "generator" ? " (generator)" : ""}`,
        ),
        leadText(point),
      ]),
      (column) => column < heads.length - 1,
    ),
    listOf(told(report.knees.map((knee) => kneeText(report, knee))).map((text) => ["Best", text])),
    listOf(told(report.crossovers.map((one) => crossoverText(report, one))).map((text) => ["Crossover", text])),
    listOf(told(nodesAtPoints(report)).map((text) => ["Primaries", text])),
    listOf(told(readingAtPoints(report)).map((text) => ["Polls", text])),
    ...closingList(report),
  ]);
}

type Trial = SweepCell["trials"][number];
type Value = string | number | boolean | null;

const latencyOf = ({ latency }: Trial) => latency.response ?? latency.entry;

const COLUMNS: readonly (readonly [string, (trial: Trial, cell: SweepCell, point: SweepPoint) => Value])[] = [
  ["strategy", (_, cell) => cell.name],
  ["wave", (_trial, _cell, point) => point.wave],
  ["round", (trial) => trial.round],
  ["order", (trial) => trial.order],
  ["attempted", (trial) => trial.entries.attempted],
  ["succeeded", (trial) => trial.entries.succeeded],
  ["failed", (trial) => trial.entries.failed],
  ["dropped", (trial) => trial.entries.dropped],
  ["tps", (trial) => trial.tps],
  ["success_rate", (trial) => trial.successRate],
  ["p50_us", (trial) => latencyOf(trial).p50],
  ["p95_us", (trial) => latencyOf(trial).p95],
  ["p99_us", (trial) => latencyOf(trial).p99],
  ["p999_us", (trial) => latencyOf(trial).p999],
  ["max_us", (trial) => latencyOf(trial).max],
  ["calls_per_entry", (trial) => trial.server.callsPerEntry],
  ["round_trips_per_entry", (trial) => trial.roundTripsPerEntry],
  ["server_cpu_utilization", (trial) => trial.server.cpuUtilization],
  ["generator_cpu_utilization", (trial) => trial.generator.cpuUtilization],
  ["limiter", (trial) => trial.limiter],
  ["audit_ok", (trial) => trial.audit.ok],
];

/** A line for each trial: the axes first. */
export function renderSweepCsv({ sweep, points }: SweepReport): string {
  const flags = sweep.axes.map(({ flag }) => flag);
  const heads = [...flags.map((flag) => `axis_${flag.replaceAll("-", "_")}`), ...COLUMNS.map(([name]) => name)];
  const lines = points.flatMap((point) =>
    point.strategies.flatMap((cell) =>
      cell.trials.map((trial) => [
        ...flags.map((flag) => point.values[flag] ?? ""),
        ...COLUMNS.map(([, value]) => value(trial, cell, point)),
      ]),
    ),
  );
  return `${[heads, ...lines].map((cells) => cells.map(csvCell).join(",")).join("\n")}\n`;
}
