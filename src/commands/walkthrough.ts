import { concertKeys } from "../queue/keys.js";
import type { Outcome, Score } from "../queue/outcome.js";
import { type Command, slotText, wordsOf } from "../strategies/command.js";
import { isLuaFileName } from "../strategies/lua-file.js";
import type { Script } from "../strategies/script.js";
import type { Answer, Reply, Step, Strategy } from "../strategies/strategy.js";

/**
 * Steps a strategy's machine by hand, with the replies that a queue of a given state would give and nobody else in it.
 * No Redis is needed, since the machine is pure.
 */

interface Exchange {
  /** The command as it would be typed, and what Redis would say. */
  readonly sent: string;
  readonly reply: string;
  /** Upper-case name of the command. */
  readonly name: string;
}

export interface Walkthrough {
  /** Exchanges by round trip. */
  readonly roundTrips: readonly (readonly Exchange[])[];
  readonly answer: Answer;
}

const KEYS = concertKeys("concert");
const USER = 42;
const TIMESTAMP_MS = 1_750_000_000_000;
const SEQUENCE = 9_001;
/** A queue of some length, with a user who waits somewhere in its middle. */
const WAITING = 5_000;
const POSITION = 1_234;
/** More than any strategy takes: a machine that never answers is a bug. */
const MAX_ROUND_TRIPS = 20;

/** One entry by a user who is `before` the entry what an answer of that name says. */
export function walkThrough(strategy: Strategy, score: Score, before: Outcome): Walkthrough {
  const server = new ImaginedServer(before);
  const machine = strategy.machine(score);
  const roundTrips: Exchange[][] = [];
  let step: Step = machine.first;
  while (step.batch !== null) {
    if (roundTrips.length === MAX_ROUND_TRIPS) throw new Error(`${strategy.name} does not come to an answer`);
    const { batch, carried }: { batch: { commands: readonly Command[] }; carried: number } = step;
    const replies = batch.commands.map((command) => server.reply(command));
    roundTrips.push(
      batch.commands.map((command, i) => ({
        name: command.name,
        sent: textOf(command, carried),
        reply: replyText(replies[i] ?? null),
      })),
    );
    step = machine.next(step, replies);
  }
  return { roundTrips, answer: step };
}

class ImaginedServer {
  #waiting: number;
  #position: number;
  readonly #isActive: boolean;
  #queued: Command[] | undefined;

  constructor(before: Outcome) {
    this.#waiting = WAITING;
    this.#position = before === "WAITING" ? POSITION : 0;
    this.#isActive = before === "ACTIVE";
  }

  reply(command: Command): Reply {
    if (command.name === "EXEC") {
      const queued = this.#queued ?? [];
      this.#queued = undefined;
      return queued.map((one) => this.reply(one));
    }
    if (this.#queued !== undefined) {
      this.#queued.push(command);
      return "QUEUED";
    }
    switch (command.name) {
      case "MULTI":
        this.#queued = [];
        return "OK";
      case "HGETALL":
        return this.#isActive ? ["token", "f3a9…"] : [];
      case "ZRANK":
        return this.#position === 0 ? null : this.#position - 1;
      case "ZCARD":
        return this.#waiting;
      case "INCR":
        return SEQUENCE;
      case "ZADD":
        return this.#join();
      case "EVALSHA":
        return this.#enter(command.args.at(-1) === "");
      default:
        throw new Error(`no reply is known to ${command.name}`);
    }
  }

  #join(): number {
    if (this.#position > 0) return 0;
    this.#waiting++;
    this.#position = this.#waiting;
    return 1;
  }

  #enter(takesSequence: boolean): Reply {
    if (this.#isActive) return ["ACTIVE", 0, this.#waiting, 0];
    const outcome = this.#join() === 1 ? "NEW" : "WAITING";
    return [outcome, this.#position, this.#waiting, takesSequence ? SEQUENCE : 0];
  }
}

/** The words of a command with the slots filled in; a script goes by its name, nobody knows its SHA-1. */
function textOf(command: Command, carried: number): string {
  const values = { user: USER, timestamp: TIMESTAMP_MS, carried };
  const words = wordsOf(command, KEYS).map((pieces) =>
    pieces.map((piece) => (typeof piece === "string" ? piece : slotText(piece.slot, values[piece.slot]))).join(""),
  );
  return words
    .map((word) => (word === command.script?.sha1 ? `<${fileOf(command.script)}>` : word === "" ? '""' : word))
    .join(" ");
}

const fileOf = ({ name }: Script): string => (isLuaFileName(name) ? name : `${name}.lua`);

function replyText(reply: Reply): string {
  if (reply === null) return "nil";
  if (Array.isArray(reply)) return reply.length === 0 ? "(empty)" : `[${reply.map(replyText).join(", ")}]`;
  return String(reply);
}
