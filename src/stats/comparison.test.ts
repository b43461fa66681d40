import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Prng, prng } from "../base/prng.js";
import { type Comparison, comparePairs, compareSamples, type Pair } from "./comparison.js";

/** A normal deviate (Box–Muller). */
const normal = (random: Prng): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

const figure = fc.double({ min: 1, max: 1e6, noNaN: true });
const pair = fc.record({ candidate: figure, baseline: figure });
const pairs = fc.array(pair, { minLength: 2, maxLength: 20 });
const SWAPPED = {
  faster: "slower",
  slower: "faster",
  "no-difference": "no-difference",
  "too-few-rounds": "too-few-rounds",
  "not-comparable": "not-comparable",
} as const;

const near = (a: number | null, b: number | null): void => {
  expect(a === null).toBe(b === null);
  if (a !== null && b !== null) expect(a / b).toBeCloseTo(1, 8);
};

describe("paired comparison", () => {
  it("gives the interval that the textbook formula gives", () => {
    // ln ratios 0.1 … 0.5: mean 0.3, sd √0.025, t(0.975, 4) = 2.7764 → margin 0.19632.
    const list: Pair[] = [0.1, 0.2, 0.3, 0.4, 0.5].map((d) => ({ candidate: 100 * Math.exp(d), baseline: 100 }));
    const result = comparePairs(list, "higher-is-better");
    expect(result.ratio).toBeCloseTo(Math.exp(0.3), 10);
    expect(result.low).toBeCloseTo(Math.exp(0.3 - 0.19632), 4);
    expect(result.high).toBeCloseTo(Math.exp(0.3 + 0.19632), 4);
    expect(result).toMatchObject({ verdict: "faster", rounds: 5, leftOut: 0 });
  });

  it("turns round with its sides", () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const there = comparePairs(list, "higher-is-better");
        const back = comparePairs(
          list.map((one) => ({ candidate: one.baseline, baseline: one.candidate })),
          "higher-is-better",
        );
        near(back.ratio, 1 / there.ratio!);
        near(back.low, 1 / there.high!);
        near(back.high, 1 / there.low!);
        expect(back.verdict).toBe(SWAPPED[there.verdict]);
      }),
    );
  });

  it("does not depend on the unit, nor on a round that was slow for both, nor on the order of rounds", () => {
    fc.assert(
      fc.property(pairs, fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 20 }), (list, slow) => {
        const plain = comparePairs(list, "higher-is-better");
        const scaled = list
          .map((one, i) => ({ candidate: one.candidate * slow[i]!, baseline: one.baseline * slow[i]! }))
          .reverse();
        const other = comparePairs(scaled, "higher-is-better");
        near(other.ratio, plain.ratio);
        near(other.low, plain.low);
        near(other.high, plain.high);
      }),
    );
  });

  it("calls a smaller latency faster", () => {
    const list = times(6, (i) => ({ candidate: 80 + i, baseline: 100 + i }));
    expect(comparePairs(list, "lower-is-better").verdict).toBe("faster");
    expect(comparePairs(list, "higher-is-better").verdict).toBe("slower");
  });

  it("gives no verdict with fewer than five rounds, however clear", () => {
    const clear = (n: number): Comparison =>
      comparePairs(
        times(n, () => ({ candidate: 300, baseline: 100 })),
        "higher-is-better",
      );
    expect(clear(0)).toMatchObject({ ratio: null, low: null, high: null, verdict: "too-few-rounds", rounds: 0 });
    expect(clear(1)).toMatchObject({ ratio: expect.closeTo(3, 9), low: null, verdict: "too-few-rounds" });
    expect(clear(4)).toMatchObject({ low: expect.closeTo(3, 9), verdict: "too-few-rounds" });
    expect(clear(5).verdict).toBe("faster");
  });

  it("leaves out rounds in which either side has no figure, and counts them", () => {
    const good = times(5, (i) => ({ candidate: 200 + i, baseline: 100 + i }));
    const bad: Pair[] = [
      { candidate: null, baseline: 100 },
      { candidate: 100, baseline: null },
      { candidate: 0, baseline: 0 },
    ];
    const result = comparePairs([...bad, ...good], "higher-is-better");
    expect(result).toEqual({ ...comparePairs(good, "higher-is-better"), leftOut: 3 });
    expect(comparePairs([...good.slice(1), ...bad], "higher-is-better").verdict).toBe("too-few-rounds");
  });

  it("is none where one side alone served nobody, whatever the other rounds say", () => {
    fc.assert(
      fc.property(pairs, figure, fc.nat(), (list, other, place) => {
        const at = place % (list.length + 1);
        for (const silent of [
          { candidate: 0, baseline: other },
          { candidate: other, baseline: 0 },
        ]) {
          expect(comparePairs([...list.slice(0, at), silent, ...list.slice(at)], "higher-is-better")).toEqual({
            ratio: null,
            low: null,
            high: null,
            verdict: "not-comparable",
            rounds: list.length,
            leftOut: 1,
          });
        }
      }),
    );
  });

  it("asks for three per cent, however narrow the interval", () => {
    const by = (ratio: number) => times(8, (i) => ({ candidate: (100 + i) * ratio, baseline: 100 + i }));
    expect(comparePairs(by(1.029), "higher-is-better").verdict).toBe("no-difference");
    expect(comparePairs(by(1.031), "higher-is-better").verdict).toBe("faster");
    expect(comparePairs(by(1 / 1.029), "higher-is-better").verdict).toBe("no-difference");
    expect(comparePairs(by(1 / 1.031), "higher-is-better").verdict).toBe("slower");
  });

  it("says 'no difference' of a thing compared with itself in at least 95 of 100 runs, on a drifting machine", () => {
    const random = prng(20260730);
    for (const [rounds, sd] of [
      [5, 0.02],
      [5, 0.2],
      [12, 0.1],
    ] as const) {
      const runs = 2000;
      let alarms = 0;
      for (let run = 0; run < runs; run++) {
        let level = 50_000;
        const list = times(rounds, () => {
          level *= Math.exp(0.3 * normal(random));
          return { candidate: level * Math.exp(sd * normal(random)), baseline: level * Math.exp(sd * normal(random)) };
        });
        if (comparePairs(list, "higher-is-better").verdict !== "no-difference") alarms += 1;
      }
      // Two standard errors of the simulation itself above 5 %.
      expect(alarms / runs).toBeLessThan(0.05 + 2 * Math.sqrt((0.05 * 0.95) / runs));
    }
  });

  it("finds a true difference, and its interval holds the true ratio 95 times of 100", () => {
    const random = prng(4);
    const runs = 4000;
    let held = 0;
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const list = times(5, () => ({
        candidate: 120 * Math.exp(0.04 * normal(random)),
        baseline: 100 * Math.exp(0.04 * normal(random)),
      }));
      const result = comparePairs(list, "higher-is-better");
      if (result.low! <= 1.2 && 1.2 <= result.high!) held += 1;
      if (result.verdict === "faster") found += 1;
    }
    expect(held / runs).toBeGreaterThan(0.94);
    expect(held / runs).toBeLessThan(0.96);
    expect(found / runs).toBeGreaterThan(0.95);
  });
});

describe("comparison of runs measured apart", () => {
  it("gives Welch's interval", () => {
    // ln: a 1, 2, 3, 4, 5 (variance 2.5); b 2, 4, 6, 8, 10 (variance 10): se √2.5, df 5.882, t(0.975) = 2.4587.
    const exp = (list: number[]): number[] => list.map(Math.exp);
    const result = compareSamples(exp([1, 2, 3, 4, 5]), exp([2, 4, 6, 8, 10]), "higher-is-better");
    expect(Math.log(result.ratio!)).toBeCloseTo(-3, 10);
    expect(Math.log(result.low!)).toBeCloseTo(-3 - 2.4587 * Math.sqrt(2.5), 3);
    expect(result).toMatchObject({ verdict: "no-difference", rounds: 5, leftOut: 0 });
  });

  it("turns round with its sides and ignores the unit", () => {
    const list = fc.array(figure, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(list, list, fc.double({ min: 0.001, max: 1000, noNaN: true }), (a, b, unit) => {
        const there = compareSamples(a, b, "higher-is-better");
        const back = compareSamples(
          b.map((one) => one * unit),
          a.map((one) => one * unit),
          "higher-is-better",
        );
        near(back.ratio, 1 / there.ratio!);
        near(back.high, 1 / there.low!);
        expect(back.verdict).toBe(SWAPPED[there.verdict]);
      }),
    );
  });

  it("copes with no spread, one trial and no trial", () => {
    const same = times(5, () => 100);
    expect(
      compareSamples(
        times(5, () => 110),
        same,
        "higher-is-better",
      ),
    ).toMatchObject({ verdict: "faster" });
    expect(compareSamples(same, same, "higher-is-better")).toMatchObject({
      ratio: 1,
      low: 1,
      high: 1,
      verdict: "no-difference",
    });
    expect(compareSamples([110], same, "higher-is-better")).toMatchObject({ low: null, verdict: "too-few-rounds" });
    expect(compareSamples([], same, "higher-is-better")).toMatchObject({ ratio: null, verdict: "too-few-rounds" });
    expect(compareSamples([null, 110], same, "higher-is-better").leftOut).toBe(1);
  });

  it("is none where a trial of either served nobody", () => {
    const [fast, same] = [times(5, (i) => 110 + i), times(5, (i) => 100 + i)];
    for (const [a, b] of [[[...fast, 0], same] as const, [fast, [0, ...same]] as const]) {
      expect(compareSamples(a, b, "higher-is-better")).toMatchObject({
        ratio: null,
        verdict: "not-comparable",
        leftOut: 1,
      });
    }
  });

  it("raises few alarms over a thing compared with itself", () => {
    const random = prng(99);
    const runs = 2000;
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      const draw = (n: number, sd: number): number[] => times(n, () => 1000 * Math.exp(sd * normal(random)));
      if (compareSamples(draw(5, 0.05), draw(9, 0.15), "higher-is-better").verdict !== "no-difference") alarms += 1;
    }
    expect(alarms / runs).toBeLessThan(0.06);
  });
});
