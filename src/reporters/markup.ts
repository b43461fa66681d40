import { printable } from "../base/printable.js";

/** HTML in which only what is written in the code is markup; everything else that is put in is text. */

export interface Markup {
  readonly markup: string;
}

/** A report's longest message is shorter. */
const LONGEST_TEXT = 4000;

/** Values become text, escaped; pieces made by `html` stay as they are, lists of them follow one another. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: strings.reduce((all, string, i) => `${all}${piece(values[i - 1])}${string}`) };
}

type Value = string | number | Markup | undefined | readonly (Markup | undefined)[];

function piece(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escaped(String(value));
  return "markup" in value ? value.markup : value.map(piece).join("");
}

export const escaped = (text: string): string =>
  printable(text, LONGEST_TEXT).replace(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);

/** For a script or style element: text that has been made fit for it. */
export const raw = (markup: string): Markup => ({ markup });

/** A value as JSON that can stand in a script element. */
export const asJson = (value: unknown): Markup => raw(JSON.stringify(value).replaceAll("<", "\\u003c"));
