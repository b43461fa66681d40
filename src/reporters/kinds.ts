import type { z } from "zod";
import { usageError } from "../base/errors.js";
import { doctorReportSchema } from "../report/doctor.js";
import { printable } from "../report/format.js";
import { microReportSchema } from "../report/micro.js";
import { bodyOf, type ReportDocument } from "../report/read.js";
import { selftestReportSchema } from "../report/selftest.js";
import { renderDoctor } from "./doctor-text.js";
import { json } from "./json.js";
import { renderMicroTable } from "./micro-table.js";
import { renderSelftest } from "./selftest-text.js";
import { table } from "./table.js";

type Options = { readonly color: boolean };
/** A report of another command than `run`, checked: as it is, and as a person reads it. */
interface Rendering {
  readonly report: object;
  table(options: Options): string;
}
type Kind = (document: ReportDocument) => Rendering | undefined;

function kind<Report extends object>(
  schema: z.ZodType<Report>,
  render: (report: Report, options: Options) => string,
): Kind {
  return (document) => {
    const report = bodyOf<Report>(document, schema);
    return report && { report, table: (options) => render(report, options) };
  };
}

/** By the command that makes it. A new one is a line here. */
const KINDS = new Map<string, Kind>([
  ["micro", kind(microReportSchema, renderMicroTable)],
  ["doctor", kind(doctorReportSchema, renderDoctor)],
  ["selftest", kind(selftestReportSchema, renderSelftest)],
]);

/** Formats that such a report can be rendered in; the others are tables of trials, which it has not got. */
const FORMATS: readonly string[] = [table.name, json.name];

/**
 * Renders a report of another command than `run`.
 * @returns undefined if there is nothing here for its kind
 * @throws QbenchError (usage) if it is not valid, or the format is not for it
 */
export function renderKind(document: ReportDocument, format: string, options: Options): string | undefined {
  const rendering = KINDS.get(document.kind)?.(document);
  if (rendering === undefined) return undefined;
  if (!FORMATS.includes(format)) {
    throw usageError(
      `${printable(document.path, 300)} is a report of qbench ${document.kind}, which has no ${format} form`,
      `formats are ${FORMATS.join(", ")}`,
    );
  }
  return format === json.name ? `${JSON.stringify(rendering.report, null, 2)}\n` : rendering.table(options);
}
