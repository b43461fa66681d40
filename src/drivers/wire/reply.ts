import type { Failure } from "../driver.js";

/** An error that the server replied. A value, not an Error: a failing server must not cost a stack trace an entry. */
export class ErrorReply {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Anything that RESP2 can carry; strings are latin1, one char a byte. */
export type WireReply = string | number | null | ErrorReply | readonly WireReply[];

/** The kind of a server's error: its first word where that is a code in capitals, else "ERR". */
export function errorKind(message: string): string {
  const code = /^[A-Z][A-Z0-9]*(?=\s|$)/.exec(message);
  return code === null ? "ERR" : code[0];
}

export const answeredFailure = (message: string): Failure => ({ kind: errorKind(message), message, answered: true });

/** The first error in a reply, looked for in nested arrays too (EXEC answers with the errors of its commands). */
export function findError(reply: WireReply): ErrorReply | undefined {
  if (reply instanceof ErrorReply) return reply;
  if (!Array.isArray(reply)) return undefined;
  for (const item of reply) {
    const found = findError(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
