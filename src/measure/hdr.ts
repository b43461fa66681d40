import { inflateSync } from "node:zlib";
import { build, encodeIntoCompressedBase64, type JsHistogram } from "hdr-histogram-js";
import type { HistogramCounts } from "./histogram.js";

/**
 * Between the sparse counts that trials carry and HdrHistogram (G. Tene, hdrhistogram.org), whose buckets give every
 * value three significant digits. Encoded histograms can be read by any HdrHistogram library.
 */

/** The largest latency that has a bucket: 2^32 − 1 µs, 71.6 minutes. */
export const HIGHEST_US = 2 ** 32 - 1;
const SIGNIFICANT_DIGITS = 3;

const newHistogram = (): JsHistogram =>
  build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    useWebAssembly: false,
  }) as JsHistogram;

const LAYOUT = newHistogram();

/** Lowest value in µs that shares the bucket of `valueUs`. */
export const bucketUs = (valueUs: number): number => LAYOUT.lowestEquivalentValue(valueUs);

export const EMPTY_COUNTS: HistogramCounts = {
  valuesUs: [],
  counts: [],
  minUs: 0,
  maxUs: 0,
  sumUs: 0,
  outOfRange: 0,
};

/** How many values were recorded. */
export const countOf = (histogram: HistogramCounts): number => histogram.counts.reduce((sum, count) => sum + count, 0);

/** @throws RangeError for a value that has no bucket: a recorder must count such values as out of range. */
export function toHdr(histogram: HistogramCounts): JsHistogram {
  const hdr = newHistogram();
  histogram.valuesUs.forEach((valueUs, i) => {
    const count = histogram.counts[i] ?? 0;
    if (!Number.isInteger(valueUs) || valueUs < 0 || valueUs > HIGHEST_US) {
      throw new RangeError(`${valueUs} µs has no bucket: expected an integer from 0 to ${HIGHEST_US}`);
    }
    if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is not a count`);
    if (count > 0) hdr.recordValueWithCount(valueUs, count);
  });
  return hdr;
}

/**
 * Values in µs below which the given shares (in per cent) of the entries lie: at most 0.1 % above the exact one, never
 * below it. Nulls where nothing was recorded.
 */
export function percentilesUs(histogram: HistogramCounts, percents: readonly number[]): (number | null)[] {
  if (histogram.counts.length === 0) return percents.map(() => null);
  const hdr = toHdr(histogram);
  // The top of a bucket can lie above the largest value that fell into it.
  return percents.map((percent) => Math.min(hdr.getValueAtPercentile(percent), histogram.maxUs));
}

export const percentileUs = (histogram: HistogramCounts, percent: number): number | null =>
  percentilesUs(histogram, [percent])[0] ?? null;

/** All entries of several histograms in one: the only right way to a percentile of them all. */
export function mergeCounts(histograms: readonly HistogramCounts[]): HistogramCounts {
  const filled = histograms.filter((one) => one.counts.length > 0);
  if (filled.length === 0) return EMPTY_COUNTS;
  const byValue = new Map<number, number>();
  for (const one of filled) {
    one.valuesUs.forEach((valueUs, i) => {
      byValue.set(valueUs, (byValue.get(valueUs) ?? 0) + (one.counts[i] ?? 0));
    });
  }
  const sorted = [...byValue].sort(([a], [b]) => a - b);
  return {
    valuesUs: sorted.map(([valueUs]) => valueUs),
    counts: sorted.map(([, count]) => count),
    minUs: filled.reduce((min, one) => Math.min(min, one.minUs), Number.POSITIVE_INFINITY),
    maxUs: filled.reduce((max, one) => Math.max(max, one.maxUs), 0),
    sumUs: filled.reduce((sum, one) => sum + one.sumUs, 0),
    outOfRange: filled.reduce((sum, one) => sum + one.outOfRange, 0),
  };
}

/** HdrHistogram's V2 compressed encoding in base64: every bucket, losslessly. */
export const toBase64 = (histogram: HistogramCounts): string => encodeIntoCompressedBase64(toHdr(histogram));

const COMPRESSED_COOKIE = 0x1c849314;
const PLAIN_COOKIE = 0x1c849313;
const HEADER_BYTES = 40;
/** A bucket takes nine bytes at most; anything longer is no histogram of ours. */
const LARGEST_PAYLOAD_BYTES = HEADER_BYTES + 9 * LAYOUT.countsArrayLength;

/**
 * Reads what `toBase64` wrote. Buckets and counts come back exactly; minimum, maximum and sum only as well as buckets
 * tell. Decoded here, not by the library: a report is untrusted, and the library follows a doctored run of zeros for hours.
 * @throws Error naming what is wrong with the text.
 */
export function fromBase64(text: string): HistogramCounts {
  const packed = Buffer.from(text, "base64");
  if (packed.length < 8 || packed.readUInt32BE(0) !== COMPRESSED_COOKIE) {
    throw new Error("not a V2 compressed HdrHistogram");
  }
  const length = packed.readUInt32BE(4);
  const plain = inflateSync(packed.subarray(8, 8 + length), { maxOutputLength: LARGEST_PAYLOAD_BYTES });
  if (plain.length < HEADER_BYTES || plain.readUInt32BE(0) !== PLAIN_COOKIE) {
    throw new Error("not a V2 HdrHistogram inside");
  }
  const digits = plain.readUInt32BE(12);
  const lowest = plain.readBigUInt64BE(16);
  if (digits !== SIGNIFICANT_DIGITS || lowest !== 1n) {
    throw new Error(
      `a histogram of ${digits} digits from ${lowest} up, expected ${SIGNIFICANT_DIGITS} digits from 1 µs`,
    );
  }
  return decodeCounts(plain.subarray(HEADER_BYTES, HEADER_BYTES + plain.readUInt32BE(4)));
}

/** ZigZag LEB128 words: a positive one is the count of the next bucket, a negative one a run of empty buckets. */
function decodeCounts(payload: Buffer): HistogramCounts {
  const valuesUs: number[] = [];
  const counts: number[] = [];
  let sumUs = 0;
  let bucket = 0;
  let at = 0;
  while (at < payload.length) {
    let word = 0n;
    let shift = 0n;
    let byte: number;
    do {
      byte = payload[at++] ?? 0;
      // The ninth byte has no continuation bit: it brings eight bits.
      word |= BigInt(shift === 56n ? byte : byte & 0x7f) << shift;
      shift += 7n;
    } while (byte >= 0x80 && shift < 63n);
    const value = Number((word >> 1n) ^ -(word & 1n));
    if (!Number.isSafeInteger(value)) throw new Error("a count beyond 2^53");
    if (value < 0) {
      bucket -= value;
      continue;
    }
    if (bucket >= LAYOUT.countsArrayLength) throw new Error("more buckets than a histogram has");
    if (value > 0) {
      const valueUs = LAYOUT.valueFromIndex(bucket);
      valuesUs.push(valueUs);
      counts.push(value);
      sumUs += LAYOUT.medianEquivalentValue(valueUs) * value;
    }
    bucket += 1;
  }
  const last = valuesUs.at(-1);
  return {
    valuesUs,
    counts,
    minUs: valuesUs[0] ?? 0,
    maxUs: last === undefined ? 0 : LAYOUT.highestEquivalentValue(last),
    sumUs,
    outOfRange: 0,
  };
}
