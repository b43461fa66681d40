import type { Redis } from "ioredis";

/**
 * Gives a control connection up on which nothing is answered any more. A server that is frozen keeps its connections, and
 * TCP says nothing; a time for each command would not do, since thousands of them wait in one line after a large trial.
 */

const LOOK_EVERY_MS = 250;
/** COPY of a queue of millions is one command. */
const LONGEST_COPY_MS = 30_000;
/** An interrupted run reads and cleans the server, but not one that does not answer. */
const INTERRUPTED_MS = 2_000;
/** From here on it is called silent. */
const SILENT_MS = 1_000;

type Command = Parameters<Redis["sendCommand"]>[0];

export class Vigil {
  readonly #redis: Redis;
  readonly #signal: AbortSignal | undefined;
  /** What is not answered yet, oldest first. */
  readonly #waiting = new Set<Command>();
  #longestMs: number;
  #leastMs = 0;
  /** Between two answers this process may be busy itself: so looks are counted, not time. */
  #silentLooks = 0;
  #hasGivenUp = false;

  /** `signal`: the run is interrupted, and waits less. */
  constructor(redis: Redis, longestMs: number, signal?: AbortSignal) {
    this.#redis = redis;
    this.#longestMs = longestMs;
    this.#signal = signal;
    const send = redis.sendCommand.bind(redis);
    redis.sendCommand = (command, stream) => {
      this.#note(command);
      return send(command, stream);
    };
    const timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    timer.unref();
    redis.once("end", () => clearInterval(timer));
  }

  /** Whether something has been asked for a while, and nothing answered; or was, until the connection was given up. */
  get isSilent(): boolean {
    return this.#hasGivenUp || this.#silentLooks * LOOK_EVERY_MS >= SILENT_MS;
  }

  /** Why a command failed: what was given up here did not close, as it seems, but say nothing. */
  reasonOf(error: unknown): unknown {
    return this.#hasGivenUp ? new Error("timed out") : error;
  }

  /** Waits for so long at least, also where the run is interrupted. */
  waitAtLeast(ms: number): void {
    this.#leastMs = ms;
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  #note(command: Command): void {
    // What was lost with a connection is sent again.
    if (this.#waiting.has(command)) return;
    this.#waiting.add(command);
    const settled = (): void => {
      this.#waiting.delete(command);
      this.#silentLooks = 0;
    };
    command.promise.then(settled, settled);
  }

  #look(): void {
    const [first] = this.#waiting;
    // A server that is away is waited for by whoever connects to it again.
    if (first === undefined || this.#redis.status !== "ready") {
      this.#silentLooks = 0;
      return;
    }
    this.#silentLooks++;
    if (this.#silentLooks * LOOK_EVERY_MS < this.#patienceMs(first)) return;
    this.#hasGivenUp = true;
    this.#redis.disconnect();
  }

  #patienceMs({ name }: Command): number {
    if (name === "copy") return Math.max(this.#longestMs, LONGEST_COPY_MS);
    return this.#signal?.aborted ? Math.min(this.#longestMs, Math.max(INTERRUPTED_MS, this.#leastMs)) : this.#longestMs;
  }
}
