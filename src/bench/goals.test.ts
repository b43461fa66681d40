import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, judgeValues } from "./goals.js";
import { type Measurement, peersOf, QBENCH_SETTINGS } from "./setting.js";

const measured = (entriesPerSec: number, round: number): Measurement => ({
  round,
  order: 0,
  entriesPerSec,
  toldPerSec: entriesPerSec,
  serverBusy: 0.99,
  serverUsPerEntry: 7,
  generatorUsPerEntry: 2,
  eventLoopBusy: 0.2,
  limiter: "server",
  waiting: 1,
});
const rounds = (rates: readonly number[]) => rates.map(measured);
const PEER = "redis-benchmark -c 20 -P 16";
const ratioIn = (rates: readonly number[], peerRates: readonly number[]) =>
  judge({ "lua, shared": rounds(rates), [PEER]: rounds(peerRates) }).find(({ unit }) => unit === "×")!;

describe("goals", () => {
  it("speak of settings that are measured, and of every peer", () => {
    const settings = [...peersOf("redis-benchmark"), ...QBENCH_SETTINGS];
    expect(new Set(settings.map(({ name }) => name)).size).toBe(settings.length);
    const all = judge(Object.fromEntries(settings.map(({ name }) => [name, rounds([10, 11, 12])])));
    // Eight peers, two ratios of ioredis, ten figures of qbench.
    expect(all).toHaveLength(20);
    for (const { name } of peersOf("redis-benchmark")) expect(all.some(({ what }) => what.endsWith(name))).toBe(true);
  });

  it("compare round by round: what slows a whole round down changes nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.2, max: 5, noNaN: true }), { minLength: 3, maxLength: 9 }), (slow) => {
        const { got, low, high } = ratioIn(
          slow.map((factor) => 120_000 * factor),
          slow.map((factor) => 100_000 * factor),
        );
        expect(got).toBeCloseTo(1.2, 6);
        expect(low).toBeCloseTo(1.2, 6);
        expect(high).toBeCloseTo(1.2, 6);
      }),
    );
  });

  it("tell what is missed for sure from what the noise hides", () => {
    expect(ratioIn([101, 102, 103, 101, 102], [100, 100, 100, 100, 100]).reached).toBe("yes");
    expect(ratioIn([120, 80, 118, 83, 95], [100, 100, 100, 100, 100]).reached).toBe("within noise");
    expect(ratioIn([90, 91, 90, 89, 90], [100, 100, 100, 100, 100]).reached).toBe("no");
  });

  it("hold a figure against its bound from the right side", () => {
    const goal = { what: "x", unit: "µs", wanted: 3 } as const;
    expect(judgeValues({ ...goal, bound: "at most" }, [1, 2, 2.5])[0]).toMatchObject({ got: 2, reached: "yes" });
    expect(judgeValues({ ...goal, bound: "at most" }, [2, 4, 5])[0]).toMatchObject({ reached: "within noise" });
    expect(judgeValues({ ...goal, bound: "at least" }, [1, 2, 2.5])[0]).toMatchObject({ reached: "no" });
    expect(judgeValues({ ...goal, bound: "at least" }, [4])[0]).toMatchObject({ low: null, reached: "yes" });
    expect(judgeValues({ ...goal, bound: "at least" }, [])).toEqual([]);
  });

  it("say nothing of what was not measured", () => {
    expect(judge({})).toEqual([]);
    expect(judge({ "lua, shared": rounds([1, 2]), [PEER]: [measured(1, 7)] }).some(({ unit }) => unit === "×")).toBe(
      false,
    );
  });
});
