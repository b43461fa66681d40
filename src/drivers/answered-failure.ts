import type { Failure } from "./driver.js";

/** The kind of a server's error: its first word where that is a code in capitals, else "ERR". */
function errorKind(message: string): string {
  const code = /^[A-Z][A-Z0-9]*(?=\s|$)/.exec(message);
  return code === null ? "ERR" : code[0];
}

export const answeredFailure = (message: string): Failure => ({ kind: errorKind(message), message, answered: true });
