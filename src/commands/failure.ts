import { CommanderError } from "commander";
import { EXIT, QbenchError, usageError } from "../base/errors.js";

/** Any error as one that can be shown. What nobody foresaw is a bug in qbench. */
export function asFailure(error: unknown): QbenchError {
  if (error instanceof QbenchError) return error;
  if (error instanceof CommanderError)
    return usageError(plainWords(error.message), "`qbench --help` tells what there is");
  const message = error instanceof Error ? error.message : String(error);
  return new QbenchError(
    "bug",
    EXIT.bug,
    `a bug in qbench: ${message.split("\n", 1)[0]}`,
    "QBENCH_DEBUG=1 shows where; please report it with what you typed",
  );
}

/** `error: unknown option '--vsu'\n(Did you mean --vus?)` → `unknown option '--vsu' (did you mean --vus?)` */
const plainWords = (message: string): string =>
  message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean/, " (did you mean")
    .replaceAll("\n", " ");

/** Lines for stderr. */
export const failureText = ({ message, hint }: QbenchError): string =>
  `qbench: ${message}${hint === undefined ? "" : `\n  ${hint}`}`;
