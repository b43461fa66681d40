import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prng } from "../base/prng.js";
import { wilsonInterval } from "./proportion.js";

const counted = fc
  .record({ cases: fc.integer({ min: 1, max: 10_000_000 }), part: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ cases, part }) => ({ cases, count: Math.round(part * cases) }));

describe("Wilson's interval", () => {
  it.each([
    // By the formula in exact arithmetic; the first two are in every textbook.
    [0, 10, 0, 0.277533],
    [5, 10, 0.236593, 0.763407],
    [1, 10, 0.0178762131, 0.4041500268],
    [10, 10, 0.722467, 1],
    [3, 1_000_000, 1.020271241e-6, 8.821149774e-6],
    [0, 1_000_000, 0, 3.841444064e-6],
  ])("%d of %d", (count, cases, low, high) => {
    const found = wilsonInterval(count, cases);
    expect(found.share).toBe(count / cases);
    expect(found.low / (low || 1)).toBeCloseTo(low === 0 ? 0 : 1, 5);
    expect(found.high / high).toBeCloseTo(1, 5);
  });

  it("holds the share, within 0 and 1, and mirrors its complement", () => {
    fc.assert(
      fc.property(counted, ({ cases, count }) => {
        const { share, low, high } = wilsonInterval(count, cases);
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(share);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(high).toBeGreaterThan(low);
        const other = wilsonInterval(cases - count, cases);
        expect(other.low).toBeCloseTo(1 - high, 12);
        expect(other.high).toBeCloseTo(1 - low, 12);
      }),
    );
  });

  it("is the set of shares that the count does not contradict: its ends solve the score test", () => {
    fc.assert(
      fc.property(counted, ({ cases, count }) => {
        const { share, low, high } = wilsonInterval(count, cases);
        for (const end of [low, high]) {
          if (end === 0 || end === 1) continue;
          const score = Math.abs(share - end) / Math.sqrt((end * (1 - end)) / cases);
          expect(score).toBeCloseTo(1.959964, 4);
        }
      }),
    );
  });

  it("covers the true share about as often as it says, for rare ones too", () => {
    const random = prng(5);
    for (const [true_, cases] of [
      [0.3, 200],
      [0.02, 2000],
    ] as const) {
      let held = 0;
      for (let run = 0; run < 1000; run++) {
        let count = 0;
        for (let i = 0; i < cases; i++) if (random.next() < true_) count++;
        const { low, high } = wilsonInterval(count, cases);
        if (low <= true_ && true_ <= high) held++;
      }
      expect(held).toBeGreaterThan(925);
      expect(held).toBeLessThan(975);
    }
  });

  it.each([
    [1, 0],
    [-1, 5],
    [6, 5],
    [Number.NaN, 5],
  ])("refuses %d of %d", (count, cases) => {
    expect(() => wilsonInterval(count, cases)).toThrow(RangeError);
  });
});
