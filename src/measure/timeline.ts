import type { TimelineSecond } from "../engine/trial-result.js";
import { Histogram, highestValueUs } from "./histogram.js";

/** One second of one thread: what ended in it. Buckets as of `Histogram`, only those that are not empty. */
export interface SecondData {
  readonly second: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly indexes: Uint16Array;
  readonly counts: Uint32Array;
}

/**
 * Splits entry latencies by the second in which the entry ended, and keeps their total: one histogram is recorded into,
 * and emptied into the total once a second, so that a timeline costs the hot path nothing.
 */
export class Timeline {
  readonly #current = new Histogram();
  readonly #total = new Histogram();
  readonly #seconds: SecondData[] = [];
  #second = 0;
  #endUs = 1e6;
  #succeeded = 0;
  #failed = 0;

  /** `atUs`: when the entry ended, µs since the start of the trial. */
  succeed(latencyUs: number, atUs: number): void {
    if (atUs >= this.#endUs) this.#turn(atUs);
    this.#succeeded++;
    this.#current.record(latencyUs);
  }

  fail(atUs: number): void {
    if (atUs >= this.#endUs) this.#turn(atUs);
    this.#failed++;
  }

  finish(): { seconds: SecondData[]; total: Histogram } {
    this.#turn(this.#endUs);
    return { seconds: this.#seconds, total: this.#total };
  }

  #turn(atUs: number): void {
    if (this.#succeeded + this.#failed > 0) {
      const indexes: number[] = [];
      const counts: number[] = [];
      this.#current.counts.forEach((count, index) => {
        if (count === 0) return;
        indexes.push(index);
        counts.push(count);
      });
      this.#seconds.push({
        second: this.#second,
        succeeded: this.#succeeded,
        failed: this.#failed,
        indexes: Uint16Array.from(indexes),
        counts: Uint32Array.from(counts),
      });
      this.#total.add(this.#current);
      this.#current.clear();
    }
    this.#second = Math.floor(atUs / 1e6);
    this.#endUs = (this.#second + 1) * 1e6;
    this.#succeeded = 0;
    this.#failed = 0;
  }
}

/** One timeline from those of all threads, second by second. */
export function mergeTimelines(threads: readonly (readonly SecondData[])[]): TimelineSecond[] {
  const bySecond = new Map<number, SecondData[]>();
  for (const data of threads.flat()) bySecond.set(data.second, [...(bySecond.get(data.second) ?? []), data]);
  return [...bySecond.entries()]
    .sort(([a], [b]) => a - b)
    .map(([second, parts]) => ({
      second,
      succeeded: parts.reduce((sum, part) => sum + part.succeeded, 0),
      failed: parts.reduce((sum, part) => sum + part.failed, 0),
      ...percentilesOf(parts),
    }));
}

function percentilesOf(parts: readonly SecondData[]): { p50: number | null; p99: number | null } {
  const histogram = new Histogram();
  for (const { indexes, counts } of parts) {
    indexes.forEach((index, i) => {
      histogram.counts[index]! += counts[i]!;
      histogram.maxUs = Math.max(histogram.maxUs, highestValueUs(index));
    });
  }
  return { p50: histogram.quantileUs(0.5), p99: histogram.quantileUs(0.99) };
}
