import { Histogram, highestValueUs } from "./histogram.js";

export interface TimelineSecond {
  /** Where the interval begins. */
  readonly second: number;
  readonly succeeded: number;
  readonly failed: number;
  /** By kind, where there were any. */
  readonly failures?: Readonly<Record<string, number>>;
  /** µs, of `response` in the open model, else of `entry`; null in a second without a success. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** One interval of one thread: what ended in it. Buckets as of `Histogram`, only those that are not empty. */
export interface SecondData {
  /** Where the interval begins, in seconds since the start of the trial. */
  readonly second: number;
  readonly succeeded: number;
  readonly failed: number;
  /** By kind. */
  readonly failures: Readonly<Record<string, number>>;
  readonly indexes: Uint16Array;
  readonly counts: Uint32Array;
}

/**
 * Intervals that a timeline has at most. They are a second long until there would be more of them, then all become
 * twice as long, and so on: a run of 24 hours has 675 of 128 seconds, and takes no more memory, and no more room in
 * the report, than one of 17 minutes.
 */
const MOST_INTERVALS = 1024;

/** Length of the intervals, in seconds, of a timeline that reaches to `second`. */
function widthFor(second: number): number {
  let width = 1;
  while (second >= width * MOST_INTERVALS) width *= 2;
  return width;
}

const startOf = (second: number, width: number): number => Math.floor(second / width) * width;

/**
 * Splits latencies by the interval in which the entry ended, and keeps their total: one histogram is recorded
 * into, and emptied into the total once an interval, so that a timeline costs the hot path nothing.
 */
export class Timeline {
  readonly #current = new Histogram();
  readonly #total = new Histogram();
  #seconds: SecondData[] = [];
  #widthSec = 1;
  #second = 0;
  #endUs = 1e6;
  #succeeded = 0;
  #failed = 0;
  #failures: Record<string, number> = {};

  /** `atUs`: when the entry ended, µs since the start of the trial. */
  succeed(latencyUs: number, atUs: number): void {
    if (atUs >= this.#endUs) this.#turn(atUs);
    this.#succeeded++;
    this.#current.record(latencyUs);
  }

  fail(kind: string, atUs: number): void {
    if (atUs >= this.#endUs) this.#turn(atUs);
    this.#failed++;
    this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
  }

  /** Counts that add up to all latencies so far. */
  get counts(): readonly [Uint32Array, Uint32Array] {
    return [this.#total.counts, this.#current.counts];
  }

  finish(): { seconds: SecondData[]; total: Histogram } {
    this.#keepCurrent();
    return { seconds: this.#seconds, total: this.#total };
  }

  #turn(atUs: number): void {
    this.#keepCurrent();
    const second = Math.floor(atUs / 1e6);
    const widthSec = widthFor(second);
    if (widthSec > this.#widthSec) {
      this.#widthSec = widthSec;
      this.#seconds = widened(this.#seconds, widthSec);
    }
    this.#second = startOf(second, widthSec);
    this.#endUs = (this.#second + widthSec) * 1e6;
  }

  #keepCurrent(): void {
    if (this.#succeeded + this.#failed === 0) return;
    this.#seconds.push({
      second: this.#second,
      succeeded: this.#succeeded,
      failed: this.#failed,
      failures: this.#failures,
      ...filledBuckets(this.#current.counts),
    });
    this.#total.add(this.#current);
    this.#current.clear();
    this.#succeeded = 0;
    this.#failed = 0;
    this.#failures = {};
  }
}

function filledBuckets(all: Uint32Array): Pick<SecondData, "indexes" | "counts"> {
  const indexes: number[] = [];
  const counts: number[] = [];
  all.forEach((count, index) => {
    if (count === 0) return;
    indexes.push(index);
    counts.push(count);
  });
  return { indexes: Uint16Array.from(indexes), counts: Uint32Array.from(counts) };
}

/** The same, in intervals of `widthSec`. */
const widened = (seconds: readonly SecondData[], widthSec: number): SecondData[] =>
  grouped(seconds, widthSec).map(([second, parts]) => ({
    second,
    ...sums(parts),
    ...filledBuckets(histogramOf(parts).counts),
  }));

/** What falls into each interval of `widthSec`, in order of time. */
function grouped(seconds: readonly SecondData[], widthSec: number): [number, SecondData[]][] {
  const byStart = new Map<number, SecondData[]>();
  for (const data of seconds) {
    const start = startOf(data.second, widthSec);
    const parts = byStart.get(start);
    if (parts === undefined) byStart.set(start, [data]);
    else parts.push(data);
  }
  return [...byStart].sort(([a], [b]) => a - b);
}

/**
 * One timeline from those of all threads, of every interval up to the last in which an entry ended; all as long as the
 * longest of them. `widthSec`: their length.
 */
export function mergeTimelines(threads: readonly (readonly SecondData[])[]): {
  widthSec: number;
  timeline: TimelineSecond[];
} {
  const seconds = threads.flat();
  const latest = seconds.reduce((last, { second }) => Math.max(last, second), -1);
  const widthSec = widthFor(latest);
  const byStart = new Map(grouped(seconds, widthSec));
  const timeline = Array.from({ length: Math.floor(latest / widthSec) + 1 }, (_, i) => {
    const second = i * widthSec;
    // One in which nothing ended is an interval too: what follows a stall stays where it was.
    const parts = byStart.get(second) ?? [];
    const { failures, ...counted } = sums(parts);
    const histogram = counted.succeeded === 0 ? null : histogramOf(parts);
    return {
      second,
      ...counted,
      ...(counted.failed === 0 ? {} : { failures }),
      p50: histogram?.quantileUs(0.5) ?? null,
      p99: histogram?.quantileUs(0.99) ?? null,
    };
  });
  return { widthSec, timeline };
}

function sums(parts: readonly SecondData[]): Pick<SecondData, "succeeded" | "failed" | "failures"> {
  const failures: Record<string, number> = {};
  for (const [kind, count] of parts.flatMap((part) => Object.entries(part.failures))) {
    failures[kind] = (failures[kind] ?? 0) + count;
  }
  return {
    succeeded: parts.reduce((sum, part) => sum + part.succeeded, 0),
    failed: parts.reduce((sum, part) => sum + part.failed, 0),
    failures,
  };
}

function histogramOf(parts: readonly SecondData[]): Histogram {
  const histogram = new Histogram();
  for (const { indexes, counts } of parts) {
    indexes.forEach((index, i) => {
      histogram.counts[index]! += counts[i]!;
      histogram.maxUs = Math.max(histogram.maxUs, highestValueUs(index));
    });
  }
  return histogram;
}
