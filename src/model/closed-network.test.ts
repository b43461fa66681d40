import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { delay, queue, type Station, solve } from "./closed-network.js";
import { simulate } from "./testing.js";

const demands = fc.array(fc.double({ min: 1, max: 200, noNaN: true }), { minLength: 1, maxLength: 4 });
const delays = fc.double({ min: 0, max: 5000, noNaN: true });
const customers = fc.integer({ min: 1, max: 120 });
const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
const networkOf = (demandsUs: readonly number[], delayUs: number): Station[] => [
  ...demandsUs.map(queue),
  ...(delayUs > 0 ? [delay(delayUs)] : []),
];

/** Mean value analysis as the textbook has it. */
function meanValueAnalysis(demandsUs: readonly number[], delayUs: number, most: number): number {
  let perUs = 0;
  let waiting = demandsUs.map(() => 0);
  for (let n = 1; n <= most; n++) {
    const times = demandsUs.map((demand, i) => demand * (1 + waiting[i]!));
    perUs = n / (delayUs + total(times));
    waiting = times.map((time) => perUs * time);
  }
  return perUs;
}

const rateOf = (stations: readonly Station[], n: number): number => solve(stations, n).perUs.at(-1)!;

describe("a closed network", () => {
  it("is what mean value analysis says of it", () => {
    fc.assert(
      fc.property(demands, delays, customers, (demandsUs, delayUs, n) => {
        const solved = rateOf(networkOf(demandsUs, delayUs), n);
        expect(solved / meanValueAnalysis(demandsUs, delayUs, n)).toBeCloseTo(1, 8);
      }),
    );
  });

  it("keeps within the asymptotic bounds, and one customer meets nobody", () => {
    fc.assert(
      fc.property(demands, delays, customers, (demandsUs, delayUs, n) => {
        const { perUs, busy } = solve(networkOf(demandsUs, delayUs), n);
        const all = total(demandsUs) + delayUs;
        for (const [k, rate] of perUs.entries()) {
          expect(rate).toBeLessThanOrEqual((1 / Math.max(...demandsUs)) * (1 + 1e-9));
          expect(rate).toBeLessThanOrEqual((k / all) * (1 + 1e-9));
          if (k > 0) expect(rate).toBeGreaterThanOrEqual(perUs[k - 1]! * (1 - 1e-9));
        }
        expect(perUs[1]).toBeCloseTo(1 / all, 12);
        // The law of utilisation.
        for (const [i, demand] of demandsUs.entries()) expect(busy[i]).toBeCloseTo(perUs.at(-1)! * demand, 8);
      }),
    );
  });

  it("has a closed form where all stations are alike", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.double({ min: 1, max: 99, noNaN: true }),
        customers,
        (m, us, n) => {
          const balanced = n / ((n + m - 1) * us);
          expect(
            rateOf(
              Array.from({ length: m }, () => queue(us)),
              n,
            ) / balanced,
          ).toBeCloseTo(1, 9);
          expect(rateOf([{ ...queue(us * m), count: m }], n) / balanced).toBeCloseTo(1, 9);
        },
      ),
    );
  });

  it("has the twins of a station that it would have one by one", () => {
    const turning: Station["demandUs"] = (present) => 4 + 30 / present;
    const apart = { demandUs: (present: number) => turning(present) / 3 };
    const one = solve([{ demandUs: turning, count: 3 }, queue(5), delay(100)], 40);
    const three = solve([apart, apart, apart, queue(5), delay(100)], 40);
    expect(one.perUs.at(-1)! / three.perUs.at(-1)!).toBeCloseTo(1, 9);
    expect(one.busy[0]).toBeCloseTo(three.busy[0]!, 9);
  });

  it("in lumps is nearly what it is one by one", () => {
    fc.assert(
      fc.property(demands, delays, (demandsUs, delayUs) => {
        const stations = [
          ...networkOf(demandsUs, delayUs),
          { demandUs: (present: number) => 3 + (40 + Math.min(present, 20) * 9) / present },
        ];
        expect(solve(stations, 300, 100).perUs.at(-1)! / rateOf(stations, 300)).toBeCloseTo(1, 1);
      }),
      { numRuns: 30 },
    );
  });

  it("does not lose itself in very large and very small numbers", () => {
    const { perUs, lump } = solve([{ demandUs: (n) => 0.4 + 300 / n }, queue(0.3), delay(6e6)], 2_000_000);
    expect(lump).toBe(5000);
    expect(perUs.every(Number.isFinite)).toBe(true);
    expect(perUs.at(-1)).toBeCloseTo(2_000_000 / 6e6, 1);
    expect(() => solve([queue(1)], 0)).toThrow(RangeError);
  });

  it.each([
    ["one server and a delay", [() => 30], 400, 12],
    ["two servers", [() => 30, () => 22], 0, 9],
    ["work that is cheaper together", [(n: number) => 6 + 40 / n, (n: number) => 5 + 25 / n], 150, 16],
  ])("is what a simulation of it does: %s", (_, servers, delayUs, n) => {
    const stations = servers.map((demandUs) => ({ demandUs }));
    const simulated = simulate({ stations, delayUs, customers: n, places: n, entries: 40_000, seed: 7 });
    const solved = rateOf([...stations, ...(delayUs > 0 ? [delay(delayUs)] : [])], n);
    expect(simulated.perUs / solved).toBeCloseTo(1, 1);
  });
});
