import { printable } from "../base/printable.js";
import type { Warning } from "../base/warning.js";

/** What all reports in Markdown are made of (GitHub's tables). */

/** Foreign text as text: no markup, no HTML, no new cell or line. */
export const escaped = (text: string): string => printable(text, 2000).replace(/[\\|`*_<>[\]#&~]/g, "\\$&");

/** Blocks of lines, an empty line between them; those without lines are left out. */
export const joined = (blocks: readonly (readonly string[])[]): string =>
  blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");

/** The same as a whole document. */
export const documentOf = (blocks: readonly (readonly string[])[]): string => `${joined(blocks)}\n`;

export const tableRow = (cells: readonly string[]): string => `| ${cells.map(escaped).join(" | ")} |`;

/** No lines without rows. Figures stand on the right. */
export function tableOf(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  isFigure: (column: number) => boolean = () => false,
): string[] {
  if (rows.length === 0) return [];
  const rule = heads.map((_, column) => (isFigure(column) ? " ---: " : " --- "));
  return [tableRow(heads), `|${rule.join("|")}|`, ...rows.map(tableRow)];
}

/** "- what: words", for each. */
export const listOf = (pairs: readonly (readonly [string, string])[]): string[] =>
  pairs.map(([what, words]) => `- ${escaped(what)}: ${escaped(words)}`);

/** What every report ends with: its warnings, and what ended it early. */
export const closingList = ({ warnings, error }: Closed): string[][] => [
  warnings.map(({ message }) => `- Warning: ${escaped(message)}`),
  error === undefined ? [] : [`Error: ${escaped(error.message)}`],
];

interface Closed {
  readonly warnings: readonly Pick<Warning, "message">[];
  readonly error?: { readonly message: string } | undefined;
}
