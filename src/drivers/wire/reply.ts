/** An error that the server replied. A value, not an Error: a failing server must not cost a stack trace an entry. */
export class ErrorReply {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Anything that RESP2 can carry; strings are latin1, one char a byte. */
export type WireReply = string | number | null | ErrorReply | readonly WireReply[];

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
