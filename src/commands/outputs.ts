import { closeSync, openSync, statSync, unlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { mistakesError } from "../base/mistakes.js";
import { printable } from "../base/printable.js";

/**
 * Checks, before anything is measured, that the report can be written to each of `paths`: what exists is left as it
 * is, and what does not exist does not exist afterwards either.
 * @param endings endings of the formats there are, with the dot
 * @throws QbenchError (usage) that tells all mistakes
 */
export function checkOutputs(paths: readonly string[], endings: readonly string[], flag = "--output"): void {
  const mistakes = paths.flatMap((path, i) => {
    const isTwice = paths.slice(0, i).some((other) => resolve(other) === resolve(path));
    const mistake = isTwice ? "is given twice" : mistakeIn(path, endings);
    return mistake === undefined ? [] : [`${flag} ${printable(path)}: ${mistake}`];
  });
  if (mistakes.length > 0) throw mistakesError(mistakes, "nothing was measured");
}

function mistakeIn(path: string, endings: readonly string[]): string | undefined {
  if (!endings.some((ending) => path.toLowerCase().endsWith(ending))) {
    return `expected a name that ends in ${endings.join(", ")}: the ending says in which format to write`;
  }
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return tryToCreate(path);
    if (found.isDirectory()) return "this is a folder";
    if (!found.isFile()) return "this is no ordinary file";
    closeSync(openSync(path, "r+"));
    return undefined;
  } catch (error) {
    return reason(error, path);
  }
}

/** Asking for permission is not enough: a read-only or special file system grants it to root and refuses afterwards. */
function tryToCreate(path: string): undefined {
  closeSync(openSync(path, "wx"));
  unlinkSync(path);
}

function reason(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return `there is no folder ${dirname(path)}`;
  if (code === "ENOTDIR") return `${dirname(path)} is no folder`;
  if (code === "EACCES" || code === "EPERM") return "may not be written (permission denied)";
  if (code === "EROFS") return "may not be written (read-only file system)";
  if (code === "EEXIST") return "this is a link to nowhere";
  return `cannot be written: ${message}`;
}
