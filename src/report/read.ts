import { open } from "node:fs/promises";
import type { z } from "zod";
import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { whyUnreadable } from "../base/unreadable.js";
import { failureReportSchema, REPORT_KINDS, type RunReport, runReportSchema, SCHEMA_VERSION } from "./schema.js";

/** A report is some hundred kB; whatever is larger than this is something else. */
const LARGEST_BYTES = 64 << 20;
/** Mistakes told of one file. */
const MOST_MISTAKES = 5;

/** Documents that commands print and that hold no measurements. */
const UNMEASURED: Readonly<Record<string, string>> = {
  plan: "is the plan that --dry-run printed, in which nothing was measured",
  list: "is what qbench list prints",
  explain: "is what qbench explain prints",
  trend: "is what qbench trend makes of reports",
};

/** A saved document of this schema version; its body is still to be checked. */
export interface ReportDocument {
  readonly path: string;
  /** The command that made it. */
  readonly kind: string;
  readonly value: object;
}

/**
 * Reads a saved report of a run. What the file holds is not trusted: its size, form and every field are checked.
 * Fields of later versions of the same schema are kept.
 * @throws QbenchError (usage) that names the file and what is wrong with it.
 */
export const readRunReport = async (path: string): Promise<RunReport> => runReportIn(await readDocument(path));

/** The same for a value that has been parsed already; `path` is for the message. */
export const checkRunReport = (value: unknown, path: string): RunReport => runReportIn(checkDocument(value, path));

/** @throws QbenchError (usage) if the file holds no document of this version. */
export async function readDocument(path: string): Promise<ReportDocument> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notAReport(path, `is no JSON: ${printable((error as Error).message)}`);
  }
  return checkDocument(value, path);
}

function checkDocument(value: unknown, path: string): ReportDocument {
  if (typeof value !== "object" || value === null || !("schemaVersion" in value)) {
    throw notAReport(path, "is no qbench report: it has no schemaVersion");
  }
  if (value.schemaVersion !== SCHEMA_VERSION) {
    const version = printable(JSON.stringify(value.schemaVersion) ?? "undefined", 20);
    throw usageError(
      `${shown(path)} has schemaVersion ${version}; this qbench reads version ${SCHEMA_VERSION}`,
      "use the version of qbench that wrote it, or a newer one",
    );
  }
  return { path, kind: "kind" in value && typeof value.kind === "string" ? value.kind : "", value };
}

/** @throws QbenchError (usage) if the document is another command's. */
export function runReportIn(document: ReportDocument): RunReport {
  const { path, kind } = document;
  const report = bodyOf<RunReport>(document, runReportSchema);
  if (report !== undefined) return report;
  const what = UNMEASURED[kind] ?? `is a report of qbench ${printable(kind, 20)}`;
  throw usageError(`${shown(path)} ${what}; expected a report of qbench run`);
}

/**
 * The document as a report of the schema's kind, or undefined if it is another kind's.
 * @throws QbenchError (usage) if it is of that kind and not valid, or holds a failure alone.
 */
export function bodyOf<Report>({ path, kind, value }: ReportDocument, schema: z.ZodType): Report | undefined {
  const result = schema.safeParse(value);
  // Not result.data: that is without the fields that this version does not know.
  if (result.success) return value as Report;
  const failure = failureReportSchema.safeParse(value);
  if (failure.success) {
    const message = printable(failure.data.error.message, 300);
    throw usageError(`${shown(path)} holds no results, only the failure of its run: ${message}`, "run it again");
  }
  const isOtherKind = result.error.issues.some((issue) => issue.path.length === 1 && issue.path[0] === "kind");
  const isKnown = REPORT_KINDS.some((known) => known === kind) || kind in UNMEASURED;
  if (isOtherKind && isKnown) return undefined;
  if (isOtherKind && kind !== "") {
    throw usageError(
      `${shown(path)} is a document of kind "${printable(kind, 40)}", and no report`,
      `reports are made by qbench ${REPORT_KINDS.join(", ")}`,
    );
  }
  throw notAReport(path, `is no valid report:\n${mistakes(result.error)}`);
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > LARGEST_BYTES) throw notAReport(path, `is too large for a report (${size} bytes)`);
      // A pipe or device tells no size: never read more than a report can be.
      const buffer = Buffer.alloc(size > 0 ? size + 1 : LARGEST_BYTES + 1);
      let length = 0;
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = (await file.read(buffer, length, buffer.length - length)).bytesRead;
      }
      if (length > LARGEST_BYTES) throw notAReport(path, "is too large for a report");
      return buffer.toString("utf8", 0, length);
    } finally {
      await file.close();
    }
  } catch (error) {
    const why = whyUnreadable(error);
    if (why === undefined) throw error;
    throw usageError(`cannot read ${shown(path)}: ${why}`, "give the path of a report that --output wrote");
  }
}

const shown = (path: string): string => printable(path, 300);

const notAReport = (path: string, what: string) =>
  usageError(`${shown(path)} ${what}`, "give a report that --output FILE.json wrote");

/** The first few, each with its place: `strategies[0].trials[2].tps: expected number, received string`. */
function mistakes({ issues }: z.ZodError): string {
  const lines = issues
    .slice(0, MOST_MISTAKES)
    .map(({ path, message }) => `  ${place(path)}: ${printable(message, 200)}`);
  const more = issues.length - lines.length;
  return [...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}

const place = (path: readonly PropertyKey[]): string =>
  printable(
    path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}${String(part)}`)).join(""),
  );
