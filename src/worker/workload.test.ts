import { describe, expect, it } from "vitest";
import { RESULT } from "../audit/history.js";
import type { Driver } from "../drivers/driver.js";
import type { ConcertKeys } from "../queue/keys.js";
import type { Segment } from "./segment.js";
import { Workload } from "./workload.js";

const SEGMENT = {
  index: 0,
  count: 1,
  runId: "r",
  mix: { new: 100, waiting: 0, active: 0 },
  population: { waiting: 0, active: 0 },
  firstConcert: 10,
  concerts: 1,
  shards: 1,
  waitReplicas: 0,
  zipf: 0,
  newUsersPerGeneration: 1_000_000,
  generations: Number.POSITIVE_INFINITY,
  seed: 7,
} as Segment;

function workload(change: Partial<Segment>): Workload {
  const keys: ConcertKeys[] = [];
  const driver = { forgetConcerts: () => {}, addConcert: (one: ConcertKeys) => keys.push(one) - 1 };
  return new Workload({ ...SEGMENT, ...change }, driver as unknown as Driver);
}

function draws(load: Workload, count: number) {
  return Array.from({ length: count }, () => {
    load.draw();
    return { user: load.user, concert: load.numberOf(load.concert), prepared: load.prepared };
  });
}

describe("Workload", () => {
  it("never gives one new user to two segments, nor twice to one", () => {
    const population = { waiting: 5, active: 3 };
    const users = [0, 1, 2].flatMap((index) =>
      draws(workload({ index, count: 3, population }), 100).map((d) => d.user),
    );
    expect(new Set(users).size).toBe(300);
    expect(Math.min(...users)).toBe(8);
  });

  it("goes on to the next generation after exactly its share of new users", () => {
    const drawn = draws(workload({ newUsersPerGeneration: 4 }), 10).map((one) => one.concert);
    expect(drawn).toEqual([10, 10, 10, 10, 11, 11, 11, 11, 12, 12]);
  });

  it("stays with the last generation that set-up has made", () => {
    const drawn = draws(workload({ newUsersPerGeneration: 2, generations: 2 }), 7).map((one) => one.concert);
    expect(drawn).toEqual([10, 10, 11, 11, 11, 11, 11]);
  });

  it("numbers generations of several concerts without overlap", () => {
    const load = workload({ concerts: 3, newUsersPerGeneration: 5 });
    const perConcert = new Map<number, number>();
    for (const { concert } of draws(load, 300)) perConcert.set(concert, (perConcert.get(concert) ?? 0) + 1);
    expect(Math.max(...perConcert.values())).toBe(5);
    expect(load.counts().map(({ number }) => number)).toHaveLength(new Set(load.counts().map((c) => c.number)).size);
  });

  it("draws prepared users from their own part of the population, in the shares of the mix", () => {
    const mix = { new: 50, waiting: 30, active: 20 };
    const drawn = draws(workload({ mix, population: { waiting: 40, active: 20 } }), 20_000);
    const share = (code: number) => drawn.filter((one) => one.prepared === code).length / drawn.length;
    expect(share(RESULT.NEW)).toBeCloseTo(0.5, 1);
    expect(share(RESULT.WAITING)).toBeCloseTo(0.3, 1);
    for (const { user, prepared } of drawn) {
      const range = prepared === RESULT.WAITING ? [0, 39] : prepared === RESULT.ACTIVE ? [40, 59] : [60, 1e9];
      expect(user).toBeGreaterThanOrEqual(range[0]!);
      expect(user).toBeLessThanOrEqual(range[1]!);
    }
  });

  it("picks concerts by Zipf's law: the first of 50 at s = 1.1 takes about 26 %", () => {
    const drawn = draws(workload({ concerts: 50, zipf: 1.1 }), 50_000);
    const weights = Array.from({ length: 50 }, (_, k) => 1 / (k + 1) ** 1.1);
    const total = weights.reduce((sum, one) => sum + one, 0);
    for (const k of [0, 1, 9, 49]) {
      const share = drawn.filter((one) => one.concert === 10 + k).length / drawn.length;
      expect(Math.abs(share - weights[k]! / total)).toBeLessThan(0.01);
    }
  });

  it("draws the same for the same seed, and something else for another", () => {
    const change = {
      concerts: 20,
      zipf: 1,
      mix: { new: 60, waiting: 40, active: 0 },
      population: { waiting: 9, active: 0 },
    };
    expect(draws(workload(change), 200)).toEqual(draws(workload(change), 200));
    expect(draws(workload(change), 200)).not.toEqual(draws(workload({ ...change, seed: 8 }), 200));
  });
});
