import { EXIT, QbenchError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { reporterFor } from "../reporters/index.js";
import { renderKind } from "../reporters/kinds.js";
import type { Rendered, RenderOptions, Reporter } from "../reporters/reporter.js";
import type { CommandResult } from "./command.js";
import { failureText } from "./failure.js";
import { prepared } from "./rendering.js";
import { writeWhole } from "./report-file.js";

type Failure = QbenchError | undefined;

interface Written {
  readonly writtenTo: readonly string[];
  /** What ended the run, or else why a file that could be rendered could not be written. */
  readonly error: Failure;
}

interface Finished<Report> {
  readonly report: Report;
  /** What ended the command before its time. */
  readonly failure: Failure;
  readonly renderTable: (report: Report, options: { color: boolean; writtenTo: readonly string[] }) => string;
  /** What is left to say where nothing failed. */
  readonly exitCode?: number;
}

/** Writes the report of another command than `run` and `gate`, tells a failure, and gives the table, or the JSON, for stdout. */
export async function finish<Report extends { readonly kind: string }>(
  { report, failure, renderTable, exitCode = EXIT.ok }: Finished<Report>,
  { outputs, json, color }: { outputs: readonly string[]; json: boolean; color: boolean },
): Promise<CommandResult> {
  const { writtenTo, error } = await writeOutputs(report, outputs, failure);
  const text = json ? JSON.stringify(report, null, 2) : renderTable(report, { color, writtenTo });
  if (failure !== undefined) console.error(failureText(failure));
  return { exitCode: error?.exitCode ?? exitCode, text: text.trimEnd() };
}

/** Writes the report of another command than `run` to each path, in the format that its name's ending asks for; see `writeEach`. */
const writeOutputs = (report: { readonly kind: string }, paths: readonly string[], error: Failure): Promise<Written> =>
  writeEach(paths, error, async (reporter, options, path) => {
    const rendered = await renderKind({ path, kind: report.kind, value: report }, reporter.name, options);
    return rendered ?? "";
  });

/**
 * Writes all that can be written, and tells what cannot: a run that was cut short may leave nothing to draw, and neither that nor
 * a full disk takes the other files, the result or what ended the run (`error`) with it.
 */
export async function writeEach(
  paths: readonly string[],
  error: Failure,
  render: (reporter: Reporter, options: RenderOptions, path: string) => Rendered | Promise<Rendered>,
): Promise<Written> {
  const writtenTo: string[] = [];
  let failed: Failure;
  for (const path of paths) {
    try {
      const reporter = reporterFor(path);
      await writeWhole(path, await render(reporter, prepared(reporter, { color: false }), path));
      writtenTo.push(path);
    } catch (reason) {
      if (!(reason instanceof QbenchError)) throw reason;
      if (reason.kind === "usage") {
        console.error(`qbench: warning: ${printable(path, 300)} was not written: ${reason.message}`);
      } else {
        console.error(failureText(reason));
        failed ??= reason;
      }
    }
  }
  return { writtenTo, error: error ?? failed };
}
