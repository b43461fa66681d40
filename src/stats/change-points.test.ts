import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Prng, prng } from "../base/prng.js";
import { changePoints } from "./change-points.js";

const normal = (random: Prng): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const level = (random: Prng, n: number, middle: number, sd = 0.02): number[] =>
  Array.from({ length: n }, () => middle * Math.exp(sd * normal(random)));

describe("change points", () => {
  it("are found where the level changes, and say by how much", () => {
    const random = prng(1);
    const [first, ...rest] = changePoints([...level(random, 20, 100), ...level(random, 15, 80)]);
    expect(rest).toEqual([]);
    expect(Math.abs(first!.at - 20)).toBeLessThanOrEqual(1);
    expect(first!.ratio).toBeCloseTo(0.8, 1);
  });

  it("are found one after another, in order of time", () => {
    const random = prng(2);
    const found = changePoints([...level(random, 15, 100), ...level(random, 15, 70), ...level(random, 15, 110)]);
    expect(found.map(({ at }) => Math.round(at / 15))).toEqual([1, 2]);
  });

  it("are few in a series that only wobbles, and none in a flat or a short one", () => {
    const random = prng(3);
    let alarms = 0;
    for (let run = 0; run < 100; run++) alarms += changePoints(level(random, 30, 100, 0.1)).length;
    expect(alarms).toBeLessThanOrEqual(4);
    expect(changePoints(Array.from({ length: 30 }, () => 7))).toEqual([]);
    expect(changePoints([1, 1, 1, 1, 9, 9, 9, 9])).toEqual([]);
  });

  it("do not care about a change below 3 %, nor about the unit", () => {
    const random = prng(4);
    expect(changePoints([...level(random, 20, 100, 0.001), ...level(random, 20, 102, 0.001)])).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 10, maxLength: 14 }), (figures) => {
        const places = (list: readonly number[]): number[] => changePoints(list).map(({ at }) => at);
        expect(places(figures.map((one) => one * 8))).toEqual(places(figures));
      }),
      { numRuns: 20 },
    );
  });
});
