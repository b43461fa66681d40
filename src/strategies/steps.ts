import type { Score } from "../queue/outcome.js";
import { batch, CARRIED, type Command, command, SEQUENCE, TIMESTAMP, TOKEN, USER, WAITING_SET } from "./command.js";
import type { EntryCost, EntryMachine } from "./strategy.js";

/** The commands that strategies share; they differ in which they send, and in how many at once. */
export const READ_TOKEN = command("HGETALL", TOKEN);
export const RANK = command("ZRANK", WAITING_SET, USER);
export const COUNT = command("ZCARD", WAITING_SET);
/** NX: without it an entry would move a user who is waiting already to the back of the queue. */
export const JOIN: Readonly<Record<Score, Command>> = {
  timestamp: command("ZADD", WAITING_SET, "NX", TIMESTAMP, USER),
  sequence: command("ZADD", WAITING_SET, "NX", CARRIED, USER),
};

export const ASK_TOKEN = batch(READ_TOKEN);
export const TAKE_SEQUENCE = batch(command("INCR", SEQUENCE));

/** Both machines of a strategy, made once: their batches are what drivers compile. */
export function machinesOf(make: (score: Score) => EntryMachine): (score: Score) => EntryMachine {
  const machines = { timestamp: make("timestamp"), sequence: make("sequence") };
  return (score) => machines[score];
}

/** The cost of commands sent one after another, or `roundTrips` at once. `names` are separated by spaces. */
export function costOf(names: string, roundTrips?: number): EntryCost {
  const commands = names.split(" ");
  return { commands, roundTrips: roundTrips ?? commands.length, innerCalls: {} };
}
