import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnomalyKind } from "../queue/anomaly.js";
import { SCORES, type Score } from "../queue/outcome.js";
import { STRATEGIES as ALL } from "../strategies/index.js";
import type { Strategy } from "../strategies/strategy.js";
import { loadScripts } from "../strategies/testing.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { explore, type Race, Stage } from "./testing/race.js";

/** What each strategy shows, and what it never does, when its commands mix with others' in every order there is. */

/** Schedules of one race: up to `MOST` all of them are tried, of more a sample. */
const MOST = 1000;
const SAMPLE = 150;

/** One part of a queue in parts is a queue of its own, and its script is that of `lua`. */
const STRATEGIES = ALL.filter(({ isSharded }) => !isSharded);

type Shown = Readonly<Record<string, readonly AnomalyKind[]>>;

const none = { individual: [], dedup: [], pipeline: [], lua: [], "pipeline-blind": [], multi: [] } as const;
const torn = ["no-position", "total-below-position"] as const;
const tornAndBoth = [...torn, "wait-and-active"] as const;

interface Case extends Race {
  /** Kinds that some order shows, by strategy and score. */
  shown(score: Score): Shown;
}

const CASES: Record<string, Case> = {
  "one user, two entries at once": {
    waiting: 0,
    actors: (stage) => [stage.entering(5, 1000), stage.entering(5, 1001)],
    shown: () => ({ ...none, individual: ["double-new"] }),
  },
  "a waiting user's entry beside his admission": {
    waiting: 1,
    actors: (stage) => [stage.entering(0, 1000), stage.admitting()],
    shown: () => ({
      individual: ["total-below-position", "wait-and-active"],
      dedup: tornAndBoth,
      pipeline: tornAndBoth,
      lua: [],
      "pipeline-blind": tornAndBoth,
      multi: ["wait-and-active"],
    }),
  },
  "a new user's entry beside an admission": {
    waiting: 0,
    actors: (stage) => [stage.entering(5, 1000), stage.admitting()],
    shown: () => ({ ...none, individual: torn, dedup: torn, pipeline: torn, "pipeline-blind": torn }),
  },
  "one user, two entries, and an admission": {
    waiting: 0,
    actors: (stage) => [stage.entering(5, 1000), stage.entering(5, 1001), stage.admitting()],
    shown: () => ({
      individual: [...tornAndBoth, "double-new"],
      dedup: tornAndBoth,
      pipeline: tornAndBoth,
      lua: [],
      "pipeline-blind": tornAndBoth,
      multi: ["wait-and-active"],
    }),
  },
  "a waiting user's entry, and two admissions one after the other": {
    waiting: 1,
    actors: (stage) => [stage.entering(0, 1000), stage.admitting(2)],
    shown: () => ({
      individual: [...torn, "double-admission", "wait-and-active"],
      dedup: [...torn, "double-admission", "wait-and-active"],
      pipeline: [...torn, "double-admission", "wait-and-active"],
      lua: [],
      "pipeline-blind": [...torn, "double-admission", "wait-and-active"],
      multi: ["double-admission", "wait-and-active"],
    }),
  },
  "two users, the later of whom looks again": {
    waiting: 1,
    actors: (stage) => [stage.entering(5, 1000), stage.entering(6, 1001, 2)],
    shown: (score) => {
      const disordered: AnomalyKind[] = score === "timestamp" ? ["order-broken", "position-grew"] : ["position-grew"];
      const everybody = Object.fromEntries(STRATEGIES.map(({ name }) => [name, disordered]));
      return { ...everybody, lua: score === "timestamp" ? disordered : [] };
    },
  },
};

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
  for (const strategy of STRATEGIES) await loadScripts(test.redis, strategy);
});
afterAll(() => test.stop());

const exploring = (strategy: Strategy, score: Score, race: Race) =>
  explore(new Stage(test.redis, strategy, score), race, MOST, SAMPLE);

const contestants = STRATEGIES.flatMap((strategy) => SCORES.map((score) => [strategy.name, score, strategy] as const));

describe.each(Object.entries(CASES))("%s", (_, race) => {
  it.concurrent.each(contestants)("%s, score %s", async (name, score, strategy) => {
    const { shares, isExhaustive } = await exploring(strategy, score, race);
    const found = Object.keys(shares).sort();
    const shown = race.shown(score)[name]!;
    expect(strategy.promises(score).filter((kind) => found.includes(kind))).toEqual([]);
    if (isExhaustive) expect(found).toEqual([...shown].sort());
    else expect(shown).toEqual(expect.arrayContaining(found));
  });
});

it("counts the orders in which a waiting user comes to be active as well", async () => {
  const race = CASES["a waiting user's entry beside his admission"]!;
  const shares: Record<string, number> = {};
  for (const strategy of STRATEGIES) {
    const found = await exploring(strategy, "timestamp", race);
    expect(found.isExhaustive).toBe(true);
    shares[strategy.name] = found.shares["wait-and-active"] ?? 0;
  }
  expect(shares).toEqual({ individual: 25, dedup: 20, pipeline: 20, lua: 0, "pipeline-blind": 40, multi: 33 });
});

it("an admission that is not one script undoes what a script promises", async () => {
  const race: Race = {
    waiting: 1,
    actors: (stage) => [stage.entering(0, 1000), stage.admittingByHand()],
  };
  for (const strategy of STRATEGIES) {
    const { shares, isExhaustive } = await exploring(strategy, "timestamp", race);
    expect(isExhaustive).toBe(true);
    expect(shares["wait-and-active"]).toBeGreaterThan(0);
    if (strategy.name === "lua") expect(shares["wait-and-active"]).toBe(40);
  }
});
