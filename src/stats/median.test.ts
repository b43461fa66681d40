import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prng } from "../base/prng.js";
import { median, medianInterval } from "./median.js";

// Plus 0: no −0, which is no other number than 0.
const value = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((one) => one + 0);
const values = fc.array(value, { minLength: 1, maxLength: 40 });

describe("median", () => {
  it("is the middle of the sorted values", () => {
    expect(median([3])).toBe(3);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });

  it("leaves as many values below as above, whatever their order", () => {
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list);
        expect(list.filter((one) => one < middle).length).toBeLessThanOrEqual(list.length / 2);
        expect(list.filter((one) => one > middle).length).toBeLessThanOrEqual(list.length / 2);
        expect(median([...list].reverse())).toBe(middle);
      }),
    );
  });
});

describe("the interval of a median", () => {
  it("is the range of fewer than six values, and says what that covers", () => {
    expect(medianInterval([7])).toEqual({ median: 7, low: 7, high: 7, coverage: 0 });
    expect(medianInterval([5, 1, 4, 2, 3])).toEqual({ median: 3, low: 1, high: 5, coverage: 0.9375 });
  });

  // Tabled ranks for a 95 % interval of the median: n = 6 and 8 → 1st and last, 9 → 2nd, 15 → 4th, 20 → 6th, 30 → 10th.
  it.each([
    [6, 1],
    [8, 1],
    [9, 2],
    [15, 4],
    [20, 6],
    [30, 10],
  ])("of %d values goes from the tabled rank %d to its mirror image", (n, rank) => {
    const list = Array.from({ length: n }, (_, i) => i + 1);
    expect(medianInterval(list)).toMatchObject({ low: rank, high: n + 1 - rank });
    expect(medianInterval(list).coverage).toBeGreaterThanOrEqual(0.95);
  });

  it("holds the median", () => {
    fc.assert(
      fc.property(values, (list) => {
        const { low, high, median: middle } = medianInterval(list);
        expect(low).toBeLessThanOrEqual(middle);
        expect(high).toBeGreaterThanOrEqual(middle);
      }),
    );
  });

  it("holds the true median as often as it promises, of a skewed distribution too", () => {
    const random = prng(7);
    const repeats = 4000;
    for (const n of [5, 9, 20]) {
      let held = 0;
      let promised = 0;
      for (let i = 0; i < repeats; i++) {
        const { low, high, coverage } = medianInterval(Array.from({ length: n }, () => -Math.log(1 - random.next())));
        if (low <= Math.LN2 && Math.LN2 <= high) held += 1;
        promised = coverage;
      }
      expect(Math.abs(held / repeats - promised)).toBeLessThan(0.015);
    }
  });
});
