import type { Piece, Slot } from "../../strategies/command.js";
import type { Reply } from "../../strategies/strategy.js";
import { answeredFailure } from "../answered-failure.js";
import type { Failure } from "../driver.js";

/** Between what strategies speak and what ioredis takes and gives. */

export const AS_TEXT = { replyEncoding: "utf8" } as const;

/** A command whose arguments wait for an entry: `fixed` has them all, empty where `open` says what comes in. */
export interface CommandForm {
  readonly name: string;
  readonly fixed: readonly string[];
  readonly open: readonly { readonly at: number; readonly pieces: readonly Piece[] }[];
}

/** Alone, a command has the lower-case name that ioredis' own methods give it; in a pipeline ioredis looks for MULTI. */
export function formOf([first, ...args]: readonly Piece[][], isAlone: boolean): CommandForm {
  const name = first!.join("");
  const isText = (pieces: readonly Piece[]): boolean => pieces.every((piece) => typeof piece === "string");
  return {
    name: isAlone ? name.toLowerCase() : name,
    fixed: args.map((pieces) => (isText(pieces) ? pieces.join("") : "")),
    open: args.flatMap((pieces, at) => (isText(pieces) ? [] : [{ at, pieces }])),
  };
}

export function fill({ fixed, open }: CommandForm, texts: Readonly<Record<Slot, string>>): string[] {
  const args = fixed.slice();
  for (const { at, pieces } of open) {
    let text = "";
    for (const piece of pieces) text += typeof piece === "string" ? piece : texts[piece.slot];
    args[at] = text;
  }
  return args;
}

/** ioredis gives HGETALL as an object; strategies read what Redis sent. */
export function asReply(reply: unknown): Reply {
  const isObject = typeof reply === "object" && reply !== null && !Array.isArray(reply);
  return (isObject ? Object.entries(reply).flat() : reply) as Reply;
}

export function failureOf(error: Error): Failure {
  const nested = (error as { previousErrors?: Error[] }).previousErrors?.[0];
  const message = nested?.message ?? error.message;
  if (error.name === "ReplyError") return answeredFailure(message);
  return { kind: "connection", message, answered: false, changedNothing: false };
}
