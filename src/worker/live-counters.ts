/**
 * Counters that a measuring thread writes and anyone may read while it runs: plain stores into shared memory, so that
 * watching costs the thread nothing. They are doubles, which a run of days does not overflow; the barrier is the word
 * before them.
 */
const FIELDS = 5;
const BARRIER = 0;
const BARRIER_BYTES = 8;

/** What the measuring threads have done so far, and the memory that they hold, summed. */
export interface LiveSums {
  readonly succeeded: number;
  readonly failed: number;
  readonly inProgress: number;
  readonly heapUsedBytes: number;
  readonly arrayBuffersBytes: number;
}

/** Stages of the barrier. */
export const BARRIER_CLOSED = 0;
export const BARRIER_OPEN = 1;

export class SharedControl {
  readonly memory: SharedArrayBuffer;
  readonly #barrier: Int32Array;
  readonly #counters: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#barrier = new Int32Array(memory, 0, 1);
    this.#counters = new Float64Array(memory, BARRIER_BYTES);
  }

  static for(instances: number): SharedControl {
    return new SharedControl(new SharedArrayBuffer(BARRIER_BYTES + 8 * FIELDS * instances));
  }

  close(): void {
    this.#barrier.fill(BARRIER_CLOSED);
    this.#counters.fill(0);
  }

  /** Lets all waiting threads go at one instant. */
  open(): void {
    Atomics.store(this.#barrier, BARRIER, BARRIER_OPEN);
    Atomics.notify(this.#barrier, BARRIER);
  }

  /** Blocks the calling thread until the barrier opens. */
  wait(): void {
    Atomics.wait(this.#barrier, BARRIER, BARRIER_CLOSED);
  }

  of(instance: number): LiveCounters {
    return new LiveCounters(this.#counters, FIELDS * instance);
  }

  /** Sums over all instances. */
  read(): LiveSums {
    const sums = { succeeded: 0, failed: 0, inProgress: 0, heapUsedBytes: 0, arrayBuffersBytes: 0 };
    for (let at = 0; at < this.#counters.length; at += FIELDS) {
      sums.succeeded += this.#counters[at]!;
      sums.failed += this.#counters[at + 1]!;
      sums.inProgress += this.#counters[at + 2]!;
      sums.heapUsedBytes += this.#counters[at + 3]!;
      sums.arrayBuffersBytes += this.#counters[at + 4]!;
    }
    return sums;
  }
}

export class LiveCounters {
  readonly #counters: Float64Array;
  readonly #at: number;

  constructor(counters: Float64Array, at: number) {
    this.#counters = counters;
    this.#at = at;
  }

  set(succeeded: number, failed: number, inProgress: number): void {
    this.#counters[this.#at] = succeeded;
    this.#counters[this.#at + 1] = failed;
    this.#counters[this.#at + 2] = inProgress;
  }

  setMemory(heapUsedBytes: number, arrayBuffersBytes: number): void {
    this.#counters[this.#at + 3] = heapUsedBytes;
    this.#counters[this.#at + 4] = arrayBuffersBytes;
  }
}
