import { usageError } from "../base/errors.js";
import { REPORTERS } from "../reporters/index.js";
import type { FormatOption, RenderOptions, Reporter } from "../reporters/reporter.js";
import { findFont } from "./fonts.js";

/**
 * All that the reporter needs beside the report, looked for before anything is measured or read.
 * @throws QbenchError where an option is not for this format, or the machine lacks a font
 */
export function prepared(reporter: Reporter, options: RenderOptions): RenderOptions {
  for (const option of Object.keys(FLAGS) as FormatOption[]) {
    if (options[option] === undefined || reporter.takes?.includes(option)) continue;
    const names = REPORTERS.filter(({ takes }) => takes?.includes(option)).map(({ name }) => name);
    throw usageError(
      `${FLAGS[option]} is not for format ${reporter.name}`,
      `formats that take it: ${names.join(", ")}`,
    );
  }
  return reporter.needsFont ? { ...options, font: findFont() } : options;
}

const FLAGS: Readonly<Record<FormatOption, string>> = {
  chart: "--chart",
  lang: "--lang",
  theme: "--theme",
  others: "more than one report",
  strategy: "--strategy",
};
