import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { CHARTS, chartNamed } from "../charts/index.js";
import { LANGS } from "../charts/labels.js";
import { THEME_NAMES } from "../charts/theme.js";
import { gateReportIn } from "../report/gate.js";
import { type ReportDocument, readDocument, runReportIn } from "../report/read.js";
import { REPORTER_NAMES, REPORTERS, reporterFor, reporterNamed } from "../reporters/index.js";
import { FORMATS_BY_KIND, renderKind } from "../reporters/kinds.js";
import { type RenderOptions, type Reporter, renderGateReport } from "../reporters/reporter.js";
import { table } from "../reporters/table.js";
import type { CommandResult } from "./command.js";
import { completing } from "./completing.js";
import { colorWanted } from "./options.js";
import { checkOutputs } from "./outputs.js";
import { prepared } from "./rendering.js";
import { writeWhole } from "./report-file.js";

export interface ReportOptions extends Pick<RenderOptions, "chart" | "lang" | "theme" | "strategy"> {
  /** One of `REPORTER_NAMES`; without it the output's ending decides, without that it is a table. */
  readonly format?: string | undefined;
  /** Written there instead of to stdout. */
  readonly output?: string | undefined;
  readonly color: boolean;
}

const EPILOG = `
Charts, of svg and png:
${CHARTS.map(({ name, summary }) => `  ${name.padEnd(24)} ${summary}`).join("\n")}

Formats:
${REPORTERS.map(({ name, summary }) => `  ${name.padEnd(24)} ${summary}`).join("\n")}

Of which there are, by the command that made the report:
${[...FORMATS_BY_KIND].map(([kind, formats]) => `  ${kind.padEnd(24)} ${kind === "run" ? "all" : formats.join(", ")}`).join("\n")}`;

export function configure(command: Command): void {
  command.argument("<report...>", "a report that --output FILE.json wrote; --chart crossover takes several");
  const format = `${REPORTER_NAMES.join(", ")} (default: by the ending of --output, else table)`;
  command.addOption(completing(new Option("--format <NAME>", format), () => REPORTER_NAMES));
  command.option("--output <PATH>", "write it there instead of to stdout");
  const chart = "the chart to draw (default: tps; of a sweep: heatmap; of a roadmap: roadmap)";
  command.addOption(completing(new Option("--chart <NAME>", chart), () => CHARTS.map(({ name }) => name)));
  command.addOption(new Option("--lang <LANG>", "language of a chart (default: en)").choices([...LANGS]));
  command.addOption(new Option("--theme <THEME>", "colours of a chart (default: light)").choices([...THEME_NAMES]));
  command.option("--strategy <NAME>", "only this strategy, for hlog and hgrm");
  command.option("--no-color", "no colours");
  command.addHelpText("after", EPILOG);
}

export async function execute(command: Command): Promise<CommandResult> {
  const options = command.opts<ReportOptions>();
  const color = colorWanted(options.color, process.env, process.stdout.isTTY === true);
  return { exitCode: EXIT.ok, text: await runReport(command.args, { ...options, color }) };
}

/** Renders a saved report. @returns what goes to stdout. @throws QbenchError */
export async function runReport(paths: readonly string[], options: ReportOptions): Promise<string> {
  const { format, output, color, ...rest } = options;
  const named = format === undefined ? undefined : reporterNamed(format);
  // A format that was named does not depend on the ending.
  const endings = named === undefined ? REPORTERS.flatMap((reporter) => reporter.endings) : [""];
  if (output !== undefined) checkOutputs([output], endings);
  if (rest.chart !== undefined) chartNamed(rest.chart);
  const reporter: Reporter = named ?? (output === undefined ? table : reporterFor(output));
  const several = paths.length > 1 ? { others: [] } : {};
  const given = prepared(reporter, { ...rest, ...several, color: color && output === undefined });
  const rendered = await render(paths, reporter, given);
  if (output !== undefined) {
    await writeWhole(output, rendered);
    return "";
  }
  if (typeof rendered === "string") return rendered.trimEnd();
  throw usageError(`${reporter.name} goes to a file`, `--output FILE${reporter.endings[0]}`);
}

async function render(paths: readonly string[], reporter: Reporter, options: RenderOptions) {
  const documents: ReportDocument[] = [];
  for (const path of paths) documents.push(await readDocument(path));
  const [first, ...others] = documents as [ReportDocument, ...ReportDocument[]];
  if (first.kind === "gate") return renderGateReport(reporter, gateReportIn(first), options);
  const rendered = await renderKind(first, reporter.name, options);
  if (rendered === undefined) {
    return reporter.render(runReportIn(first), { ...options, others: others.map(runReportIn) });
  }
  if (others.length > 0) {
    throw usageError(`a report of qbench ${printable(first.kind, 20)} is drawn alone`, "give one report");
  }
  return rendered;
}
