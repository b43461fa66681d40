import type { ConcertKeys } from "../queue/keys.js";
import { USER_ID_WIDTH } from "../queue/keys.js";
import type { Script } from "./script.js";

/**
 * Commands as data. A strategy is written with placeholders for what differs from entry to entry; a driver compiles
 * each batch once per concert. So one definition serves the wire driver (patched byte templates), the ioredis driver
 * (argument lists) and `qbench explain`.
 */

/** What differs from entry to entry. `carried` is the number that the strategy's state remembers (a sequence). */
export type Slot = "user" | "timestamp" | "carried";
export const SLOT_WIDTH: Readonly<Record<Slot, number>> = { user: USER_ID_WIDTH, timestamp: 13, carried: 16 };

export type KeyName = "token" | "waiting" | "active" | "sequence";
export type Arg = string | { readonly key: KeyName } | { readonly slot: Slot };

export interface Command {
  /** Upper case, e.g. "ZADD". */
  readonly name: string;
  readonly args: readonly Arg[];
  /** True if the command can change data: an entry that loses its reply is then in doubt. */
  readonly writes: boolean;
  /** The script that an EVALSHA runs. */
  readonly script: Script | undefined;
}

/** Commands that leave together, in one write, and are answered together: one round trip. */
export interface Batch {
  /** Unique in this process, small: drivers index compiled templates by it. */
  readonly id: number;
  readonly commands: readonly Command[];
  readonly writes: boolean;
  /** True if the last command is WAIT: how many replicas have what was written before it. */
  readonly waits: boolean;
}

export const TOKEN: Arg = { key: "token" };
export const WAITING_SET: Arg = { key: "waiting" };
export const ACTIVE_SET: Arg = { key: "active" };
export const SEQUENCE: Arg = { key: "sequence" };
export const USER: Arg = { slot: "user" };
export const TIMESTAMP: Arg = { slot: "timestamp" };
export const CARRIED: Arg = { slot: "carried" };

const WRITING = new Set(["ZADD", "INCR", "EVALSHA", "EXEC", "ZREM", "UNLINK"]);

export function command(name: string, ...args: Arg[]): Command {
  return { name, args, writes: WRITING.has(name), script: undefined };
}

/** EVALSHA of `script` over `keys`; the first argument after the keys becomes ARGV[1]. */
export function evalsha(script: Script, keys: readonly Arg[], ...argv: Arg[]): Command {
  return { name: "EVALSHA", args: [script.sha1, String(keys.length), ...keys, ...argv], writes: true, script };
}

let batches = 0;

export function batch(...commands: Command[]): Batch {
  return {
    id: batches++,
    commands,
    writes: commands.some((one) => one.writes),
    waits: commands.at(-1)?.name === "WAIT",
  };
}

/** What goes beside an entry's own commands: ASKING before them, WAIT behind them. Their replies are not the strategy's. */
export interface Beside {
  /** For a node that is about to get the slot: before each command, before MULTI once. */
  readonly isAsking: boolean;
  /** Replicas that must have a write before it counts; 0: none. */
  readonly replicas: number;
  /** How long they are waited for. */
  readonly withinMs: number;
}

/** `one` with what goes beside it; the same batch each time, since drivers compile each of them. */
export function withBeside(one: Batch, { isAsking, replicas, withinMs }: Beside): Batch {
  const waits = replicas > 0 && one.writes;
  if (!isAsking && !waits) return one;
  const known = besides.get(one) ?? new Map<string, Batch>();
  besides.set(one, known);
  const key = `${isAsking} ${waits ? replicas : 0} ${withinMs}`;
  const made = known.get(key) ?? batch(...commandsBeside(one, isAsking, waits ? [replicas, withinMs] : null));
  known.set(key, made);
  return made;
}

function commandsBeside({ commands }: Batch, isAsking: boolean, wait: readonly [number, number] | null): Command[] {
  const behind = wait === null ? [] : [command("WAIT", String(wait[0]), String(Math.ceil(wait[1])))];
  if (!isAsking) return [...commands, ...behind];
  const isOnce = commands[0]?.name === "MULTI";
  return [...(isOnce ? [ASKING, ...commands] : commands.flatMap((each) => [ASKING, each])), ...behind];
}

const ASKING = command("ASKING");
const besides = new Map<Batch, Map<string, Batch>>();

/** The replies to the strategy's own commands, out of those to `sent`, and how many replicas have the write; null: nobody asked. */
export function withoutBeside<T>(sent: Batch, replies: readonly T[]): { own: readonly T[]; replicated: T | null } {
  return {
    own: replies.filter((_, i) => sent.commands[i]!.name !== "ASKING" && sent.commands[i]!.name !== "WAIT"),
    replicated: sent.waits ? replies.at(-1)! : null,
  };
}

/** A piece of an argument: literal text, or a slot to fill in for each entry. */
export type Piece = string | { readonly slot: Slot };

/** The words of a command (name first) for one concert; only the slots are left open. */
export function wordsOf(one: Command, keys: ConcertKeys): Piece[][] {
  return [[one.name], ...one.args.map((arg) => piecesOf(arg, keys))];
}

function piecesOf(arg: Arg, keys: ConcertKeys): Piece[] {
  if (typeof arg === "string" || "slot" in arg) return [arg];
  if (arg.key === "token") return [keys.tokenPrefix, { slot: "user" }];
  return [keys[arg.key]];
}

/** The text that fills a slot: decimal, padded with zeros to the slot's width (Redis reads a padded score as a number). */
export const slotText = (slot: Slot, value: number): string => String(value).padStart(SLOT_WIDTH[slot], "0");
