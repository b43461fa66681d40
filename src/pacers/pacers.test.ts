import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PACERS } from "./index.js";

const ratePerSec = fc.double({ min: 0.5, max: 1e6, noNaN: true });

describe("constant arrivals", () => {
  it("of all segments together are due at k / rate, none missing, none twice", () => {
    fc.assert(
      fc.property(ratePerSec, fc.integer({ min: 1, max: 8 }), (rate, count) => {
        const due = Array.from({ length: count }, (_, index) => {
          const pacer = PACERS.constant({ ratePerSec: rate, index, count, seed: 1 });
          return Array.from({ length: 20 }, () => pacer.nextUs());
        });
        const merged = due.flat().sort((a, b) => a - b);
        expect(merged).toEqual(Array.from({ length: 20 * count }, (_, k) => (k * 1e6) / rate));
      }),
    );
  });
});

describe("Poisson arrivals", () => {
  it("never go back, and repeat with the seed", () => {
    fc.assert(
      fc.property(ratePerSec, fc.nat(), (rate, seed) => {
        const times = (): number[] => {
          const pacer = PACERS.poisson({ ratePerSec: rate, index: 0, count: 1, seed });
          return Array.from({ length: 50 }, () => pacer.nextUs());
        };
        const first = times();
        expect(first).toEqual([...first].sort((a, b) => a - b));
        expect(times()).toEqual(first);
      }),
    );
  });

  it("have the asked rate, and gaps whose deviation equals their mean", () => {
    const pacer = PACERS.poisson({ ratePerSec: 1000, index: 1, count: 4, seed: 7 });
    const times = Array.from({ length: 40_000 }, () => pacer.nextUs());
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    // Four standard errors of a mean of 40,000 exponential gaps of 4 ms.
    expect(Math.abs(mean / 4000 - 1)).toBeLessThan(0.02);
    expect(Math.abs(deviation / mean - 1)).toBeLessThan(0.04);
  });
});
