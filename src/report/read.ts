import { open } from "node:fs/promises";
import type { z } from "zod";
import { usageError } from "../base/errors.js";
import { printable } from "./format.js";
import { failureReportSchema, REPORT_KINDS, type RunReport, runReportSchema, SCHEMA_VERSION } from "./schema.js";

/** A report is some hundred kB; whatever is larger than this is something else. */
const LARGEST_BYTES = 64 << 20;
/** Mistakes told of one file. */
const MOST_MISTAKES = 5;

/**
 * Reads a saved report of a run. What the file holds is not trusted: its size, form and every field are checked.
 * Fields of later versions of the same schema are kept.
 * @throws QbenchError (usage) that names the file and what is wrong with it.
 */
export async function readRunReport(path: string): Promise<RunReport> {
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notAReport(path, `is no JSON: ${printable((error as Error).message)}`);
  }
  return checkRunReport(value, path);
}

/** The same for a value that has been parsed already; `path` is for the message. */
export function checkRunReport(value: unknown, path: string): RunReport {
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
  const failure = failureReportSchema.safeParse(value);
  if (failure.success && !("strategies" in value)) {
    const message = printable(failure.data.error.message, 300);
    throw usageError(`${shown(path)} holds no results, only the failure of its run: ${message}`, "run it again");
  }
  const kind = "kind" in value ? value.kind : undefined;
  if (kind !== "run" && REPORT_KINDS.some((known) => known === kind)) {
    throw usageError(`${shown(path)} is a report of qbench ${kind}; expected one of qbench run`);
  }
  const result = runReportSchema.safeParse(value);
  if (!result.success) throw notAReport(path, `is no valid report:\n${mistakes(result.error)}`);
  // Not result.data: that is without the fields that this version does not know.
  return value as RunReport;
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
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw usageError(
      `cannot read ${shown(path)}: ${REASONS[code] ?? code}`,
      "give the path of a report that --output wrote",
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  ENOTDIR: "a part of the path is no folder",
  ENAMETOOLONG: "the name is too long",
};

const shown = (path: string): string => printable(path, 300);

const notAReport = (path: string, what: string) =>
  usageError(`${shown(path)} ${what}`, "give a report that qbench run --output FILE.json wrote");

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
