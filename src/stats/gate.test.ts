import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Prng, prng } from "../base/prng.js";
import {
  FEWEST_PAIRS,
  type GateVerdict,
  judge,
  looksUpTo,
  MOST_PAIRS,
  overall,
  smallestEffect,
  worsening,
} from "./gate.js";

const LAST = looksUpTo(MOST_PAIRS).at(-1)!;
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const normal = (random: Prng): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** A whole gate of one metric: pairs are drawn until a look decides. */
function gate(draw: () => number, maxPairs = MOST_PAIRS): { verdict: GateVerdict; pairs: number } {
  const differences: number[] = [];
  for (const look of looksUpTo(maxPairs)) {
    while (differences.length < look.pairs) differences.push(draw());
    const { verdict } = judge(differences, look, 0.1, 1);
    if (verdict !== "inconclusive") return { verdict, pairs: differences.length };
  }
  return { verdict: "inconclusive", pairs: differences.length };
}

describe("looks", () => {
  it("are at 10, 16, 24 and 36 pairs and share one per cent", () => {
    expect(looksUpTo(36)).toEqual([
      { pairs: 10, alpha: 0.002 },
      { pairs: 16, alpha: 0.002 },
      { pairs: 24, alpha: 0.003 },
      { pairs: 36, alpha: 0.003 },
    ]);
  });

  it("end with the last pair that there may be, and never spend more than one per cent", () => {
    for (let most = FEWEST_PAIRS; most <= MOST_PAIRS; most++) {
      const looks = looksUpTo(most);
      expect(looks.at(-1)!.pairs).toBe(most);
      expect(looks.map(({ pairs }) => pairs)).toEqual([...new Set(looks.map(({ pairs }) => pairs))]);
      expect(looks.reduce((sum, { alpha }) => sum + alpha, 0)).toBeLessThanOrEqual(0.01 + 1e-12);
    }
  });
});

describe("judging", () => {
  const by = (factor: number, n = 36, spread = 0.01) =>
    times(n, (i) => Math.log(factor) + spread * (((i * 7) % n) / n - 0.5));

  it.each([
    ["twice as slow", by(2), "fail"],
    ["10 % slower", by(1.1), "fail"],
    ["5 % slower and sure: slower, though below the threshold", by(1.05), "fail"],
    ["2 % slower, however sure, is within 3 %", by(1.02), "pass"],
    ["the same", by(1), "pass"],
    ["faster", by(0.5), "pass"],
    ["anything from half to twice", by(1, 36, 1.4), "inconclusive"],
    ["all exactly equal", times(36, () => 0), "pass"],
  ] as const)("%s", (_, differences, verdict) => {
    expect(judge(differences, LAST, 0.1, 1).verdict).toBe(verdict);
  });

  it("needs all ten pairs to be worse at the first look, and with three metrics cannot fail there", () => {
    const look = looksUpTo(36)[0]!;
    const slower = by(1.5, 10);
    expect(judge(slower, look, 0.1, 1).verdict).toBe("fail");
    expect(judge(slower, look, 0.1, 2).verdict).toBe("fail");
    expect(judge(slower, look, 0.1, 3).verdict).toBe("inconclusive");
    expect(judge([...slower.slice(0, 8), -0.5, -0.5], look, 0.1, 1).verdict).toBe("inconclusive");
  });

  it("does not depend on which figure it is: throughput down and latency up by one factor weigh the same", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.integer({ min: 1, max: 1e6 }), (factor, base) => {
        const slower = worsening(base, base / factor, "higher-is-better");
        expect(slower).toBeCloseTo(worsening(base, base * factor, "lower-is-better"), 9);
        expect(slower).toBeCloseTo(Math.log(factor), 9);
      }),
    );
  });
});

describe("the smallest effect that is found nine times of ten", () => {
  const effect = (pairSd: number, pairs = 36, alpha = 0.003) => smallestEffect({ pairs, alpha, pairSd })!;

  it("is never below 3 %, and grows with the spread", () => {
    expect(effect(0)).toBeCloseTo(1.03, 9);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (sd, more) => {
          expect(effect(sd)).toBeGreaterThan(1.0299);
          expect(effect(sd + more)).toBeGreaterThan(effect(sd));
        },
      ),
    );
  });

  it("is none where so few pairs cannot fail", () => {
    expect(smallestEffect({ pairs: 10, alpha: 0.002 / 3, pairSd: 0.01 })).toBeNull();
    expect(smallestEffect({ pairs: 0, alpha: 0.002, pairSd: 0 })).toBeNull();
  });

  // Another seed than its own. It used to be found 52 to 76 times of a hundred.
  it.each([
    [10, 0.002, 1, 0.02],
    [10, 0.002, 2, 0.05],
    [16, 0.002, 2, 0.03],
    [24, 0.003, 1, 0.1],
    [36, 0.003, 1, 0.02],
    [36, 0.003, 1, 0.05],
    [36, 0.003, 2, 0.01],
  ])("with %i pairs, α %d of %i metrics and a spread of %d", (pairs, alpha, metrics, pairSd) => {
    const random = prng(pairs + metrics + 1000 * pairSd);
    const shift = Math.log(effect(pairSd, pairs, alpha / metrics));
    const draw = () => times(pairs, () => shift + pairSd * normal(random));
    const verdicts = times(500, () => judge(draw(), { pairs, alpha }, 0.1, metrics).verdict);
    const power = verdicts.filter((verdict) => verdict === "fail").length / verdicts.length;
    expect(power).toBeGreaterThan(0.86);
    expect(power).toBeLessThan(0.94);
  });
});

describe("several metrics", () => {
  it("fail with one, pass with all", () => {
    expect(overall(["pass", "fail", "inconclusive"])).toBe("fail");
    expect(overall(["pass", "inconclusive"])).toBe("inconclusive");
    expect(overall(["pass", "pass"])).toBe("pass");
    expect(overall([])).toBe("inconclusive");
  });
});

/** Seeded, so each is the same every time; margins are two standard errors of the simulation itself. */
describe("simulated gates", () => {
  const simulate = (runs: number, seed: number, draw: (random: Prng) => number) => {
    const random = prng(seed);
    const verdicts = times(runs, () => gate(() => draw(random)).verdict);
    return (verdict: GateVerdict) => verdicts.filter((one) => one === verdict).length / runs;
  };
  const slowdown = Math.log(1 / 0.9);

  it.each([0.02, 0.05, 0.1, 0.25])("of a thing with itself raise at most one alarm in a hundred, pair sd %s", (sd) => {
    expect(simulate(800, 1 + sd * 100, (random) => sd * normal(random))("fail")).toBeLessThan(0.01 + 0.007);
  });

  it("raise no more alarms where the spread has fat tails, or one side is disturbed now and then", () => {
    const fat = (random: Prng) => (0.05 * normal(random)) / Math.max(0.05, random.next());
    expect(simulate(800, 5, fat)("fail")).toBeLessThan(0.017);
  });

  it.each([0.05, 0.08, 0.1])("catch a slowdown by a tenth and let it pass hardly ever, pair sd %s", (sd) => {
    const share = simulate(500, 7 + sd * 100, (random) => slowdown + sd * normal(random));
    expect(share("fail")).toBeGreaterThan(0.95);
    expect(share("pass")).toBeLessThan(0.035);
  });

  it("pass what is unchanged", () => {
    expect(simulate(400, 9, (random) => 0.04 * normal(random))("pass")).toBeGreaterThan(0.98);
  });

  it("are inconclusive half the time where pairs differ by a quarter", () => {
    const share = simulate(400, 11, (random) => 0.25 * normal(random))("inconclusive");
    expect(share).toBeGreaterThan(0.35);
    expect(share).toBeLessThan(0.65);
  });
});
