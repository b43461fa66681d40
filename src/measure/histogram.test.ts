import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BEYOND_RANGE_US, Histogram, highestValueUs, indexOf, lowestValueUs } from "./histogram.js";

const value = fc.integer({ min: 0, max: BEYOND_RANGE_US - 1 });

describe("histogram", () => {
  it("puts a value into the bucket whose bounds hold it, to three significant digits", () => {
    fc.assert(
      fc.property(value, (us) => {
        const index = indexOf(us);
        expect(lowestValueUs(index)).toBeLessThanOrEqual(us);
        expect(highestValueUs(index)).toBeGreaterThanOrEqual(us);
        expect(highestValueUs(index) - lowestValueUs(index)).toBeLessThanOrEqual(us / 1000);
      }),
    );
  });

  it("finds quantiles as sorting does, within the bucket's width", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const histogram = new Histogram();
          for (const us of values) histogram.record(us);
          const exact = [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1]!;
          expect(indexOf(histogram.quantileUs(share)!)).toBe(indexOf(exact));
        },
      ),
    );
  });

  it("merges to what one histogram would have counted", () => {
    fc.assert(
      fc.property(fc.array(value), fc.array(value), (left, right) => {
        const [a, b, both] = [new Histogram(), new Histogram(), new Histogram()];
        for (const us of left) a.record(us);
        for (const us of right) b.record(us);
        for (const us of [...left, ...right]) both.record(us);
        a.add(b.data());
        expect(a.toCounts()).toEqual(both.toCounts());
      }),
    );
  });

  it("counts a value beyond its range apart, and does not hide it", () => {
    const histogram = new Histogram();
    histogram.record(BEYOND_RANGE_US * 3);
    expect(histogram.toCounts()).toMatchObject({ outOfRange: 1, maxUs: BEYOND_RANGE_US * 3, counts: [1] });
  });
});
