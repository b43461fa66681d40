import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { populate } from "../engine/population.js";
import { concertKeys, userIdOf } from "../queue/keys.js";
import { callsDuring } from "../strategies/testing.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import type { AdmissionDesign, AdmissionOrder, Admitted } from "./admission.js";
import { UNLIMITED } from "./admission.js";
import { DESIGNS } from "./index.js";

/** The contract of every admission design in the registry; what the server holds and has counted is the witness. */
const keys = concertKeys("contract");
const TTL_S = 60;

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await test.redis.flushall();
});

const waitingUsers = (waiting: number): Promise<void> => populate(test.redis, [keys], { waiting, active: 0 });

let calls = 0;
const orderOf = (count: number, change: Partial<AdmissionOrder> = {}): AdmissionOrder => ({
  keys,
  count,
  expiresAtMs: Date.now() + TTL_S * 1000 + calls++,
  ttlSeconds: TTL_S,
  ...UNLIMITED,
  ...change,
});

const idsFrom = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => userIdOf(from + i));
const waitingNow = (): Promise<string[]> => test.redis.zrange(keys.waiting, "0", "-1");
const activeNow = (): Promise<string[]> => test.redis.zrange(keys.active, "0", "-1");

/** Seconds that each user's token still lives; −2 where there is none. */
async function tokenLives(users: readonly string[]): Promise<number[]> {
  const pipeline = test.redis.pipeline();
  for (const id of users) pipeline.ttl(keys.tokenPrefix + id);
  return ((await pipeline.exec()) ?? []).map(([, ttl]) => ttl as number);
}

describe.each(DESIGNS.map((design) => [design.name, design] as const))("%s", (_, design: AdmissionDesign) => {
  const admit = (count: number, change?: Partial<AdmissionOrder>): Promise<Admitted> =>
    design.admit(test.redis, orderOf(count, change));

  it.each([
    ["one", 1, 5],
    ["some of many", 150, 1000],
    ["more than one unpack holds", 8_000, 8_001],
    ["ten thousand", 10_000, 10_500],
  ])("moves %s, those who have waited longest, and nobody else", async (_name, count, waiting) => {
    await waitingUsers(waiting);
    const order = orderOf(count);
    const { users } = await design.admit(test.redis, order);
    expect(users).toBe(count);
    expect(await waitingNow()).toEqual(idsFrom(count, waiting));
    // Equal scores stand by id, which is by number.
    expect(await activeNow()).toEqual(idsFrom(0, count));
    expect(await test.redis.zcount(keys.active, order.expiresAtMs, order.expiresAtMs)).toBe(count);
  });

  it("admits batch after batch in the order of entry", async () => {
    await waitingUsers(25);
    for (const _batch of [0, 1]) await admit(10);
    expect(await activeNow()).toEqual(idsFrom(0, 20));
    const scores = await test.redis.zrange(keys.active, "0", "-1", "WITHSCORES");
    expect(new Set(scores.filter((_score, i) => i % 2 === 1)).size).toBe(2);
    expect(await waitingNow()).toEqual(idsFrom(20, 25));
  });

  it("gives each a token that ends, and no token to anybody else", async () => {
    await waitingUsers(130);
    await admit(120);
    const lives = await tokenLives(idsFrom(0, 130));
    const hasKey = design.token !== "member";
    expect(lives.slice(0, 120).every((s) => (hasKey ? s > TTL_S - 30 && s <= TTL_S : s === -2))).toBe(true);
    expect(lives.slice(120).every((s) => s === -2)).toBe(true);
    if (hasKey) expect(await test.redis.type(keys.tokenPrefix + userIdOf(0))).toBe(design.token);
  });

  it.each([
    ["fewer are waiting than asked for", 30, 7, 7],
    ["exactly as many are waiting", 7, 7, 7],
    ["nobody is waiting", 10, 0, 0],
    ["nobody is asked for", 0, 5, 0],
  ])("replies with how many it admitted: %s", async (_name, count, waiting, admitted) => {
    await waitingUsers(waiting);
    expect((await admit(count)).users).toBe(admitted);
    expect(await activeNow()).toEqual(idsFrom(0, admitted));
    expect(await waitingNow()).toEqual(idsFrom(admitted, waiting));
  });

  it.each([
    [250, 1000],
    [1500, 1600],
    [250, 120],
    [100, 100],
    [5, 0],
    [0, 5],
  ])("says what the server counts for it: %d of %d", async (count, waiting) => {
    await waitingUsers(waiting);
    let admitted: Admitted | undefined;
    const counted = await callsDuring(test.redis, async () => {
      admitted = await admit(count);
    });
    const said = Object.fromEntries(Object.entries(admitted!.commands).filter(([, n]) => n > 0));
    expect(said).toEqual(counted);
  });

  it("loses and doubles nobody when two schedulers admit at once", async () => {
    await waitingUsers(1000);
    const other = test.redis.duplicate();
    try {
      const parts = await Promise.all(
        [test.redis, other, test.redis, other].map((redis) => design.admit(redis, orderOf(150))),
      );
      expect(parts.map(({ users }) => users)).toEqual([150, 150, 150, 150]);
      expect((await activeNow()).sort()).toEqual(idsFrom(0, 600));
      expect(await waitingNow()).toEqual(idsFrom(600, 1000));
    } finally {
      other.disconnect();
    }
  });
});

describe("token-bucket", () => {
  const bucket = DESIGNS.find(({ name }) => name === "token-bucket") as AdmissionDesign;

  it("admits what has flowed in since, however often and by however many it is asked", async () => {
    await waitingUsers(5000);
    const slow = { ratePerSec: 0.001 };
    const parts = await Promise.all([1, 2, 3, 4].map(() => bucket.admit(test.redis, orderOf(100, slow))));
    expect(parts.map(({ users }) => users)).toEqual([100, 0, 0, 0]);
    // Half a bucket's time later, by the clock that the bucket was left with.
    const key = (await test.redis.keys("admission:bucket:*"))[0] as string;
    const atMs = Number(await test.redis.hget(key, "atMs"));
    await test.redis.hset(key, "atMs", atMs - 50_000_000);
    expect((await bucket.admit(test.redis, orderOf(100, slow))).users).toBe(50);
    expect((await bucket.admit(test.redis, orderOf(100, slow))).users).toBe(0);
  });

  it("keeps to the capacity, which tokens that are over do not use up", async () => {
    await waitingUsers(500);
    const full = { capacity: 120 };
    expect((await bucket.admit(test.redis, orderOf(100, full))).users).toBe(100);
    expect((await bucket.admit(test.redis, orderOf(100, full))).users).toBe(20);
    expect((await bucket.admit(test.redis, orderOf(100, full))).users).toBe(0);
    await test.redis.zadd(keys.active, Date.now() - 1, userIdOf(0), Date.now() - 1, userIdOf(1));
    expect((await bucket.admit(test.redis, orderOf(100, full))).users).toBe(2);
    expect(await test.redis.zcard(keys.active)).toBe(120);
  });

  it("adds nothing for a clock that was set back", async () => {
    await waitingUsers(500);
    const slow = { ratePerSec: 0.001 };
    await bucket.admit(test.redis, orderOf(100, slow));
    const key = (await test.redis.keys("admission:bucket:*"))[0] as string;
    await test.redis.hset(key, "atMs", Date.now() + 3_600_000);
    expect((await bucket.admit(test.redis, orderOf(100, slow))).users).toBe(0);
  });
});

describe("what a script refuses, it refuses before it has popped anybody", () => {
  const scripted = DESIGNS.filter(({ script }) => script !== undefined).map((design) => [design.name, design] as const);

  it.each(scripted)("%s", async (_, design) => {
    await waitingUsers(10);
    for (const wrong of [{ expiresAtMs: -1 }, { ttlSeconds: 0 }, { ttlSeconds: 0.5 }]) {
      if (design.token === "member" && wrong.expiresAtMs === undefined) continue;
      await expect(design.admit(test.redis, orderOf(5, wrong))).rejects.toThrow(/ERR/);
    }
    expect(await waitingNow()).toEqual(idsFrom(0, 10));
    expect(await activeNow()).toEqual([]);
  });
});
