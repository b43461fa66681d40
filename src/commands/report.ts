import type { Command } from "commander";
import { EXIT } from "../base/errors.js";
import { type ReportDocument, readDocument, runReportIn } from "../report/read.js";
import { REPORTER_NAMES, REPORTERS, reporterFor, reporterNamed } from "../reporters/index.js";
import { renderKind } from "../reporters/kinds.js";
import type { Reporter } from "../reporters/reporter.js";
import { table } from "../reporters/table.js";
import type { CommandResult } from "./command.js";
import { colorWanted } from "./options.js";
import { checkOutputs } from "./outputs.js";
import { writeWhole } from "./report-file.js";

export interface ReportOptions {
  /** One of `REPORTER_NAMES`; without it the output's ending decides, without that it is a table. */
  readonly format?: string | undefined;
  /** Written there instead of to stdout. */
  readonly output?: string | undefined;
  readonly color: boolean;
}

export function configure(command: Command): void {
  command.argument("<report>", "a report that --output FILE.json wrote");
  command.option("--format <NAME>", `${REPORTER_NAMES.join(", ")} (default: by the ending of --output, else table)`);
  command.option("--output <PATH>", "write it there instead of to stdout");
  command.option("--no-color", "no colours");
}

export async function execute(command: Command): Promise<CommandResult> {
  const { format, output, color } = command.opts<{ format?: string; output?: string; color: boolean }>();
  const isColored = colorWanted(color, process.env, process.stdout.isTTY === true);
  return { exitCode: EXIT.ok, text: await runReport(command.args[0] ?? "", { format, output, color: isColored }) };
}

/** Renders a saved report. @returns what goes to stdout. @throws QbenchError */
export async function runReport(path: string, { format, output, color }: ReportOptions): Promise<string> {
  const named = format === undefined ? undefined : reporterNamed(format);
  // A format that was named does not depend on the ending.
  const endings = named === undefined ? REPORTERS.flatMap((reporter) => reporter.endings) : [""];
  if (output !== undefined) checkOutputs([output], endings);
  const document = await readDocument(path);
  const reporter = named ?? (output === undefined ? table : reporterFor(output));
  const text = render(document, reporter, output === undefined && color);
  if (output === undefined) return text.trimEnd();
  await writeWhole(output, text);
  return "";
}

const render = (document: ReportDocument, reporter: Reporter, color: boolean): string =>
  renderKind(document, reporter.name, { color }) ?? reporter.render(runReportIn(document), { color });
