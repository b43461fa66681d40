import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prng } from "../base/prng.js";
import { crossoversIn, scaleOf } from "./crossover.js";

const exact = (at: number, value: number) => ({ at, values: [value, value, value] });
const AXIS = [0, 1, 2, 4, 8];

/** Standard normal, by the sum of twelve. */
const normal = (random: ReturnType<typeof prng>): number =>
  Array.from({ length: 12 }, () => random.next()).reduce((sum, one) => sum + one, -6);

describe("crossoversIn", () => {
  it("finds where a straight line goes through nothing, whichever way it goes", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 7.99, noNaN: true }),
        fc.constantFrom(-2, -0.1, 0.1, 2),
        (crossing, slope) => {
          const found = crossoversIn(
            AXIS.map((at) => exact(at, slope * (at - crossing))),
            "linear",
          );
          expect(found).toHaveLength(1);
          expect(found[0]!.at).toBeCloseTo(crossing, 6);
          expect(found[0]!.isRising).toBe(slope > 0);
          expect(found[0]!.low!).toBeCloseTo(crossing, 3);
          expect(found[0]!.high!).toBeCloseTo(crossing, 3);
        },
      ),
    );
  });

  it("tells every crossing once, also one that lies on a value itself, and no mere touch", () => {
    const at = (values: number[]) =>
      crossoversIn(
        values.map((value, i) => exact(AXIS[i]!, value)),
        "linear",
      );
    expect(at([-1, 1, -1, 1]).map((one) => one.isRising)).toEqual([true, false, true]);
    expect(at([-1, 0, 1]).map((one) => one.at)).toEqual([1]);
    expect(at([-1, 0, 0, 1]).map((one) => one.at)).toEqual([1]);
    expect(at([-1, 0, -1])).toEqual([]);
    expect(at([1, 2, 3])).toEqual([]);
    expect(at([0, 1])).toEqual([]);
    expect(at([1, 0])).toEqual([]);
  });

  it("leaves an end open that lies beyond what was measured, and both with one round", () => {
    const noisy = (mean: number) => [mean - 0.5, mean, mean + 0.5];
    const [found] = crossoversIn(
      [
        { at: 0, values: noisy(-0.1) },
        { at: 1, values: noisy(3) },
      ],
      "linear",
    );
    expect(found).toMatchObject({ low: null, isRising: true });
    expect(found!.high).toBeLessThan(1);
    const [alone] = crossoversIn([exact(0, -1), { at: 1, values: [1] }], "linear");
    expect(alone).toMatchObject({ at: 0.5, low: null, high: null });
  });

  it("holds the true crossing in 95 of 100 sweeps, at least about", () => {
    const random = prng(11);
    const [truth, rounds, sweeps] = [2.7, 5, 200];
    let held = 0;
    for (let sweep = 0; sweep < sweeps; sweep++) {
      const points = AXIS.map((at) => ({
        at,
        values: Array.from({ length: rounds }, () => 0.15 * (at - truth) + 0.06 * normal(random)),
      }));
      const found = crossoversIn(points, "linear");
      if (found.some(({ low, high }) => (low ?? -1) <= truth && truth <= (high ?? 9))) held++;
    }
    // 190 expected where it is exact, a standard deviation of 3; between two values it is on the safe side.
    expect(held).toBeGreaterThan(180);
  });

  it("interpolates by the logarithm where the axis is wide", () => {
    expect([scaleOf([100, 1000, 10_000]), scaleOf([0, 10_000]), scaleOf([10, 50])]).toEqual([
      "log",
      "linear",
      "linear",
    ]);
    const [found] = crossoversIn([exact(100, -1), exact(10_000, 1)], "log");
    expect(found!.at).toBeCloseTo(1000, 6);
  });
});
