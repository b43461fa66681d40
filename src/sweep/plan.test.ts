import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateOf, fewestCells, firstWave, gridOf, keyOf, type Point, planWave } from "./plan.js";
import { linesAlong, nextWave } from "./refine.js";
import { planOf } from "./testing.js";

const numbers = (n: number): string => Array.from({ length: n }, (_, i) => i + 1).join(",");
const plans = fc
  .record({
    vus: fc.integer({ min: 2, max: 12 }),
    pool: fc.integer({ min: 2, max: 6 }),
    shared: fc.boolean(),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer({ min: 0, max: 1000 }),
  })
  .map(({ vus, pool, shared, share, seed }) => {
    const axes = [`vus=${numbers(vus)}`, `pool=${numbers(pool)}`, ...(shared ? ["connections=exclusive,shared"] : [])];
    const whole = planOf(axes, { seed, trials: 3 });
    const fewest = fewestCells(whole);
    return { ...whole, maxCells: Math.floor(fewest + share * (whole.maxCells - fewest)) };
  });

describe("a wave", () => {
  it("has every cell once in every round, in an order of its own, and one seed a round", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const points = firstWave(plan);
        const trials = planWave(plan, 0, points);
        expect(planWave(plan, 0, points)).toEqual(trials);
        const cells = points.flatMap((point) => plan.strategies.map((one) => `${keyOf(point)} ${one}`)).sort();
        for (let round = 0; round < plan.trials; round++) {
          const own = trials.filter((trial) => trial.round === round);
          expect(own.map(({ point, strategy }) => `${keyOf(point)} ${strategy}`).sort()).toEqual(cells);
          expect(own.map(({ order }) => order)).toEqual(own.map((_, i) => i));
          expect(new Set(own.map(({ seed }) => seed)).size).toBe(1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is the whole grid where it may be, else has the ends of every axis", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const points = firstWave(plan);
        expect(points.length * plan.strategies.length).toBeLessThanOrEqual(plan.maxCells);
        const keys = new Set(points.map(keyOf));
        expect(keys.size).toBe(points.length);
        const ends = gridOf(plan.axes).filter((point) =>
          point.every(
            (place, i) => !plan.axes[i]!.isNumeric || place === 0 || place === plan.axes[i]!.values.length - 1,
          ),
        );
        for (const end of ends) expect(keys).toContain(keyOf(end));
      }),
      { numRuns: 50 },
    );
    const whole = planOf(["vus=1,2,3", "pool=1,2"]);
    expect(firstWave(whole)).toEqual(gridOf(whole.axes));
  });
});

describe("refining", () => {
  it("measures as much as it may, nothing twice, and all of the grid if it may", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const known: Point[] = firstWave(plan);
        const figure = (point: Point, strategy: string): number => 1 + ((keyOf(point).length * strategy.length) % 5);
        for (let wave = 0; wave < 1000; wave++) {
          const next = nextWave(plan, known, figure, true);
          if (next.length === 0) break;
          known.push(...next);
        }
        expect(new Set(known.map(keyOf)).size).toBe(known.length);
        expect(known.length).toBe(
          Math.min(gridOf(plan.axes).length, Math.floor(plan.maxCells / plan.strategies.length)),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("goes where the leader changes first, then where figures are furthest apart", () => {
    const plan = planOf([`vus=${numbers(17)}`], { maxCells: 8 });
    const place = ([at = 0]: Point): number => at;
    // The leader changes between the middle and the end, the figures differ most between the beginning and the middle.
    const crossing = (point: Point, strategy: string): number =>
      strategy === "lua"
        ? 1000 - 100 * Math.min(8, place(point))
        : 190 - 0.1 * place(point) + (place(point) > 10 ? 50 : 0);
    const known: Point[] = [[0], [8], [16]];
    expect(nextWave(plan, known, crossing, true)).toEqual([[12]]);
    const steady = (point: Point, strategy: string): number => crossing(point, "lua") * (strategy === "lua" ? 2 : 1);
    expect(nextWave(plan, known, steady, true)).toEqual([[4]]);
  });

  it("sees lines along each axis in its order", () => {
    expect(
      linesAlong(
        [
          [2, 0],
          [0, 0],
          [1, 1],
          [0, 1],
        ],
        0,
      ),
    ).toEqual([
      [
        [0, 0],
        [2, 0],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ]);
  });
});

it("estimates the time, and knows none where entries are counted", () => {
  const plan = planOf(["vus=1,2"], { trials: 2 });
  expect(estimateOf(plan)).toEqual({ cells: 4, ms: 8 * (500 + 3000 + 250) });
  expect(estimateOf({ ...plan, scenario: { ...plan.scenario, entries: 10 } }).ms).toBeNull();
});
