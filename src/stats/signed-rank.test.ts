import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hodgesLehmann, signedRankBounds, signedRankP, smallestP } from "./signed-rank.js";

/** The same from first principles: every choice of signs is written out. */
function enumeratedP(differences: readonly number[]): number {
  const size = differences.map(Math.abs);
  const rank = size.map(
    (one) => size.filter((other) => other < one).length + (size.filter((other) => other === one).length + 1) / 2,
  );
  const nonZero = rank.filter((_, i) => differences[i] !== 0);
  const observed = rank.reduce((sum, one, i) => sum + (differences[i]! > 0 ? one : 0), 0);
  let reached = 0;
  for (let signs = 0; signs < 2 ** nonZero.length; signs++) {
    const sum = nonZero.reduce((total, one, i) => total + ((signs >> i) & 1 ? one : 0), 0);
    if (sum >= observed - 1e-9) reached++;
  }
  return reached / 2 ** nonZero.length;
}

const real = fc.double({ min: -1, max: 1, noNaN: true });
/** So far apart, if at all, that adding and halving them does not blur which one is larger. */
const rounded = real.map((one) => Math.round(one * 1e6) / 1e6 + 0);
/** Few values, so that ties and zeros are the rule. */
const coarse = fc.integer({ min: -3, max: 3 }).map((n) => n / 10);
const few = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: 1, maxLength: 11 });

describe("p of the signed ranks", () => {
  it("is the share of sign choices that reach the observed sum, with ties and zeros too", () => {
    fc.assert(
      fc.property(fc.oneof(few(real), few(coarse)), (differences) => {
        expect(signedRankP(differences)).toBeCloseTo(enumeratedP(differences), 12);
      }),
    );
  });

  it.each([
    // Wilcoxon's own distribution, as printed: P(T ≥ 54 | n = 10) = 2/1024, P(T ≥ 45 | n = 10) = 43/1024.
    ["one small negative of ten", [-1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2 / 1024],
    ["ten positive", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 1 / 1024],
    ["the tenth negative", [1, 2, 3, 4, 5, 6, 7, 8, 9, -10], 43 / 1024],
    ["all equal", [1, 1, 1, 1], 1 / 16],
    ["all zero", [0, 0, 0], 1],
    ["minus zero", [-0, 1], 1 / 2],
    ["none", [], 1],
  ])("%s", (_, differences, p) => expect(signedRankP(differences)).toBeCloseTo(p, 14));

  it("keeps its digits with as many pairs as a gate takes", () => {
    expect(signedRankP(Array.from({ length: 36 }, (_, i) => i + 1))).toBe(smallestP(36));
  });

  it("does not depend on order or unit, and of a difference and its reverse at least one is no surprise", () => {
    fc.assert(
      fc.property(few(coarse), fc.integer({ min: 1, max: 20 }), (differences, unit) => {
        const p = signedRankP(differences);
        expect(signedRankP([...differences].reverse().map((one) => one * unit))).toBeCloseTo(p, 12);
        expect(p + signedRankP(differences.map((one) => 0 - one))).toBeGreaterThanOrEqual(1 - 1e-12);
      }),
    );
  });

  it("falls when a difference grows", () => {
    fc.assert(
      fc.property(few(real), fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (differences, at, more) => {
        const grown = differences.map((one, i) => (i === at % differences.length ? one + more : one));
        // A zero that becomes positive is ranked from then on: without zeros the rule is strict.
        fc.pre(!differences.includes(0) && !grown.includes(0));
        expect(signedRankP(grown)).toBeLessThanOrEqual(signedRankP(differences) + 1e-12);
      }),
    );
  });

  it.each([[[Number.NaN]], [[Number.POSITIVE_INFINITY]], [Array.from({ length: 201 }, () => 1)]])(
    "refuses what is no difference, and too many: %j",
    (differences) => expect(() => signedRankP(differences)).toThrow(RangeError),
  );
});

describe("Hodges–Lehmann estimate", () => {
  it.each([
    [[1], 1],
    [[1, 3], 2],
    [[0, 1, 5], 1.75],
    // Hollander, Wolfe & Chicken, example 3.3: Hamilton's depression scale, estimate −0.46.
    [[-0.952, 0.147, -1.022, -0.43, -0.62, -0.59, -0.49, 0.08, -0.01], -0.46],
  ])("of %j is %s", (differences, estimate) => expect(hodgesLehmann(differences)).toBeCloseTo(estimate, 2));

  it("moves with the differences, and turns round with them", () => {
    fc.assert(
      fc.property(few(real), fc.double({ min: -5, max: 5, noNaN: true }), (differences, shift) => {
        const estimate = hodgesLehmann(differences);
        expect(hodgesLehmann(differences.map((one) => one + shift))).toBeCloseTo(estimate + shift, 9);
        expect(hodgesLehmann(differences.map((one) => 0 - one)) + estimate).toBeCloseTo(0, 12);
      }),
    );
  });

  it("has nothing to say of nothing", () => expect(() => hodgesLehmann([])).toThrow(RangeError));
});

describe("bounds", () => {
  it("invert the test: whatever lies beyond a bound is refused by the enumerated test, and the estimate never is", () => {
    const confidences = fc.constantFrom(0.9, 0.95, 0.9875, 0.998);
    fc.assert(
      fc.property(fc.uniqueArray(rounded, { minLength: 2, maxLength: 9 }), confidences, (differences, confidence) => {
        const { low, high } = signedRankBounds(differences, confidence);
        const isRefused = (centre: number): boolean =>
          enumeratedP(differences.map((one) => one - centre)) <= (1 - confidence) * (1 + 1e-9);
        expect(low).toBeLessThanOrEqual(hodgesLehmann(differences));
        expect(high).toBeGreaterThanOrEqual(hodgesLehmann(differences));
        if (smallestP(differences.length) > 1 - confidence) {
          expect([low, high]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
          return;
        }
        const near = differences.flatMap((a) => differences.map((b) => (a + b) / 2));
        const gap = Math.min(...near.map((one) => Math.abs(one - low)).filter((far) => far > 0), 1e-3) / 2;
        fc.pre(gap > 1e-9);
        expect(isRefused(low - gap)).toBe(true);
        expect(isRefused(low + gap)).toBe(false);
      }),
    );
  });

  it("of ten differences, at 98.75 %, are the sixth Walsh averages from each end", () => {
    // P(T ≤ 5 | n = 10) = 10/1024, P(T ≤ 6 | n = 10) = 14/1024.
    const differences = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    const averages = differences.flatMap((a, i) => differences.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
    expect(signedRankBounds(differences, 0.9875)).toEqual({ low: averages[5], high: averages.at(-6) });
  });
});
