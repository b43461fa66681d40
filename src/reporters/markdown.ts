import { agentsIn } from "../report/agent-words.js";
import { nodesIn } from "../report/node-words.js";
import { readingIn } from "../report/reading-words.js";
import type { RunReport } from "../report/schema.js";
import { thresholdText } from "../report/thresholds.js";
import { admissionIn, answerOf, eventsIn, headerOf, partsIn, shardsIn, usersIn, warningsIn } from "../report/words.js";
import { anomalyTable, explainedIn, uncountedIn } from "./anomaly-table.js";
import { faultTable } from "./fault-table.js";
import { renderGateMarkdown } from "./gate-markdown.js";
import { closingList, documentOf, escaped, listOf, tableOf } from "./markdown-blocks.js";
import type { TextReporter } from "./reporter.js";
import { rowOf } from "./row.js";

/** For an article or a pull request (GitHub's tables). */
export const markdown: TextReporter = {
  name: "markdown",
  summary: "a table for an article or a pull request",
  endings: [".md"],
  render(report) {
    return documentOf([
      listOf(headerOf(report)),
      comparison(report),
      answerOf(report).map(escaped),
      (report.thresholds ?? []).map(
        (one) => `- ${one.failed ? "**fails**" : "within"}: ${escaped(thresholdText(one))}`,
      ),
      listOf(usersIn(report).map((line) => ["Users", line])),
      listOf(partsIn(report).map((line) => ["Mix", line])),
      listOf(nodesIn(report).map((line) => ["Primaries", line])),
      listOf(shardsIn(report).map((line) => ["Order", line])),
      listOf(readingIn(report).map((line) => ["Polls", line])),
      listOf(admissionIn(report).map((line) => ["Admission", line])),
      listOf(agentsIn(report).map((line) => ["Agents", line])),
      anomalies(report),
      faults(report),
      listOf(uncountedIn(report).map((line) => ["Anomalies", line])),
      listOf(explainedIn(report).map((line) => ["Explained", line])),
      listOf(eventsIn(report).map((line) => ["Happened", line])),
      ...closingList({ warnings: warningsIn(report), error: report.error }),
    ]);
  },
  renderGate: renderGateMarkdown,
};

/** Strategy × anomaly, where there is something to say. */
function anomalies(report: RunReport): string[] {
  const found = anomalyTable(report);
  if (found === null) return [];
  const rows = found.rows.map(({ kind, cells }) => [
    kind,
    ...cells.map(({ rate, interval }) => (interval === "" ? rate : `${rate} (${interval})`)),
  ]);
  return [...tableOf(["anomaly", ...found.heads], rows, (column) => column > 0), "", ...found.legend.map(escaped)];
}

/** Fault × strategy, where something was to go wrong. */
function faults(report: RunReport): string[] {
  const found = faultTable(report);
  if (found === null) return [];
  const isFigure = (column: number): boolean => ![0, 1, 6].includes(column);
  return [...tableOf(found.heads, found.rows, isFigure), "", ...found.legend.map(escaped)];
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
  return tableOf(heads, rows, isFigure);
}
