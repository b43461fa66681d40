import { describe, expect, it } from "vitest";
import { environmentError, QbenchError } from "../base/errors.js";
import { AUDIT, type TrialShape, trialOf } from "../report/testing.js";
import { parseThresholds } from "../report/thresholds.js";
import type { Mix } from "../scenario/scenario.js";
import { EVERY_KIND_OF_USER, orderOf } from "./plan.js";
import { type GateOutcome, runGate } from "./procedure.js";
import type { SideTrial } from "./sides.js";
import { fakeSides, PLAN, SCENARIOS, SILENT, wobble } from "./testing.js";

const NEVER = new AbortController().signal;

const gate = async (
  shapeOf: (trial: SideTrial) => TrialShape,
  change: Partial<typeof PLAN> = {},
  kind?: "embedded" | "url",
): Promise<GateOutcome & { asked: SideTrial[] }> => {
  const { sides, asked } = fakeSides(shapeOf, kind);
  return { ...(await runGate({ ...PLAN, ...change }, SCENARIOS, sides, SILENT, NEVER)), asked };
};

const slower = (factor: number) => (trial: SideTrial) => ({
  tps: Math.round((10_000 / (trial.side === "candidate" ? factor : 1)) * wobble(trial)),
});
const timed = (asked: readonly SideTrial[]) => asked.filter(({ scenario }) => scenario === SCENARIOS.base);

describe("pairs", () => {
  it("pass what is the same after ten pairs", async () => {
    const { verdict, pairs, reasons, metrics } = await gate(slower(1));
    expect([verdict, pairs.length, reasons]).toEqual(["pass", 10, []]);
    expect(metrics.map(({ figure, judgement }) => [figure, judgement.verdict])).toEqual([
      ["tps", "pass"],
      ["p99", "pass"],
    ]);
  });

  it("fail what is slower, and say by how much", async () => {
    const { verdict, reasons } = await gate(slower(1.25));
    expect(verdict).toBe("fail");
    expect(reasons[0]).toMatch(/^lua: tps is worse by 2\d\.\d %$/);
  });

  it("go on to the last look where it is not clear, and end inconclusive", async () => {
    const wild = (trial: SideTrial) => ({
      tps: 10_000 + 6_000 * Math.sin(11 * trial.pair + (trial.side === "base" ? 0 : 1)),
    });
    const { verdict, pairs } = await gate((trial) => ({ tps: Math.round(wild(trial).tps) }), { maxPairs: 20 });
    expect([verdict, pairs.length]).toEqual(["inconclusive", 20]);
  });

  it("run back to back, in an order drawn from the seed, both sides with one seed, drawn anew for each pair", async () => {
    const { asked } = await gate(slower(1));
    const pairs = timed(asked);
    const order: string[] = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const [first, second] = [pairs[i]!, pairs[i + 1]!];
      expect([first.pair, first.order, second.order]).toEqual([second.pair, 0, 1]);
      expect(new Set([first.side, second.side]).size).toBe(2);
      expect(first.seed).toBe(second.seed);
      order.push(first.side);
    }
    expect(new Set(pairs.map(({ seed }) => seed)).size).toBe(10);
    expect(new Set(order).size).toBe(2);
    expect(timed((await gate(slower(1))).asked).map(({ side, seed }) => [side, seed])).toEqual(
      pairs.map(({ side, seed }) => [side, seed]),
    );
  });

  it("draw which side is first evenly, and independently for each pair", () => {
    const first = Array.from({ length: 2000 }, (_, pair) => orderOf(7, pair, "lua")[0]);
    const base = first.filter((side) => side === "base").length;
    expect(Math.abs(base - 1000)).toBeLessThan(4 * Math.sqrt(500));
    const changes = first.filter((side, i) => i > 0 && side !== first[i - 1]).length;
    expect(Math.abs(changes - 1000)).toBeLessThan(4 * Math.sqrt(500));
  });

  it("compare several cases in each pair, each by itself, and share α among them", async () => {
    const cases = ["lua", "dedup"].map((name) => ({ name, base: name, candidate: name }));
    const { verdict, pairs, metrics, reasons } = await gate(
      (trial) => slower(trial.strategy === "dedup" ? 1.5 : 1)(trial),
      { cases, metrics: ["tps"] },
    );
    expect(verdict).toBe("fail");
    expect(reasons).toEqual([expect.stringMatching(/^dedup: tps/)]);
    expect(pairs.filter((pair) => pair.case === "lua").length).toBe(10);
    expect(metrics.map(({ judgement }) => judgement.alpha)).toEqual([0.001, 0.001]);
  });
});

describe("exact counts", () => {
  const more = (candidate: number) => (trial: SideTrial) => ({ calls: trial.side === "candidate" ? candidate : 4 });

  it("fail a candidate that needs one call more, after one trial", async () => {
    const { verdict, pairs, reasons, asked } = await gate(more(5));
    expect([verdict, pairs.length, asked.length]).toEqual(["fail", 0, 2]);
    expect(reasons).toEqual(["lua: callsPerEntry went up from 4 to 5; if that is meant, --allow-more callsPerEntry"]);
  });

  it("let it be where it may, and where it needs less", async () => {
    const allowed = await gate(more(5), { metrics: [], allowMore: ["callsPerEntry"] });
    expect(allowed.verdict).toBe("pass");
    expect(allowed.exact.find(({ figure }) => figure === "callsPerEntry")?.verdict).toBe("allowed");
    expect((await gate(more(3), { metrics: [] })).verdict).toBe("pass");
  });

  it("are counted from as many entries on both sides, without a clock in it", async () => {
    const { asked } = await gate(more(4), { metrics: [] });
    for (const { scenario } of asked) {
      expect(scenario).toMatchObject({ entries: 2000, warmupMs: 0, ratePerSec: null, thinkTimeMs: 0 });
    }
  });

  it("fail errors of the server, but are counted again after a timeout, which is nobody's fault", async () => {
    const errors = (trial: SideTrial): TrialShape =>
      trial.side === "candidate" ? { timeouts: 3, change: { failures: { ERR: 3 } } } : {};
    expect((await gate(errors, { metrics: [] })).reasons).toEqual(["lua: errors went up from 0 to 3"]);
    const late = await gate((trial) => (trial.side === "candidate" ? { calls: 2, timeouts: 3 } : {}), { metrics: [] });
    const both = await gate(() => ({ timeouts: 3 }), { metrics: [] });
    expect(both.exact.map(({ verdict }) => verdict)).toEqual([
      "not-comparable",
      "not-comparable",
      "not-comparable",
      "same",
    ]);
    expect(late.asked.length).toBe(6);
    expect(late.verdict).toBe("inconclusive");
    expect(late.warnings.map(({ code }) => code)).toContain("not-comparable");
  });

  it("are counted of new users alone where the sides draw the others unlike, if the audit looks at the answers", async () => {
    const { entries } = trialOf("lua", 0);
    const unlike = (coverage: "users" | "none") => (trial: SideTrial) =>
      trial.side === "candidate" && trial.scenario.mix.waiting > 0
        ? { change: { entries: { ...entries, waiting: 7 }, audit: { ...AUDIT, coverage } } }
        : {};
    const apart = await gate(unlike("users"), { metrics: [] });
    expect([apart.verdict, apart.warnings.map(({ code }) => code)]).toEqual(["pass", ["counted-apart"]]);
    expect(apart.asked.map(({ scenario }) => scenario.mix.new)).toEqual([70, 70, 70, 70, 100, 100]);
    expect((await gate(unlike("none"), { metrics: [] })).verdict).toBe("inconclusive");
  });

  it("must repeat on a server that others may use", async () => {
    let counted = 0;
    const disturbed = (trial: SideTrial) => ({ calls: trial.side === "candidate" ? 5 + counted++ : 4 });
    const { verdict, exact } = await gate(disturbed, { metrics: [] }, "url");
    expect(verdict).toBe("inconclusive");
    expect(exact.find(({ figure }) => figure === "callsPerEntry")?.verdict).toBe("not-comparable");
    expect((await gate(more(5), { metrics: [] }, "url")).verdict).toBe("fail");
  });
});

describe("anomalies", () => {
  const found = (order: number, exercised?: readonly ("lost" | "order-broken")[]): TrialShape => ({
    change: {
      audit: {
        ...AUDIT,
        ...(exercised === undefined ? {} : { exercised }),
        anomalies: order > 0 ? { "order-broken": order } : {},
      },
    },
  });
  const of = async (shapeOf: (trial: SideTrial) => TrialShape, change: Partial<typeof PLAN> = {}) => {
    const outcome = await gate(shapeOf, { metrics: [], ...change });
    const { verdict } = outcome.anomalies.find(({ kind }) => kind === "order-broken")!;
    return { ...outcome, ofOrder: verdict };
  };
  const by = (base: number, candidate: number) => of(({ side }) => found(side === "base" ? base : candidate));

  it("that the base does not show fail the candidate, if they come each time", async () => {
    const { verdict, reasons, ofOrder, asked } = await by(0, 300);
    expect([verdict, ofOrder, asked.length]).toEqual(["fail", "new", 8]);
    expect(reasons).toEqual([
      "lua: the audit found what the base does not show: order-broken 300; if that is meant, --allow-more anomalies",
    ]);
    const chance = await of(({ side, pair }) => found(side === "candidate" && pair < 3 ? 1 : 0));
    expect([chance.verdict, chance.ofOrder, chance.warnings.map(({ code }) => code)]).toEqual([
      "pass",
      "unsteady",
      ["anomalies"],
    ]);
  });

  it("are let be where they may, and where the base shows them too", async () => {
    const allowed = await of(({ side }) => found(side === "base" ? 0 : 300), { allowMore: ["anomalies"] });
    expect([allowed.verdict, allowed.ofOrder]).toEqual(["pass", "allowed"]);
    const more = await by(5, 9);
    expect([more.verdict, more.ofOrder, more.warnings.length]).toEqual(["pass", "more", 0]);
    expect([(await by(9, 5)).ofOrder, (await by(0, 0)).ofOrder]).toEqual(["no-more", "none"]);
  });

  it("that could not be seen are not taken for absent", async () => {
    expect((await of(() => found(0, ["lost"]))).ofOrder).toBe("not-exercised");
    const blind = await of(() => ({ change: { audit: { ...AUDIT, coverage: "none" } } }));
    expect([blind.ofOrder, blind.warnings.map(({ code }) => code)]).toEqual(["not-audited", ["not-audited"]]);
  });

  it("are looked for with users of every kind, unless the scenario says with whom", async () => {
    const mixOf = async (countedMix: Mix | null) =>
      (await of(() => found(0), { countedMix })).asked.map(({ scenario }) => scenario.mix.active);
    expect(await mixOf(EVERY_KIND_OF_USER)).toEqual([10, 10]);
    expect(await mixOf(null)).toEqual([0, 0]);
  });
});

describe("limits", () => {
  it("on exact figures fail before the first pair", async () => {
    const { verdict, asked, thresholds } = await gate(slower(1), {
      thresholds: parseThresholds(["callsPerEntry>0.5"], ["lua"]),
    });
    expect([verdict, asked.length]).toEqual(["fail", 2]);
    expect(thresholds).toEqual([
      { expression: "callsPerEntry>0.5", strategy: "lua", figure: "callsPerEntry", value: 1, failed: true },
    ]);
  });

  it("on times fail where no times are measured", async () => {
    const thresholds = parseThresholds(["tps<1"], ["lua"]);
    const told = await gate(slower(1), { metrics: [], thresholds });
    expect([told.verdict, told.pairs.length]).toEqual(["fail", 0]);
    expect(told.thresholds).toMatchObject([{ figure: "tps", value: null, failed: true }]);
  });

  it("on times are held against the candidate's trials, and outvote a pass", async () => {
    const { verdict, pairs } = await gate(slower(1), { thresholds: parseThresholds(["tps<1M"], ["lua"]) });
    expect([verdict, pairs.length]).toEqual(["fail", 10]);
    expect((await gate(slower(1), { thresholds: parseThresholds(["tps<1"], ["lua"]) })).verdict).toBe("pass");
  });
});

describe("what goes wrong is never a pass", () => {
  it.each(["base", "candidate"])("a promise that the %s breaks, while counting or in a pair", async (side) => {
    const broken = {
      change: { audit: { ...AUDIT, ok: false, anomalies: { lost: 2 }, brokenPromises: ["lost" as const] } },
    };
    const reason = `${side}: the audit found what is promised never to show: lost`;
    const counting = await gate((trial) => (trial.side === side ? broken : {}));
    expect(counting).toMatchObject({ verdict: "fail", reasons: [reason], pairs: [], brokenPromises: ["lost"] });
    const later = await gate((trial) => (trial.side === side && trial.pair === 4 ? broken : {}));
    expect([later.verdict, later.reasons, later.pairs.length]).toEqual(["fail", [reason], 10]);
  });

  it.each([
    ["the server restarted", { change: { serverRestarted: true as const } }],
    ["the trial was cut short", { change: { complete: false } }],
    ["nothing succeeded", { tps: 0 }],
  ])("%s", async (_, shape) => {
    const { verdict, error } = await gate((trial) => (trial.pair === 3 ? shape : {}));
    expect(verdict).toBeNull();
    expect(error?.exitCode).toBe(3);
  });

  it("an error in the middle is told with what was measured until then", async () => {
    const { verdict, error, pairs } = await gate((trial) => {
      if (trial.pair === 4) throw environmentError("the server went away");
      return {};
    });
    expect([verdict, error?.message, pairs.length]).toEqual([null, "the server went away", 4]);
  });

  it("an error at the start, and a bug at any time, is thrown", async () => {
    const fail = (error: Error, pair: number) =>
      gate((trial) => {
        if (trial.pair === pair) throw error;
        return {};
      });
    await expect(fail(environmentError("no server"), 0)).rejects.toThrow("no server");
    await expect(fail(new TypeError("a bug"), 5)).rejects.toThrow(TypeError);
  });

  it("an interrupt ends it within a trial", async () => {
    const controller = new AbortController();
    const { sides } = fakeSides((trial) => {
      if (trial.pair === 2) controller.abort("SIGTERM");
      return {};
    });
    const { verdict, error, pairs } = await runGate(PLAN, SCENARIOS, sides, SILENT, controller.signal);
    expect([verdict, error?.exitCode, pairs.length]).toEqual([null, 143, 2]);
    expect(error).toBeInstanceOf(QbenchError);
  });
});
