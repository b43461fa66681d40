import type { Clock } from "./clocks.js";
import type { EntryEvent, History, HistoryChunk } from "./history.js";

/**
 * The entries of several histories under one numbering, sorted by concert; within a concert thread by thread, and
 * within a thread by time of reply.
 */
export class Rows {
  readonly #chunks: HistoryChunk[] = [];
  readonly #histories: { readonly history: History; readonly firstChunk: number }[] = [];
  readonly #clocks: Clock[] = [];
  readonly #stride: number;
  readonly #sorted: Uint32Array;
  readonly #starts = new Map<number, { from: number; to: number }>();

  /** Threads without a clock are not comparable with others. */
  constructor(histories: readonly History[], clocks: readonly Clock[] = []) {
    for (const history of histories) {
      const { chunks, instance } = history;
      this.#histories.push({ history, firstChunk: this.#chunks.length });
      const clock = clockOf(instance, clocks, histories.length);
      for (const chunk of chunks) {
        this.#chunks.push(chunk);
        this.#clocks.push(clock);
      }
    }
    this.#stride = Math.max(1, ...histories.map((history) => history.chunkEntries));
    this.#sorted = this.#sortByConcert();
  }

  /** Numbers of the rows of a concert, for `chunkOf` and `rowOf`. */
  of(concert: number): Uint32Array {
    const range = this.#starts.get(concert);
    return range === undefined ? this.#sorted.subarray(0, 0) : this.#sorted.subarray(range.from, range.to);
  }

  /** The concerts that were entered. */
  get concerts(): number[] {
    return [...this.#starts.keys()];
  }

  chunkOf(number: number): HistoryChunk {
    return this.#chunks[(number / this.#stride) | 0] as HistoryChunk;
  }

  rowOf(number: number): number {
    return number % this.#stride;
  }

  /** The clock of the thread that the row's times were read from. */
  clockOf(number: number): Clock {
    return this.#clocks[(number / this.#stride) | 0] as Clock;
  }

  /** A row read back, for an explanation. */
  at(number: number): EntryEvent {
    const chunk = (number / this.#stride) | 0;
    const { history, firstChunk } = this.#histories.findLast((one) => one.firstChunk <= chunk)!;
    return history.at((chunk - firstChunk) * history.chunkEntries + this.rowOf(number));
  }

  #sortByConcert(): Uint32Array {
    let entries = 0;
    for (const chunk of this.#chunks) {
      entries += chunk.count;
      this.#eachRun(chunk, (range, from, to) => {
        range.to += to - from;
      });
    }
    let next = 0;
    for (const range of this.#starts.values()) {
      const { to: length } = range;
      range.from = next;
      range.to = next;
      next += length;
    }
    const sorted = new Uint32Array(entries);
    this.#chunks.forEach((chunk, index) => {
      this.#eachRun(chunk, (range, from, to) => {
        for (let row = from; row < to; row++) sorted[range.to++] = index * this.#stride + row;
      });
    });
    return sorted;
  }

  /** Rows that follow one another and belong to one concert: mostly that is the whole chunk. */
  #eachRun(chunk: HistoryChunk, visit: (range: { from: number; to: number }, from: number, to: number) => void): void {
    const { concert, count } = chunk;
    for (let from = 0; from < count; ) {
      const number = concert[from] as number;
      let to = from + 1;
      while (to < count && concert[to] === number) to++;
      visit(this.#rangeOf(number), from, to);
      from = to;
    }
  }

  #rangeOf(concert: number): { from: number; to: number } {
    let range = this.#starts.get(concert);
    if (range === undefined) {
      range = { from: 0, to: 0 };
      this.#starts.set(concert, range);
    }
    return range;
  }
}

/** A thread that was alone needs no other to compare with. */
export function clockOf(instance: number, clocks: readonly Clock[], threads: number): Clock {
  const found = clocks.find((clock) => clock.instance === instance);
  return found ?? { instance, offsetUs: 0, uncertaintyUs: threads === 1 ? 0 : Number.POSITIVE_INFINITY };
}
