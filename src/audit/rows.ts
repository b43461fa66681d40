import type { History, HistoryChunk } from "./history.js";

/**
 * The entries of several histories under one numbering, sorted by concert; within a concert thread by thread, and
 * within a thread by time of reply.
 */
export class Rows {
  readonly #chunks: HistoryChunk[] = [];
  readonly #instances: number[] = [];
  readonly #stride: number;
  readonly #sorted: Uint32Array;
  readonly #starts = new Map<number, { from: number; to: number }>();

  constructor(histories: readonly History[]) {
    for (const { chunks, instance } of histories) {
      for (const chunk of chunks) {
        this.#chunks.push(chunk);
        this.#instances.push(instance);
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

  /** The thread whose clock the row's times were read from. */
  instanceOf(number: number): number {
    return this.#instances[(number / this.#stride) | 0] as number;
  }

  #sortByConcert(): Uint32Array {
    let entries = 0;
    for (const chunk of this.#chunks) {
      entries += chunk.count;
      for (let row = 0; row < chunk.count; row++) this.#rangeOf(chunk, row).to++;
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
      for (let row = 0; row < chunk.count; row++) sorted[this.#rangeOf(chunk, row).to++] = index * this.#stride + row;
    });
    return sorted;
  }

  #rangeOf(chunk: HistoryChunk, row: number): { from: number; to: number } {
    const concert = chunk.concert[row] as number;
    let range = this.#starts.get(concert);
    if (range === undefined) {
      range = { from: 0, to: 0 };
      this.#starts.set(concert, range);
    }
    return range;
  }
}
