import type { Failure } from "./driver.js";

/** The kind of a server's error: its first word where that is a code in capitals, else "ERR". */
function errorKind(message: string): string {
  const code = /^[A-Z][A-Z0-9]*(?=\s|$)/.exec(message);
  return code === null ? "ERR" : code[0];
}

/** `changedNothing`: no command of the batch was carried out. */
export const answeredFailure = (message: string, changedNothing = false): Failure => ({
  kind: errorKind(message),
  message,
  answered: true,
  changedNothing,
});

/** What a replica answers to a write; before Redis 7 a script's error has other words around it. */
export const isReplicas = (message: string): boolean => /(?:^|-)READONLY /.test(message);
