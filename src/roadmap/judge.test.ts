import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeGain, usdPerMillion, verdictOf } from "./judge.js";
import { PUBLISHED_ROADMAP, readRoadmap } from "./stages.js";

const gain = (low: number, high: number, rounds = 5) => ({ ratio: Math.sqrt(low * high), low, high, rounds });
const LUA = { against: "Phase 2", atLeast: 1.3, expectedUpTo: 1.5 };
const SLOWER = { against: "Phase 1", below: 1 };

describe("a claim", () => {
  it.each([
    [LUA, gain(1.31, 1.45), "holds"],
    [LUA, gain(1.6, 6), "holds-and-more"],
    [LUA, gain(0.6, 1.29), "fails"],
    [LUA, gain(1.2, 1.4), "unclear"],
    [LUA, gain(2, 3, 4), "too-few-rounds"],
    [SLOWER, gain(0.9, 0.99), "holds"],
    [SLOWER, gain(1, 1.2), "fails"],
    [SLOWER, gain(0.9, 1.01), "unclear"],
  ])("%j, of %j, %s", (claim, measured, judgement) => expect(judgeGain(claim, measured)).toBe(judgement));

  it("is judged by its interval alone, and never both ways", () => {
    const ratios = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(ratios, ratios, ratios, (a, b, atLeast) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const judged = judgeGain({ against: "x", atLeast }, gain(low, high));
        expect(judged).toBe(low >= atLeast ? "holds" : high < atLeast ? "fails" : "unclear");
      }),
    );
  });

  it.each([
    [["holds", "holds-and-more", "holds"], "confirmed"],
    [["fails", "fails"], "refuted"],
    [["holds", "fails"], "depends"],
    [["holds", "unclear"], "depends"],
    [["unclear", "unclear"], "unclear"],
    [["holds", "too-few-rounds"], "too-few-rounds"],
    [[], "not-measured"],
  ] as const)("over variants %j is %s", (judgements, verdict) => expect(verdictOf(judgements)).toBe(verdict));
});

describe("the published roadmap", () => {
  it("has every published row, and prices", () => {
    const { stages, goal } = readRoadmap(PUBLISHED_ROADMAP);
    expect(goal).toEqual({ tps: 5000, p95Ms: 200, successRate: 0.99 });
    const rows = stages.map(({ name, published: { tps }, usdPerMonth }) => [name, ...tps, usdPerMonth]);
    expect(rows).toEqual([
      ["Phase 2", 4345, 4345, 300],
      ["Phase 1", 4320, 4320, null],
      ["Phase 1-3", 4175, 4175, null],
      ["Phase 3-1", 4780, 5000, 300],
      ["pipeline", 5200, 5600, 300],
      ["Phase 3-2", 5600, 6500, 300],
      ["Phase 3-3", 13_000, 13_000, 1050],
    ]);
  });

  it("costs two to three cents for a million entries at its goal", () => {
    expect(usdPerMillion(300, 5000)).toBeCloseTo(0.0228, 4);
    expect(usdPerMillion(1050, 13_000)).toBeCloseTo(0.0307, 4);
  });

  it("is refused where it is none, with what is wrong", () => {
    expect(() => readRoadmap("/none.json")).toThrow(/--roadmap \/none.json: there is no such file/);
    expect(() => readRoadmap(new URL("../../package.json", import.meta.url).pathname)).toThrow(/is no roadmap:\n/);
  });
});
