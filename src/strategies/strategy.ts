import type { AnomalyKind } from "../queue/anomaly.js";
import type { Outcome, Score } from "../queue/outcome.js";
import type { Batch } from "./command.js";

/**
 * A strategy turns one entry into Redis commands. It is a pure machine: (what was sent, its replies) → what to send
 * next, or the answer. It holds no state, reads no clock and does no I/O, so a driver, `explain` and a test can all
 * step it. Rejected: async functions, which cost a promise a step (about 1 µs an entry) and tie a strategy to a client.
 */

/** A reply as RESP2 has it; strings are latin1, one char a byte. Error replies never reach a strategy. */
export type Reply = string | number | null | readonly Reply[];

/** The machine's state: the batch that is on its way, and the one number that later steps need. */
export interface Send {
  readonly step: string;
  readonly batch: Batch;
  /** A position to report, or the sequence that fills the `carried` slot; 0 where neither is needed. */
  readonly carried: number;
  /** Which strategy's step it is, where several are mixed. */
  readonly part?: number;
}

/** How an entry ended. */
export interface Answer {
  readonly batch: null;
  readonly outcome: Outcome;
  /** 1-based place in the queue; 0 if active, or if the strategy found none (an anomaly). */
  readonly position: number;
  /** Users waiting; 0 where the strategy did not ask (an active user's). */
  readonly total: number;
}

export type Step = Send | Answer;

export interface EntryMachine {
  readonly first: Send;
  /** @throws UnexpectedReply if a reply has not the shape that the command promises. */
  next(sent: Send, replies: readonly Reply[]): Step;
}

/** What one entry costs when nobody interferes. */
export interface EntryCost {
  /** Names of the commands sent, in order. */
  readonly commands: readonly string[];
  /** Waits in sequence for a reply. */
  readonly roundTrips: number;
  /** Calls that a script makes inside the server, by lower-case command name: the server's counters include them. */
  readonly innerCalls: Readonly<Record<string, number>>;
}

export interface Strategy {
  readonly name: string;
  /** One line for `qbench list`. */
  readonly summary: string;
  /** In the table when `--strategy` is not given. */
  readonly isDefault: boolean;
  /** "yes", or which part is. */
  readonly atomic: string;
  /** Somebody else's script: what it calls inside the server is not declared, so `innerCalls` says nothing. */
  readonly isForeign?: true;
  /** The queue of a concert is several, as the scenario says how many; see sharded.ts. */
  readonly isSharded?: true;
  /** The strategies that it is a mix of. */
  readonly parts?: readonly import("./mixed.js").Part[];
  /** Scripts to load before measuring. */
  readonly scripts: readonly import("./script.js").Script[];
  machine(score: Score): EntryMachine;
  cost(score: Score): Readonly<Record<Outcome, EntryCost>>;
  /** Anomalies that this strategy promises never to show, whatever else runs beside it. */
  promises(score: Score): readonly AnomalyKind[];
}

export const send = (step: string, batch: Batch, carried = 0): Send => ({ step, batch, carried });

/** The same step, remembering a number for the steps to come. */
export const carrying = (sent: Send, carried: number): Send => ({ step: sent.step, batch: sent.batch, carried });

export const answer = (outcome: Outcome, position: number, total: number): Answer => ({
  batch: null,
  outcome,
  position,
  total,
});

/** A reply that the command cannot give: another program's key, a proxy's invention, a wrong script. */
export class UnexpectedReply extends Error {
  override readonly name = "UnexpectedReply";
}

/** The reply at `index` as an integer. */
export function integerAt(replies: readonly Reply[], index: number): number {
  const reply = replies[index];
  if (typeof reply === "number") return reply;
  throw new UnexpectedReply(`expected an integer as reply ${index + 1}, got ${JSON.stringify(reply)}`);
}

/** A ZRANK reply as a 1-based position, 0 if the user is not in the set. */
export function positionAt(replies: readonly Reply[], index: number): number {
  return replies[index] === null ? 0 : integerAt(replies, index) + 1;
}

/** Whether the HGETALL reply at `index` holds a token. */
export function hasToken(replies: readonly Reply[], index: number): boolean {
  const reply = replies[index];
  if (Array.isArray(reply)) return reply.length > 0;
  throw new UnexpectedReply(`expected a list of token fields as reply ${index + 1}, got ${JSON.stringify(reply)}`);
}

/** What ZADD NX said: 1 = joined now, 0 = was in the queue already. */
export const outcomeOfJoin = (added: number): Outcome => (added === 1 ? "NEW" : "WAITING");
