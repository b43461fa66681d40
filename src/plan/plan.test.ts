import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTimeMs, planRun } from "./plan.js";

const scenarios = fc.record({
  strategies: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 7 }),
  trials: fc.integer({ min: 1, max: 30 }),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

describe("planRun", () => {
  it("runs every strategy once in every round, rounds one after another", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const plan = planRun(scenario);
        expect(plan.length).toBe(scenario.trials * scenario.strategies.length);
        for (let round = 0; round < scenario.trials; round++) {
          const trials = plan.slice(round * scenario.strategies.length, (round + 1) * scenario.strategies.length);
          expect(trials.map((trial) => trial.round)).toEqual(trials.map(() => round));
          expect(trials.map((trial) => trial.order)).toEqual(trials.map((_, order) => order));
          expect(trials.map((trial) => trial.strategy).sort()).toEqual([...scenario.strategies].sort());
        }
      }),
    );
  });

  it("gives the same plan for the same seed", () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        expect(planRun({ ...scenario })).toEqual(planRun(scenario));
      }),
    );
  });

  it("gives the strategies of a round one seed, and each round another", () => {
    const plan = planRun({ strategies: ["a", "b", "c"], trials: 50, seed: 7 });
    const seeds = new Set(plan.map((trial) => `${trial.round}:${trial.seed}`));
    expect(seeds.size).toBe(50);
    expect(new Set(plan.map((trial) => trial.seed)).size).toBe(50);
  });

  it("keeps the first rounds when rounds are added", () => {
    const scenario = { strategies: ["a", "b", "c"], trials: 3, seed: 11 };
    expect(planRun({ ...scenario, trials: 9 }).slice(0, 9)).toEqual(planRun(scenario));
  });

  it("puts each strategy at each place about equally often", () => {
    const plan = planRun({ strategies: ["a", "b", "c", "d"], trials: 1000, seed: 1 });
    for (const strategy of ["a", "b", "c", "d"]) {
      for (const order of [0, 1, 2, 3]) {
        const times = plan.filter((trial) => trial.strategy === strategy && trial.order === order).length;
        // 250 expected, standard deviation 14: five of them.
        expect(Math.abs(times - 250)).toBeLessThan(70);
      }
    }
  });
});

describe("loadTimeMs", () => {
  const scenario = { strategies: ["a", "b"], trials: 5, warmupMs: 500, durationMs: 3000, entries: null };
  it("adds up warm-ups and measured times", () => expect(loadTimeMs(scenario)).toBe(35_000));
  it("is not known where entries are counted", () => expect(loadTimeMs({ ...scenario, entries: 10 })).toBeNull());
});
