/** Counts of HDR buckets that are not empty: value in µs (lowest equivalent of its bucket) and how often. */
export interface HistogramCounts {
  /** Ascending. */
  readonly valuesUs: readonly number[];
  readonly counts: readonly number[];
  readonly minUs: number;
  readonly maxUs: number;
  readonly sumUs: number;
  /** Values beyond the trackable range; they are in `counts` as the largest value, and in `maxUs` as they are. */
  readonly outOfRange: number;
}

/**
 * A histogram to record into on the hot path: HdrHistogram's own bucket layout for three significant digits (2048
 * sub-buckets, unit 1 µs; hdrhistogram.org), as one flat array. Recording is a shift and an increment; the counts go
 * into HdrHistogram's form only when a report is written.
 */
const SUB_BUCKETS = 2048;
const HALF = SUB_BUCKETS / 2;
const SUB_BUCKET_BITS = 11;
/** Values from here on (36 minutes in µs) are counted apart. */
export const BEYOND_RANGE_US = 2 ** 31;
const BUCKETS = 31 - SUB_BUCKET_BITS + 1;
export const HISTOGRAM_LENGTH = (BUCKETS + 1) * HALF;

export class Histogram {
  readonly counts: Uint32Array<ArrayBuffer>;
  minUs = Number.POSITIVE_INFINITY;
  maxUs = 0;
  sumUs = 0;
  outOfRange = 0;

  constructor(counts = new Uint32Array(HISTOGRAM_LENGTH)) {
    this.counts = counts;
  }

  /** Counts one value, in µs; the fraction is cut off. */
  static of(data: HistogramData): Histogram {
    const histogram = new Histogram();
    histogram.add(data);
    return histogram;
  }

  record(valueUs: number): void {
    if (valueUs < this.minUs) this.minUs = valueUs;
    if (valueUs > this.maxUs) this.maxUs = valueUs;
    this.sumUs += valueUs;
    if (valueUs >= BEYOND_RANGE_US) {
      this.outOfRange++;
      this.counts[HISTOGRAM_LENGTH - 1]!++;
      return;
    }
    this.counts[indexOf(valueUs | 0)]!++;
  }

  /** Adds what another histogram counted. */
  add(other: HistogramData): void {
    for (let i = 0; i < HISTOGRAM_LENGTH; i++) this.counts[i]! += other.counts[i]!;
    if (other.minUs < this.minUs) this.minUs = other.minUs;
    if (other.maxUs > this.maxUs) this.maxUs = other.maxUs;
    this.sumUs += other.sumUs;
    this.outOfRange += other.outOfRange;
  }

  clear(): void {
    this.counts.fill(0);
    this.minUs = Number.POSITIVE_INFINITY;
    this.maxUs = 0;
    this.sumUs = 0;
    this.outOfRange = 0;
  }

  data(): HistogramData {
    const { counts, minUs, maxUs, sumUs, outOfRange } = this;
    return { counts, minUs, maxUs, sumUs, outOfRange };
  }

  /** What is not empty, for the report. */
  toCounts(): HistogramCounts {
    const valuesUs: number[] = [];
    const counts: number[] = [];
    for (let i = 0; i < HISTOGRAM_LENGTH; i++) {
      const count = this.counts[i]!;
      if (count === 0) continue;
      valuesUs.push(lowestValueUs(i));
      counts.push(count);
    }
    const isEmpty = counts.length === 0;
    return {
      valuesUs,
      counts,
      minUs: isEmpty ? 0 : Math.floor(this.minUs),
      maxUs: Math.floor(this.maxUs),
      sumUs: this.sumUs,
      outOfRange: this.outOfRange,
    };
  }

  /** Adds counts alone, as another thread shows them: the smallest, the largest and the sum stay as they are. */
  addCounts(counts: Uint32Array): void {
    for (let i = 0; i < HISTOGRAM_LENGTH; i++) this.counts[i]! += counts[i]!;
  }

  /** The value below or at which a share (0 … 1) of the counts lies, in µs; null without counts. */
  quantileUs(share: number): number | null {
    let total = 0;
    for (let i = 0; i < HISTOGRAM_LENGTH; i++) total += this.counts[i]!;
    if (total === 0) return null;
    const wanted = Math.max(1, Math.ceil(share * total));
    let seen = 0;
    for (let i = 0; i < HISTOGRAM_LENGTH; i++) {
      seen += this.counts[i]!;
      if (seen >= wanted) return highestValueUs(i);
    }
    return null;
  }
}

/** A histogram's content as `postMessage` takes it. */
export interface HistogramData {
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly minUs: number;
  readonly maxUs: number;
  readonly sumUs: number;
  readonly outOfRange: number;
}

export function indexOf(valueUs: number): number {
  if (valueUs < SUB_BUCKETS) return valueUs;
  const bucket = 32 - SUB_BUCKET_BITS - Math.clz32(valueUs);
  return bucket * HALF + (valueUs >> bucket);
}

/** The smallest value that is counted at `index`. */
export function lowestValueUs(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const bucket = Math.floor(index / HALF) - 1;
  return (index - bucket * HALF) * 2 ** bucket;
}

/** The largest value that is counted at `index`: what HdrHistogram reports for a percentile. */
export function highestValueUs(index: number): number {
  const bucket = index < SUB_BUCKETS ? 0 : Math.floor(index / HALF) - 1;
  return lowestValueUs(index) + 2 ** bucket - 1;
}
