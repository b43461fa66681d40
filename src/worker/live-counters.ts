import type { LineUp } from "../audit/clocks.js";
import { nowUs } from "../base/clock.js";
import { HISTOGRAM_LENGTH, Histogram } from "../measure/histogram.js";

/**
 * Counters that a measuring thread writes and anyone may read while it runs: plain stores into shared memory, so that
 * watching costs the thread nothing. They are doubles, which a run of days does not overflow; before them lie the
 * barrier and the count of those who line up, behind them each thread's latencies so far, copied there now and then.
 */
const FIELDS = 5;
const BARRIER = 0;
/** How many have arrived at line-ups, in all. */
const ARRIVED = 1;
const WORDS = 2;
const WORDS_BYTES = 4 * WORDS;
const THREAD_BYTES = 8 * FIELDS + 4 * HISTOGRAM_LENGTH;
/** A line-up that takes longer says nothing, and holds nobody up. */
const LINE_UP_MS = 500;
/** The tightest of these counts. */
const LINE_UPS = 4;

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
  readonly #words: Int32Array;
  readonly #counters: Float64Array;
  readonly #latencies: Uint32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    const instances = (memory.byteLength - WORDS_BYTES) / THREAD_BYTES;
    this.#counters = new Float64Array(memory, WORDS_BYTES, FIELDS * instances);
    this.#latencies = new Uint32Array(memory, WORDS_BYTES + this.#counters.byteLength);
  }

  static for(instances: number): SharedControl {
    return new SharedControl(new SharedArrayBuffer(WORDS_BYTES + THREAD_BYTES * instances));
  }

  close(): void {
    this.#words.fill(0);
    this.#counters.fill(0);
    this.#latencies.fill(0);
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

  /**
   * Waits for all threads and for the main one, several times over, and reads this thread's clock before and after each:
   * what times of different threads are compared by (audit/clocks.ts). Fewer line-ups if somebody does not come.
   */
  lineUp(): LineUp[] {
    const parties = 1 + this.#counters.length / FIELDS;
    const lineUps: LineUp[] = [];
    for (let round = 1; round <= LINE_UPS; round++) {
      const arrivedUs = nowUs();
      let arrived = Atomics.add(this.#words, ARRIVED, 1) + 1;
      Atomics.notify(this.#words, ARRIVED);
      while (arrived < round * parties) {
        if (Atomics.wait(this.#words, ARRIVED, arrived, LINE_UP_MS) === "timed-out") return lineUps;
        arrived = Atomics.load(this.#words, ARRIVED);
      }
      lineUps.push({ arrivedUs, passedUs: nowUs() });
    }
    return lineUps;
  }

  of(instance: number): LiveCounters {
    return new LiveCounters(this.#counters, FIELDS * instance, this.#latenciesOf(instance));
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

  /** Latencies of all instances so far: counts alone. */
  readLatencies(): Histogram {
    const all = new Histogram();
    const instances = this.#counters.length / FIELDS;
    for (let instance = 0; instance < instances; instance++) all.addCounts(this.#latenciesOf(instance));
    return all;
  }

  #latenciesOf(instance: number): Uint32Array {
    return this.#latencies.subarray(HISTOGRAM_LENGTH * instance, HISTOGRAM_LENGTH * (instance + 1));
  }
}

export class LiveCounters {
  readonly #counters: Float64Array;
  readonly #at: number;
  readonly #latencies: Uint32Array;

  constructor(counters: Float64Array, at: number, latencies: Uint32Array) {
    this.#counters = counters;
    this.#at = at;
    this.#latencies = latencies;
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

  /** Counts of one histogram, or of two that add up. No bucket ever falls, whenever it is looked at. */
  setLatencies(counts: Uint32Array, more?: Uint32Array): void {
    if (more === undefined) this.#latencies.set(counts);
    else for (let i = 0; i < HISTOGRAM_LENGTH; i++) this.#latencies[i] = counts[i]! + more[i]!;
  }
}
