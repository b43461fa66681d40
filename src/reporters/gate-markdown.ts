import type { GateReport } from "../report/gate.js";
import { type GateRow, gateAnswerOf, gateHeaderOf, gateRowsOf } from "../report/gate-words.js";
import { thresholdText } from "../report/thresholds.js";
import { escaped, joined, listOf, tableRow } from "./markdown-blocks.js";

const MARKS: Readonly<Record<string, string>> = { pass: "✅", fail: "❌", inconclusive: "❔" };
/** A comment on GitHub takes 65,536 characters; a step's summary more. */
const LONGEST = 60_000;
const MOST_LINES = 50;

/** A gate as a step's summary or a comment on a pull request. It begins with a mark by which its comment is found again. */
export function renderGateMarkdown(report: GateReport): string {
  const { timed, exact } = gateRowsOf(report);
  const blocks = [
    ["<!-- qbench gate -->", `### ${MARKS[report.verdict ?? ""] ?? "⚠️"} qbench: ${escaped(gateAnswerOf(report))}`],
    table(["timed", "base", "candidate", "worse by (98.75 % bounds)", "verdict"], timed),
    table(["exact", "base", "candidate", "", "verdict"], exact),
    capped(report.thresholds.map((one) => `- ${one.failed ? "**fails**" : "within"}: ${escaped(thresholdText(one))}`)),
    capped(report.warnings.map(({ message }) => `- Warning: ${escaped(message)}`)),
    [
      "<details><summary>How it was measured</summary>",
      "",
      ...listOf(gateHeaderOf(report)),
      ...capped(listOf(timed.map(({ name, detail }) => [name, detail]))),
      "",
      "</details>",
    ],
  ];
  const text = joined(blocks);
  return `${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}\n`;
}

function table(heads: readonly string[], rows: readonly GateRow[]): string[] {
  if (rows.length === 0) return [];
  const body = rows.map(({ name, base, candidate, change, verdict }) =>
    tableRow([name, base, candidate, change, `${MARKS[verdict] ?? ""} ${verdict}`.trim()]),
  );
  return [tableRow(heads), "| --- | ---: | ---: | --- | --- |", ...capped(body)];
}

function capped(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more`];
}
