import { reporterFor } from "../reporters/index.js";
import { renderKind } from "../reporters/kinds.js";
import { prepared } from "./rendering.js";
import { writeWhole } from "./report-file.js";

/**
 * Writes the report of another command than `run` to each path, in the format that its name's ending asks for.
 * @throws QbenchError (environment)
 */
export async function writeOutputs(report: { readonly kind: string }, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const reporter = reporterFor(path);
    const options = prepared(reporter, { color: false });
    const rendered = await renderKind({ path, kind: report.kind, value: report }, reporter.name, options);
    await writeWhole(path, rendered ?? "");
  }
}
