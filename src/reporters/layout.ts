import type { ChalkInstance } from "chalk";
import { printable } from "../base/printable.js";
import type { Warning } from "../base/warning.js";

/** Lines of text for a terminal. */

/** What every table and paragraph fits into. */
export const WIDTH = 118;

/** Options of cli-table3: rules between rows, none between columns, since the figures need the room. */
export const RULED = {
  chars: {
    top: "─",
    "top-mid": "─",
    "top-left": "",
    "top-right": "",
    bottom: "─",
    "bottom-mid": "─",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "─",
    "mid-mid": "─",
    right: "",
    "right-mid": "",
    middle: "  ",
  },
  style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
};

/** Blocks of lines, an empty line between them; one line break at the end. */
export const sections = (blocks: readonly (readonly string[])[]): string =>
  `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;

/** Lines of a table of cli-table3. */
export const linesOf = (table: { toString(): string }): string[] =>
  table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());

/** Line by line: a colour must end where the cell's line ends. */
export const painted = (text: string, paint: (line: string) => string): string =>
  text
    .split("\n")
    .map((line) => paint(line))
    .join("\n");

/** Sentences, each wrapped. */
export const paragraphs = (texts: readonly string[], paint: (line: string) => string): string[] =>
  texts.flatMap((text) => wrapped(text).map((line) => paint(line)));

/** What every table ends with: warnings, what ended it early, and where the report was written. */
export const closingBlocks = (
  { warnings, error, writtenTo = [] }: Closed,
  chalk: ChalkInstance,
): readonly (readonly string[])[] => [
  labelled(
    warnings.map(({ message }) => ["warning", message]),
    chalk.yellow,
  ),
  labelled(error === undefined ? [] : [["error", error.message]], chalk.red),
  labelled(
    writtenTo.map((path) => ["report", path]),
    chalk.dim,
  ),
];

interface Closed {
  readonly warnings: readonly Pick<Warning, "message">[];
  readonly error?: { readonly message: string } | undefined;
  readonly writtenTo?: readonly string[] | undefined;
}

/** The lines of a cell that say something. */
export const stacked = (...parts: string[]): string => parts.filter((part) => part !== "").join("\n");

/** `label  text`, the text wrapped beside its label. Foreign text is made harmless here. */
export function labelled(
  pairs: readonly (readonly [string, string])[],
  paint: (text: string) => string = (text) => text,
): string[] {
  const width = Math.max(0, ...pairs.map(([label]) => label.length)) + 2;
  return pairs.flatMap(([label, text]) =>
    wrapped(printable(text, 2000), WIDTH - width).map((part, i) =>
      `${i === 0 ? paint(label) + " ".repeat(width - label.length) : " ".repeat(width)}${part}`.trimEnd(),
    ),
  );
}

/** Lines of at most `width` characters, broken between words; a longer word is cut. */
export function wrapped(text: string, width = WIDTH): string[] {
  const result: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((one) => one.match(new RegExp(`.{1,${width}}`, "gu")) ?? [""])) {
    if (line !== "" && line.length + 1 + word.length > width) {
      result.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...result, line];
}
