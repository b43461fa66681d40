import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../measure/histogram.js";
import type { SegmentResult } from "../worker/segment.js";
import { mergeCounts, mergeHistograms, mergeTallies } from "./merge.js";

describe("merging the instances of a trial", () => {
  it("gives the histogram that one instance would have recorded", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(10_000_000), { maxLength: 30 }), { maxLength: 4 }), (parts) => {
        const whole = new Histogram();
        const histograms = parts.map((values) => {
          const one = new Histogram();
          for (const value of values) {
            one.record(value);
            whole.record(value);
          }
          return one.data();
        });
        expect(mergeHistograms(histograms)).toEqual(whole.toCounts());
      }),
    );
  });

  it("adds up entries; every attempt has one end", () => {
    const one = { attempted: 10, answers: { NEW: 4, WAITING: 2, ACTIVE: 1 }, failures: { timeout: 2, OOM: 1 } };
    const rest = { inDoubt: 1, unsent: 2, dropped: 0 };
    const other = {
      attempted: 1,
      answers: { NEW: 1, WAITING: 0, ACTIVE: 0 },
      failures: {},
      inDoubt: 0,
      unsent: 0,
      dropped: 3,
    };
    const merged = mergeCounts([{ ...one, ...rest }, other] as unknown as SegmentResult[]);
    expect(merged).toEqual({
      attempted: 11,
      succeeded: 8,
      failed: 3,
      inDoubt: 1,
      unsent: 2,
      dropped: 3,
      new: 5,
      waiting: 2,
      active: 1,
    });
  });

  it("adds up counts by name, also where one part does not know the name", () => {
    expect(mergeTallies([{ a: 1, b: 2 }, {}, { b: 3, c: 4 }])).toEqual({ a: 1, b: 5, c: 4 });
  });
});
