import { CommanderError } from "commander";
import { EXIT, lackOf, QbenchError, usageError } from "../base/errors.js";

/**
 * Any error as one that can be shown. What nobody foresaw is a bug in qbench.
 * @param command that was asked for, if there is such a one: its help is where to look
 */
export function asFailure(error: unknown, command?: string): QbenchError {
  const help = `\`qbench ${command === undefined ? "" : `${command} `}--help\` tells what there is`;
  if (error instanceof CommanderError) return usageError(plainWords(error.message), help);
  if (error instanceof QbenchError) {
    const { kind, message, hint, mistakes } = error;
    return kind === "usage" && hint === undefined ? usageError(message, help, mistakes) : error;
  }
  const lack = lackOf(error);
  if (lack !== undefined) return lack;
  const message = error instanceof Error ? error.message : String(error);
  return new QbenchError(
    "bug",
    EXIT.bug,
    `a bug in qbench: ${message.split("\n", 1)[0]}`,
    "QBENCH_DEBUG=1 shows where; please report it with what you typed",
  );
}

/** `error: unknown option '--vsu'\n(Did you mean --vus?)` → `unknown option '--vsu' (did you mean --vus?)` */
export const plainWords = (message: string): string =>
  message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean/, " (did you mean")
    .replaceAll("\n", " ");

/** Lines for stderr. */
export const failureText = ({ message, hint }: QbenchError): string =>
  `qbench: ${message}${hint === undefined ? "" : `\n  ${hint}`}`;
