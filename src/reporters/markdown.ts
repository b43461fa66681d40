import { printable } from "../report/format.js";
import { nodesIn } from "../report/node-words.js";
import type { RunReport } from "../report/schema.js";
import { thresholdText } from "../report/thresholds.js";
import { admissionIn, answerOf, eventsIn, headerOf, partsIn, shardsIn, usersIn, warningsIn } from "../report/words.js";
import { anomalyTable, explainedIn, uncountedIn } from "./anomaly-table.js";
import { faultTable } from "./fault-table.js";
import { renderGateMarkdown } from "./gate-markdown.js";
import type { TextReporter } from "./reporter.js";
import { rowOf } from "./row.js";

/** For an article or a pull request (GitHub's tables). */
export const markdown: TextReporter = {
  name: "markdown",
  summary: "a table for an article or a pull request",
  endings: [".md"],
  render(report) {
    const blocks = [
      headerOf(report).map(([label, text]) => `- ${label}: ${escaped(text)}`),
      comparison(report),
      answerOf(report).map(escaped),
      (report.thresholds ?? []).map(
        (one) => `- ${one.failed ? "**fails**" : "within"}: ${escaped(thresholdText(one))}`,
      ),
      usersIn(report).map((line) => `- Users: ${escaped(line)}`),
      partsIn(report).map((line) => `- Mix: ${escaped(line)}`),
      nodesIn(report).map((line) => `- Primaries: ${escaped(line)}`),
      shardsIn(report).map((line) => `- Order: ${escaped(line)}`),
      admissionIn(report).map((line) => `- Admission: ${escaped(line)}`),
      anomalies(report),
      faults(report),
      uncountedIn(report).map((line) => `- Anomalies: ${escaped(line)}`),
      explainedIn(report).map((line) => `- Explained: ${escaped(line)}`),
      eventsIn(report).map((line) => `- Happened: ${escaped(line)}`),
      warningsIn(report).map(({ message }) => `- Warning: ${escaped(message)}`),
      report.error === undefined ? [] : [`Error: ${escaped(report.error.message)}`],
    ];
    return `${blocks
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join("\n"))
      .join("\n\n")}\n`;
  },
  renderGate: renderGateMarkdown,
};

/** Strategy × anomaly, where there is something to say. */
function anomalies(report: RunReport): string[] {
  const found = anomalyTable(report);
  if (found === null) return [];
  const row = (values: readonly string[]): string => `| ${values.map(escaped).join(" | ")} |`;
  return [
    row(["anomaly", ...found.heads]),
    `| --- |${found.heads.map(() => " ---: ").join("|")}|`,
    ...found.rows.map(({ kind, cells }) =>
      row([kind, ...cells.map(({ rate, interval }) => (interval === "" ? rate : `${rate} (${interval})`))]),
    ),
    "",
    ...found.legend.map(escaped),
  ];
}

/** Fault × strategy, where something was to go wrong. */
function faults(report: RunReport): string[] {
  const found = faultTable(report);
  if (found === null) return [];
  const row = (values: readonly string[]): string => `| ${values.map(escaped).join(" | ")} |`;
  const isFigure = (column: number): boolean => ![0, 1, 6].includes(column);
  return [
    row(found.heads),
    `|${found.heads.map((_, i) => (isFigure(i) ? " ---: " : " --- ")).join("|")}|`,
    ...found.rows.map(row),
    "",
    ...found.legend.map(escaped),
  ];
}

function comparison(report: RunReport): string[] {
  const baseline = report.strategies[0]?.name ?? "";
  const heads = [
    "strategy",
    "TPS",
    "interval",
    `against ${baseline}`,
    "95 % interval",
    "verdict",
    "success",
    "p50",
    "p95",
    "p99",
    "calls per entry",
    "round trips per entry",
    "limited by",
    "audit",
  ];
  const rows = report.strategies.map((strategy) => {
    const row = rowOf(strategy);
    return [
      row.name,
      row.tps,
      row.tpsRange,
      row.ratio,
      row.ratioRange,
      row.note === "" ? row.verdict : `${row.verdict}, ${row.note}`,
      row.dropped === "" ? row.success : `${row.success}, ${row.dropped}`,
      row.p50,
      row.p95,
      row.p99,
      row.calls,
      row.roundTrips,
      row.limiterShare === "" ? row.limiter : `${row.limiter} (${row.limiterShare})`,
      row.audit,
    ];
  });
  const isFigure = (column: number): boolean => [1, 2, 3, 4, 6, 7, 8, 9, 10, 11].includes(column);
  const line = (values: readonly string[]): string => `| ${values.map(escaped).join(" | ")} |`;
  return [line(heads), `|${heads.map((_, i) => (isFigure(i) ? " ---: " : " --- ")).join("|")}|`, ...rows.map(line)];
}

/** Foreign text as text: no markup, no HTML, no new cell or line. */
export const escaped = (text: string): string => printable(text, 2000).replace(/[\\|`*_<>[\]#&~]/g, "\\$&");
