import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import { describe, expect, it } from "vitest";
import {
  bucketUs,
  countOf,
  EMPTY_COUNTS,
  fromBase64,
  HIGHEST_US,
  mergeCounts,
  percentilesUs,
  percentileUs,
  toBase64,
  toHdr,
} from "./hdr.js";
import type { HistogramCounts } from "./histogram.js";

/** What a recorder makes of these latencies. */
function countsOf(latenciesUs: readonly number[]): HistogramCounts {
  const byBucket = new Map<number, number>();
  for (const us of latenciesUs) byBucket.set(bucketUs(us), (byBucket.get(bucketUs(us)) ?? 0) + 1);
  const sorted = [...byBucket].sort(([a], [b]) => a - b);
  return {
    valuesUs: sorted.map(([value]) => value),
    counts: sorted.map(([, count]) => count),
    minUs: latenciesUs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    maxUs: latenciesUs.reduce((a, b) => Math.max(a, b), 0),
    sumUs: latenciesUs.reduce((a, b) => a + b, 0),
    outOfRange: 0,
  };
}

/** Latencies of every magnitude, not only huge ones. */
const latency = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.double({ min: 1, max: 2, noNaN: true, maxExcluded: true }))
  .map(([magnitude, mantissa]) => Math.floor(2 ** magnitude * mantissa));
const latencies = fc.array(latency, { minLength: 1, maxLength: 200 });

describe("histogram encoding", () => {
  it("brings every bucket back, also through another reader of the format", () => {
    fc.assert(
      fc.property(latencies, fc.integer({ min: 1, max: 2 ** 40 }), (values, factor) => {
        const made = countsOf(values);
        const histogram = { ...made, counts: made.counts.map((count) => count * factor) };
        const text = toBase64(histogram);
        const back = fromBase64(text);
        expect(back.valuesUs).toEqual(histogram.valuesUs);
        expect(back.counts).toEqual(histogram.counts);
        const library = decodeFromCompressedBase64(text, 64);
        expect(library.totalCount).toBe(countOf(histogram));
        expect(library.getValueAtPercentile(50)).toBe(toHdr(histogram).getValueAtPercentile(50));
      }),
      { numRuns: 60 },
    );
  });

  it("encodes an empty histogram and the ends of the range", () => {
    expect(fromBase64(toBase64(EMPTY_COUNTS)).counts).toEqual([]);
    const ends = countsOf([0, 1, 3_600_000_000, HIGHEST_US]);
    expect(fromBase64(toBase64(ends)).valuesUs).toEqual(ends.valuesUs);
  });

  it("refuses what is no histogram of ours, quickly", () => {
    const wrap = (plain: Buffer): string => {
      const packed = deflateSync(plain);
      const head = Buffer.alloc(8);
      head.writeUInt32BE(0x1c849314, 0);
      head.writeUInt32BE(packed.length, 4);
      return Buffer.concat([head, packed]).toString("base64");
    };
    const header = (payload: Buffer, digits = 3): Buffer => {
      const head = Buffer.alloc(40);
      head.writeUInt32BE(0x1c849313, 0);
      head.writeUInt32BE(payload.length, 4);
      head.writeUInt32BE(digits, 12);
      head.writeBigUInt64BE(1n, 16);
      head.writeBigUInt64BE(BigInt(HIGHEST_US), 24);
      return Buffer.concat([head, payload]);
    };
    expect(() => fromBase64("")).toThrow("not a V2 compressed");
    expect(() => fromBase64("not base64 at all!")).toThrow("not a V2 compressed");
    expect(() => fromBase64(wrap(Buffer.from("short")))).toThrow("not a V2 HdrHistogram inside");
    expect(() => fromBase64(wrap(header(Buffer.alloc(0), 5)))).toThrow("5 digits");
    expect(() => fromBase64(wrap(Buffer.alloc(50_000_000)))).toThrow();
    // A run of 2^40 empty buckets, then a count: the library would walk them one by one.
    const longRun = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0x02]);
    expect(() => fromBase64(wrap(header(longRun)))).toThrow("more buckets");
  });
});

describe("percentiles", () => {
  it("are those of the sorted values, to three digits and never below", () => {
    fc.assert(
      fc.property(latencies, fc.constantFrom(1, 25, 50, 90, 95, 99, 99.9, 100), (values, percent) => {
        const sorted = [...values].sort((a, b) => a - b);
        const rank = Math.max(1, Math.ceil((percent * values.length) / 100 - 1e-9));
        const exact = sorted[rank - 1]!;
        const found = percentileUs(countsOf(values), percent)!;
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(Math.max(exact, exact * 1.001));
        expect(found).toBeLessThanOrEqual(sorted.at(-1)!);
      }),
    );
  });

  it("are null where nothing was recorded", () => {
    expect(percentilesUs(EMPTY_COUNTS, [50, 99])).toEqual([null, null]);
  });
});

describe("merging", () => {
  it("is the histogram of all values together, in any order", () => {
    fc.assert(
      fc.property(latencies, latencies, fc.array(latency, { maxLength: 50 }), (a, b, c) => {
        const whole = countsOf([...a, ...b, ...c]);
        const parts = [a, b, c].map((values) => (values.length === 0 ? EMPTY_COUNTS : countsOf(values)));
        expect(mergeCounts(parts)).toEqual(whole);
        expect(mergeCounts(parts.reverse())).toEqual(whole);
      }),
    );
    expect(mergeCounts([])).toEqual(EMPTY_COUNTS);
  });

  it("adds up the values out of range", () => {
    const one = { ...countsOf([5]), outOfRange: 2 };
    expect(mergeCounts([one, one]).outOfRange).toBe(4);
  });
});

describe("a value without a bucket", () => {
  it.each([-1, 1.5, HIGHEST_US + 1, Number.NaN])("is an error, not a neighbour: %s µs", (valueUs) => {
    expect(() => toHdr({ ...EMPTY_COUNTS, valuesUs: [valueUs], counts: [1] })).toThrow("has no bucket");
  });
});
