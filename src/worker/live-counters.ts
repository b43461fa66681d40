/**
 * Counters that a measuring thread writes and anyone may read while it runs: plain stores into shared memory, so that
 * watching costs the thread nothing. The first word of the whole is the barrier.
 */
const FIELDS = 3;
const BARRIER = 0;

/** Stages of the barrier. */
export const BARRIER_CLOSED = 0;
export const BARRIER_OPEN = 1;

export class SharedControl {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  static for(instances: number): SharedControl {
    return new SharedControl(new SharedArrayBuffer(4 * (1 + FIELDS * instances)));
  }

  close(): void {
    this.#words.fill(0);
  }

  /** Lets all waiting threads go at one instant. */
  open(): void {
    Atomics.store(this.#words, BARRIER, BARRIER_OPEN);
    Atomics.notify(this.#words, BARRIER);
  }

  /** Blocks the calling thread until the barrier opens. */
  wait(): void {
    Atomics.wait(this.#words, BARRIER, BARRIER_CLOSED);
  }

  of(instance: number): LiveCounters {
    return new LiveCounters(this.#words, 1 + FIELDS * instance);
  }

  /** Sums over all instances. */
  read(): { succeeded: number; failed: number; inProgress: number } {
    const sums = { succeeded: 0, failed: 0, inProgress: 0 };
    for (let at = 1; at < this.#words.length; at += FIELDS) {
      sums.succeeded += this.#words[at]!;
      sums.failed += this.#words[at + 1]!;
      sums.inProgress += this.#words[at + 2]!;
    }
    return sums;
  }
}

export class LiveCounters {
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  set(succeeded: number, failed: number, inProgress: number): void {
    this.#words[this.#at] = succeeded;
    this.#words[this.#at + 1] = failed;
    this.#words[this.#at + 2] = inProgress;
  }
}
