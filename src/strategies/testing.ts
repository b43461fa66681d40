import type { Redis } from "ioredis";
import type { ConcertKeys } from "../queue/keys.js";
import type { Score } from "../queue/outcome.js";
import { type Batch, type Command, slotText, wordsOf } from "./command.js";
import type { Answer, EntryMachine, Reply, Send, Strategy } from "./strategy.js";

/** For tests: one entry carried out against a server, at the pace of the test. */
export interface EntryOptions {
  readonly redis: Redis;
  readonly strategy: Pick<Strategy, "machine">;
  readonly score: Score;
  readonly keys: ConcertKeys;
  readonly user: number;
  readonly timestampMs: number;
}

export class EntryRun {
  answer: Answer | undefined;
  roundTrips = 0;
  /** Names of the commands sent. */
  readonly sent: string[] = [];
  readonly #options: EntryOptions;
  readonly #machine: EntryMachine;
  #state: Send;
  #replies: Reply[] = [];

  constructor(options: EntryOptions) {
    this.#options = options;
    this.#machine = options.strategy.machine(options.score);
    this.#state = this.#machine.first;
  }

  get isDone(): boolean {
    return this.answer !== undefined;
  }

  /** Sends the next command of the batch on its way, and waits for its reply; a transaction goes as one. */
  async step(): Promise<void> {
    const { batch } = this.#state;
    const left = batch.commands.slice(this.#replies.length);
    await this.#send(left[0]?.name === "MULTI" ? left : left.slice(0, 1));
    this.#goOn(batch);
  }

  /** To its end, one write a batch. */
  async finish(): Promise<Answer> {
    while (this.answer === undefined) {
      const { batch } = this.#state;
      await this.#send(batch.commands.slice(this.#replies.length));
      this.#goOn(batch);
    }
    return this.answer;
  }

  async #send(commands: readonly Command[]): Promise<void> {
    if (this.#replies.length === 0) this.roundTrips++;
    this.sent.push(...commands.map((one) => one.name));
    const { redis } = this.#options;
    const replies = commands.map((one) => {
      const [name, ...args] = this.#textOf(one);
      return redis.call(name as string, ...args) as Promise<Reply>;
    });
    this.#replies.push(...(await Promise.all(replies)));
  }

  #goOn(batch: Batch): void {
    if (this.#replies.length < batch.commands.length) return;
    const next = this.#machine.next(this.#state, this.#replies);
    this.#replies = [];
    if (next.batch === null) this.answer = next;
    else this.#state = next;
  }

  #textOf(one: Command): string[] {
    const { keys, user, timestampMs } = this.#options;
    const values = { user, timestamp: timestampMs, carried: this.#state.carried };
    return wordsOf(one, keys).map((pieces) =>
      pieces.map((piece) => (typeof piece === "string" ? piece : slotText(piece.slot, values[piece.slot]))).join(""),
    );
  }
}

export const loadScripts = async (redis: Redis, strategy: Strategy): Promise<void> => {
  for (const { source } of strategy.scripts) await redis.script("LOAD", source);
};

/** Runs `work`. @returns how often the server executed each command meanwhile, by lower-case name, subcommands apart. */
export async function callsDuring(redis: Redis, work: () => Promise<void>): Promise<Record<string, number>> {
  await redis.config("RESETSTAT");
  await work();
  const info = await redis.info("commandstats");
  const calls: Record<string, number> = {};
  for (const [, name, count] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) calls[name as string] = Number(count);
  delete calls["config|resetstat"];
  return calls;
}
