import { environmentError } from "../base/errors.js";
import type { Client, Driver, Failure } from "../drivers/driver.js";
import { DRIVERS, type DriverClass } from "../drivers/index.js";
import type { ConcertKeys } from "../queue/keys.js";
import type { Script } from "../strategies/script.js";
import type { Answer, EntryMachine, Reply, Send } from "../strategies/strategy.js";
import type { Target } from "../targets/target.js";

const CONNECTION = 0;

export interface OneAtATimeOptions {
  readonly client: Client;
  readonly scripts: readonly Script[];
  readonly connectTimeoutMs: number;
  /** An entry without an answer after this long is given up, to within a quarter of it. */
  readonly timeoutMs: number;
  /** Gives up the entry that is on its way. */
  readonly signal: AbortSignal;
}

interface Pending {
  readonly machine: EntryMachine;
  readonly concert: number;
  readonly user: number;
  readonly timestampMs: number;
  readonly sinceMs: number;
  sent: Send;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** One connection, one entry after another: what an application does that has a single user. */
export class OneAtATime {
  readonly #driver: Driver;
  readonly #options: OneAtATimeOptions;
  readonly #watch: NodeJS.Timeout;
  #pending: Pending | undefined;
  #token = 0;
  /** Batches sent so far: each is one wait for an answer. */
  roundTrips = 0;

  private constructor(target: Target, options: OneAtATimeOptions, Driver: DriverClass) {
    this.#options = options;
    this.#driver = new Driver(
      {
        endpoints: target.endpoints,
        slots: target.slots,
        pool: 1,
        writes: "coalesced",
        scripts: options.scripts,
        connectTimeoutMs: options.connectTimeoutMs,
      },
      {
        onReplies: (token, replies) => this.#take(token, replies),
        onFailure: (token, failure) => this.#fail(token, failure),
        onConnection() {},
        onChunkEnd() {},
      },
    );
    // One timer for all entries: a timer for each would be measured with it.
    this.#watch = setInterval(() => this.#giveUpOverdue(), Math.max(1, options.timeoutMs / 4));
    options.signal.addEventListener("abort", this.#abort);
  }

  /** @throws QbenchError (environment) if the target cannot be reached. */
  static async open(target: Target, options: OneAtATimeOptions): Promise<OneAtATime> {
    const made = new OneAtATime(target, options, await DRIVERS[options.client]());
    try {
      await made.#driver.open();
      return made;
    } catch (error) {
      await made.close();
      throw error;
    }
  }

  /** Makes `keys` the only concert known. @returns its handle, for `enter`. */
  useConcert(keys: ConcertKeys): number {
    this.#driver.forgetConcerts();
    return this.#driver.addConcert(keys);
  }

  /** Lets one user enter; call it again only after the answer. @throws QbenchError (environment) if there is none. */
  enter(machine: EntryMachine, concert: number, user: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timestampMs = Date.now();
      const sinceMs = performance.now();
      this.#pending = { machine, concert, user, timestampMs, sinceMs, sent: machine.first, resolve, reject };
      this.#send(this.#pending);
    });
  }

  counters() {
    return this.#driver.counters();
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#options.signal.removeEventListener("abort", this.#abort);
    await this.#driver.close();
  }

  #send({ sent, concert, user, timestampMs }: Pending): void {
    this.roundTrips++;
    this.#token++;
    this.#driver.send(CONNECTION, sent.batch, concert, user, timestampMs, sent.carried, this.#token);
  }

  #take(token: number, replies: readonly Reply[]): void {
    const pending = this.#pending;
    // Of an entry that was given up.
    if (pending === undefined || token !== this.#token) return;
    try {
      const step = pending.machine.next(pending.sent, replies);
      if (step.batch === null) {
        this.#pending = undefined;
        pending.resolve(step);
      } else {
        pending.sent = step;
        this.#send(pending);
      }
    } catch (error) {
      this.#giveUp(environmentError(`the server gave an answer that no Redis gives: ${(error as Error).message}`));
    }
  }

  #fail(token: number, { kind, message }: Failure): void {
    if (token === this.#token) this.#giveUp(environmentError(`an entry failed (${kind}): ${message}`));
  }

  #giveUpOverdue(): void {
    const { timeoutMs } = this.#options;
    if (this.#pending === undefined || performance.now() - this.#pending.sinceMs < timeoutMs) return;
    this.#giveUp(
      environmentError(
        `the server did not answer within ${timeoutMs} ms`,
        "is it busy, or far away? --timeout waits longer",
      ),
    );
  }

  readonly #abort = (): void => this.#giveUp(new Error("interrupted"));

  #giveUp(error: Error): void {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }
}
