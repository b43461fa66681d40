import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Score } from "../queue/outcome.js";
import { strategyNamed } from "../strategies/index.js";
import { parseInfo, type Snapshot } from "../targets/server-snapshot.js";
import { callsInDoubt, serverFigures } from "./figures.js";
import { counterWarnings } from "./trial-warnings.js";

const ENTRIES = {
  attempted: 0,
  succeeded: 0,
  failed: 0,
  inDoubt: 0,
  unsent: 0,
  dropped: 0,
  new: 0,
  waiting: 0,
  active: 0,
};

describe("how busy a server was", () => {
  /** When its main thread had used so much CPU, ms. */
  const at = (atMs: number, cpuMs: number): Snapshot =>
    new Map([
      [
        "",
        parseInfo(
          `run_id:a\r\nserver_time_usec:${1000 * atMs}\r\nused_cpu_user_main_thread:${cpuMs / 1000}\r\nused_cpu_sys_main_thread:0\r\n`,
        ),
      ],
    ]);
  const busy = (
    cpuMs: number,
    loadMs: number | undefined,
    between = { before: at(5000, 700), after: at(5160, 700 + cpuMs) },
  ) =>
    serverFigures(between, {
      entries: ENTRIES,
      strategy: strategyNamed("lua"),
      score: "timestamp",
      machine: null,
      ...(loadMs === undefined ? {} : { loadMs }),
    }).cpuUtilization;

  it("is its share of the load's time, not of the time between the looks at its counters", () => {
    expect(busy(96, 100)).toBeCloseTo(0.96);
    expect(busy(40, 100)).toBeCloseTo(0.4);
    expect(busy(40, undefined)).toBeCloseTo(0.25);
    // What others had it do while nothing was measured cannot make it busier than it can be.
    expect(busy(130, 100)).toBe(1);
  });

  it("is not known of one that could not be asked again", () => {
    expect(busy(0, 100, { before: at(5000, 700), after: at(5000, 700) })).toBeNull();
  });
});

describe("what failed", () => {
  const NAMES = ["individual", "dedup", "pipeline", "lua", "pipeline-blind", "multi", "individual=90+lua=10"];

  it("never makes the counts of server and generator differ by more than is allowed for, and others' calls beyond it do", () => {
    const trial = fc.record({
      name: fc.constantFrom(...NAMES),
      score: fc.constantFrom<Score>("timestamp", "sequence"),
      succeeded: fc.integer({ min: 1, max: 50 }),
      // Of each entry that failed: how many of its commands were sent, and how many of these were carried out.
      failed: fc.array(fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100)), { maxLength: 30 }),
      unsent: fc.nat(30),
      others: fc.integer({ min: 1, max: 1000 }),
    });
    fc.assert(
      fc.property(trial, ({ name, score, succeeded, failed, unsent, others }) => {
        const whole = strategyNamed(name);
        const single = whole.parts?.map(({ strategy }) => strategy) ?? [whole];
        let sent = 0;
        let counted = 0;
        for (let i = 0; i < succeeded; i++) {
          const { commands } = single[i % single.length]!.cost(score).NEW;
          sent += commands.length;
          counted += commands.length;
        }
        for (const [a, b, c] of failed) {
          const cost = single[a % single.length]!.cost(score).NEW;
          const handed = 1 + (b % cost.commands.length);
          const arrived = c % (handed + 1);
          sent += handed;
          counted += arrived;
          if (arrived > 0) counted += Object.values(cost.innerCalls).reduce((sum, calls) => sum + calls, 0);
        }
        const entries = { failed: failed.length + unsent, unsent };
        const inDoubt = callsInDoubt(whole, score, entries, 0);
        const snapshots = { server: { before: new Map(), after: new Map() }, restarted: false };
        const codes = (more: number): string[] =>
          counterWarnings(succeeded + failed.length, { sent, counted: counted + more, inDoubt }, snapshots, false).map(
            ({ code }) => code,
          );
        expect(codes(0)).toEqual([]);
        if (failed.length === 0) expect(codes(Math.ceil(0.01 * counted))).toEqual(["counters-disagree"]);
        expect(codes(2 * inDoubt + 10 * others + counted)).toEqual(["counters-disagree"]);
      }),
    );
  });

  it("leaves no doubt where nothing was sent for it", () => {
    expect(callsInDoubt(strategyNamed("individual"), "timestamp", { failed: 7, unsent: 7 }, 0)).toBe(0);
    // A position that was asked for may be lost as well.
    expect(callsInDoubt(strategyNamed("individual"), "timestamp", { failed: 0, unsent: 0 }, 2)).toBe(6);
  });
});
