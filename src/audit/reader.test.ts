import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prng, shuffled } from "../base/prng.js";
import { ANOMALY_KINDS, type AnomalyKind } from "../queue/anomaly.js";
import { concertIdOf, concertKeys, userIdOf } from "../queue/keys.js";
import { SCORES, type Score } from "../queue/outcome.js";
import { STRATEGIES } from "../strategies/index.js";
import { loadScript } from "../strategies/script.js";
import type { Strategy } from "../strategies/strategy.js";
import { callsDuring, EntryRun, loadScripts } from "../strategies/testing.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { auditTrial, type TrialFacts } from "./audit.js";
import { History, type OutcomeCode, RESULT } from "./history.js";
import { type QueueReader, redisReader } from "./reader.js";

/** The audit against a real server: trials of real entries, and faults planted by hand. */
const RUN = "audit";
const CONCERTS = [4, 5];
const POPULATION = { waiting: 5, active: 3 };
const USERS = 40;
const keysOf = (number: number) => concertKeys(concertIdOf(RUN, number));

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await test.redis.flushall();
});

async function populate(): Promise<void> {
  for (const keys of CONCERTS.map(keysOf)) {
    const pipeline = test.redis.pipeline().set(keys.sequence, POPULATION.waiting);
    for (let user = 0; user < POPULATION.waiting; user++) pipeline.zadd(keys.waiting, user + 1, userIdOf(user));
    for (let user = POPULATION.waiting; user < POPULATION.waiting + POPULATION.active; user++) {
      pipeline.zadd(keys.active, Date.now() + 60_000, userIdOf(user));
      pipeline.hset(keys.tokenPrefix + userIdOf(user), "token", "prepared");
    }
    await pipeline.exec();
  }
}

/** Every user enters both concerts, ten at a time and in a random order. @returns what an audit is told of it. */
async function trial(strategy: Strategy, score: Score): Promise<TrialFacts> {
  await populate();
  await loadScripts(test.redis, strategy);
  const history = new History({ instance: 0, budgetBytes: 100_000, chunkEntries: 16 });
  const counts = CONCERTS.map((number) => ({
    number,
    answers: { NEW: 0, WAITING: 0, ACTIVE: 0 },
    failed: 0,
    inDoubt: 0,
    left: 0,
    leavesInDoubt: 0,
  }));
  const users = shuffled(
    Array.from({ length: USERS }, (_, user) => user),
    prng(7),
  );
  const enter = async (user: number): Promise<void> => {
    for (const { number, answers } of counts) {
      const sentUs = performance.now() * 1000;
      const entry = { redis: test.redis, strategy, score, keys: keysOf(number), user, timestampMs: Date.now() };
      const { outcome, position, total } = await new EntryRun(entry).finish();
      answers[outcome]++;
      const prepared = user < POPULATION.waiting ? 1 : user < POPULATION.waiting + POPULATION.active ? 2 : 0;
      const repliedUs = performance.now() * 1000;
      history.append(
        number,
        user,
        prepared satisfies OutcomeCode,
        RESULT[outcome],
        sentUs,
        sentUs,
        sentUs,
        repliedUs,
        position,
        total,
      );
    }
  };
  for (let from = 0; from < USERS; from += 10) await Promise.all(users.slice(from, from + 10).map(enter));
  return {
    runId: RUN,
    population: POPULATION,
    concerts: counts,
    histories: [history],
    promises: strategy.promises(score),
  };
}

const audit = (facts: TrialFacts) => auditTrial({ control: test.redis, ...facts });

const contestants = STRATEGIES.flatMap((strategy) => SCORES.map((score) => [strategy.name, score, strategy] as const));

describe("a real trial", () => {
  it.each(contestants)("of %s, score %s, keeps its promises", async (name, score, strategy) => {
    const { brokenPromises, anomalies, coverage } = await audit(await trial(strategy, score));
    expect({ brokenPromises, coverage }).toEqual({ brokenPromises: [], coverage: "users" });
    const queuedActive = POPULATION.active * CONCERTS.length;
    expect(anomalies["wait-and-active"] ?? 0).toBe(name === "pipeline-blind" ? queuedActive : 0);
    expect(anomalies["double-new"] ?? 0).toBe(0);
  });

  it.each<[string, AnomalyKind, (keys: ReturnType<typeof keysOf>) => Promise<unknown>]>([
    ["a user removed", "lost", (keys) => test.redis.zrem(keys.waiting, userIdOf(20))],
    ["a prepared user removed", "lost", (keys) => test.redis.zrem(keys.waiting, userIdOf(0))],
    ["a user added", "phantom", (keys) => test.redis.zadd(keys.waiting, "+inf", userIdOf(77))],
    ["somebody else's member", "phantom", (keys) => test.redis.zadd(keys.waiting, "+inf", "somebody")],
    [
      "a token for one who waits",
      "wait-and-active",
      (keys) => test.redis.hset(keys.tokenPrefix + userIdOf(20), "a", "b"),
    ],
    ["one who waits made active", "wait-and-active", (keys) => test.redis.zadd(keys.active, 1, userIdOf(20))],
    ["an active user queued", "wait-and-active", (keys) => test.redis.zadd(keys.waiting, "+inf", userIdOf(6))],
    ["a token taken from an active user", "leaked-capacity", (keys) => test.redis.del(keys.tokenPrefix + userIdOf(6))],
    [
      "an active user gone, token and all",
      "lost",
      (keys) =>
        test.redis
          .multi()
          .del(keys.tokenPrefix + userIdOf(6))
          .zrem(keys.active, userIdOf(6))
          .exec(),
    ],
    [
      "a token for one who never entered",
      "phantom",
      (keys) =>
        test.redis
          .multi()
          .zadd(keys.active, 1, userIdOf(77))
          .hset(keys.tokenPrefix + userIdOf(77), "a", "b")
          .exec(),
    ],
    ["a prepared user moved to the end", "order-broken", (keys) => test.redis.zadd(keys.waiting, "+inf", userIdOf(0))],
  ])("with %s, shows it: %s", async (_, kind, plant) => {
    const lua = STRATEGIES.find((strategy) => strategy.name === "lua")!;
    const facts = await trial(lua, "sequence");
    expect(await audit(facts)).toMatchObject({ ok: true, anomalies: {} });
    await plant(keysOf(CONCERTS[1]!));
    // What a token's end leaves behind is not the strategy's doing.
    const brokenPromises = kind === "leaked-capacity" ? [] : [kind];
    expect(await audit(facts)).toMatchObject({ ok: false, anomalies: { [kind]: 1 }, brokenPromises });
  });

  it("with admissions by the published script, finds them by their scores; one made by hand takes a user twice", async () => {
    const lua = STRATEGIES.find((strategy) => strategy.name === "lua")!;
    const facts = await trial(lua, "sequence");
    const { source } = loadScript("move_to_active_queue");
    const keys = keysOf(CONCERTS[0]!);
    const [first] = facts.concerts;
    const calls = [];
    for (const [index, count] of [7, 5].entries()) {
      const expiresAtMs = Date.now() + 60_000 + index;
      const sentUs = performance.now() * 1000;
      const args = [keys.waiting, keys.active, keys.tokenPrefix, count, expiresAtMs, 60];
      expect(await test.redis.eval(source, 3, ...args)).toBe(count);
      const times = { sentUs, repliedUs: performance.now() * 1000 };
      calls.push({ concert: first!.number, ...times, expiresAtMs, tokenTtlMs: 60_000, count, isInDoubt: false });
    }
    const known = { ...facts, admissions: [{ instance: 0, calls }], elapsedUs: () => performance.now() * 1000 };
    expect(await audit(known)).toMatchObject({ ok: true, anomalies: {}, brokenPromises: [] });
    // The users who were admitted first are put back and taken again.
    const expiresAtMs = Date.now() + 90_000;
    await test.redis.zadd(keys.active, expiresAtMs, userIdOf(0), expiresAtMs, userIdOf(1));
    const now = performance.now() * 1000;
    const again = {
      concert: first!.number,
      sentUs: now,
      repliedUs: now + 1,
      expiresAtMs,
      tokenTtlMs: 60_000,
      count: 2,
    };
    const named = calls.map((call, index) =>
      index === 0 ? { ...call, users: Uint32Array.from([0, 1, 2, 3, 4]) } : call,
    );
    const twice = [...named, { ...again, isInDoubt: false }];
    expect(await audit({ ...known, admissions: [{ instance: 0, calls: twice }] })).toMatchObject({
      anomalies: { "double-admission": 2 },
      brokenPromises: ["double-admission"],
    });
  });

  it("on a server that forgot everything, loses everybody", async () => {
    const facts = await trial(STRATEGIES[0]!, "timestamp");
    await test.redis.flushall();
    const everybody = CONCERTS.length * USERS;
    expect((await audit(facts)).anomalies).toEqual({ lost: everybody });
    expect(await audit({ ...facts, histories: null })).toMatchObject({ coverage: "counts" });
    expect(await audit({ ...facts, promises: ANOMALY_KINDS, serverRestarted: true })).toMatchObject({
      ok: true,
      lostByServer: everybody,
    });
  });
});

describe("reader", () => {
  const users = Array.from({ length: 2500 }, (_, user) => user);
  const keys = keysOf(0);

  const collect = async (chunks: AsyncIterable<ArrayLike<number>>): Promise<number[][]> => {
    const all: number[][] = [];
    for await (const chunk of chunks) all.push(Array.from(chunk));
    return all;
  };

  async function* activeOf(reader: QueueReader): AsyncGenerator<ArrayLike<number>> {
    for await (const { users, expiresAtMs } of reader.active(keys)) {
      expect(Array.from(expiresAtMs)).toEqual(Array.from(users));
      yield users;
    }
  }

  it.each([1, 999, 1000, 2499, 2500, 2501])("reads the queue in replies of at most %d users", async (chunk) => {
    await test.redis.zadd(keys.waiting, ...users.flatMap((user) => [user, userIdOf(user)]));
    await test.redis.zadd(keys.active, ...users.flatMap((user) => [user, userIdOf(user)]));
    const reader = redisReader(test.redis, chunk);
    for (const chunks of [await collect(reader.waiting(keys)), await collect(activeOf(reader))]) {
      expect(chunks.flat()).toEqual(users);
      expect(Math.max(...chunks.map(({ length }) => length))).toBe(Math.min(chunk, users.length));
    }
  });

  it("reads an empty queue", async () => {
    expect(await collect(redisReader(test.redis).waiting(keys))).toEqual([]);
    expect(await redisReader(test.redis).tokenHolders(keys, [])).toEqual([]);
  });

  it("finds who holds a token without asking for each", async () => {
    const holders = [users[0]!, users[600]!, users[2499]!];
    for (const user of holders) await test.redis.hset(keys.tokenPrefix + userIdOf(user), "token", "x");
    expect(await redisReader(test.redis).tokenHolders(keys, users)).toEqual(holders);
    await test.redis.flushall();
    const calls = await callsDuring(test.redis, async () => {
      expect(await redisReader(test.redis).tokenHolders(keys, users)).toEqual([]);
    });
    expect(calls).toEqual({ exists: 5 });
  });

  it("only reads", async () => {
    const facts = await trial(STRATEGIES[0]!, "timestamp");
    const calls = await callsDuring(test.redis, async () => {
      await audit(facts);
    });
    expect(Object.keys(calls).sort()).toEqual(["exists", "zrange"]);
  });
});
