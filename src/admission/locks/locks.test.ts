import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { populate } from "../../engine/population.js";
import { concertKeys } from "../../queue/keys.js";
import { startTestRedis, type TestRedis } from "../../targets/testing.js";
import type { AdmissionOrder } from "../admission.js";
import { lockKey } from "../keys.js";
import { LOCK_NAMES, LOCKS, lockNamed } from "./index.js";
import type { ClusterLock, Lease } from "./lock.js";

/** The contract of every lock, step by step and without a clock: a lock's time is over when its key is gone. */
const keys = concertKeys("locks");
const LONG_MS = 60_000;

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await test.redis.flushall();
  await populate(test.redis, [keys], { waiting: 1000, active: 0 });
});

const take = (lock: ClusterLock, owner: string): Promise<Lease | undefined> =>
  lock.acquire(test.redis, { keys, owner, ttlMs: LONG_MS });
const mustTake = async (lock: ClusterLock, owner: string): Promise<Lease> => {
  const lease = await take(lock, owner);
  expect(lease).toBeDefined();
  return lease as Lease;
};
let calls = 0;
const order = (change: Partial<AdmissionOrder> = {}): AdmissionOrder => ({
  keys,
  count: 100,
  expiresAtMs: Date.now() + 60_000 + calls++,
  ttlSeconds: 60,
  ratePerSec: 0.001,
  capacity: 100,
  ...change,
});
const active = (): Promise<number> => test.redis.zcard(keys.active);
const timeIsOver = (): Promise<number> => test.redis.del(lockKey(keys));

it("lists the locks in the order of the table", () => {
  expect(LOCK_NAMES).toEqual(["none", "plain", "compare-and-delete", "fenced", "token-bucket"]);
});

describe.each(LOCKS.map((lock) => [lock.name, lock] as const))("%s", (name, lock) => {
  const isLocking = name !== "none" && name !== "token-bucket";

  it("lets one scheduler at a time admit up to the capacity", async () => {
    const lease = await mustTake(lock, "a");
    expect((await take(lock, "b")) === undefined).toBe(isLocking);
    const count = await lock.plan(test.redis, order());
    expect(await lock.admit(test.redis, lease, order({ count }))).toBe(100);
    await lock.release(test.redis, lease);
    const next = await mustTake(lock, "b");
    const left = await lock.plan(test.redis, order());
    expect(await lock.admit(test.redis, next, order({ count: left }))).toBe(0);
    await lock.release(test.redis, next);
    expect([await active(), await test.redis.exists(lockKey(keys))]).toEqual([100, 0]);
  });

  it("has a time after which it is free", async () => {
    if (!isLocking) return;
    await lock.acquire(test.redis, { keys, owner: "a", ttlMs: 50_000 });
    expect(await test.redis.pttl(lockKey(keys))).toBeGreaterThan(0);
    await timeIsOver();
    await mustTake(lock, "b");
  });

  it("when its time is over while the holder sleeps: what then happens", async () => {
    const sleeper = await mustTake(lock, "sleeper");
    const planned = await lock.plan(test.redis, order());
    await timeIsOver();
    const next = await mustTake(lock, "next");
    const count = await lock.plan(test.redis, order());
    expect(await lock.admit(test.redis, next, order({ count }))).toBe(100);
    // He wakes up.
    const late = await lock.admit(test.redis, sleeper, order({ count: planned }));
    await lock.release(test.redis, sleeper);
    const isSafe = name === "fenced" || name === "token-bucket";
    expect(late).toBe(isSafe ? 0 : 100);
    expect(await active()).toBe(isSafe ? 100 : 200);
    if (isLocking) expect(await test.redis.exists(lockKey(keys))).toBe(name === "plain" ? 0 : 1);
  });
});

describe("fenced", () => {
  const fenced = lockNamed("fenced");

  it("gives numbers that grow, also over a lock's end", async () => {
    const fences: number[] = [];
    for (const owner of ["a", "b", "c"]) {
      fences.push((await mustTake(fenced, owner)).fence);
      expect(await take(fenced, "somebody")).toBeUndefined();
      await timeIsOver();
    }
    expect(fences).toEqual([1, 2, 3]);
  });

  it("refuses a former holder even where there is room", async () => {
    const former = await mustTake(fenced, "former");
    await timeIsOver();
    await mustTake(fenced, "next");
    expect(await fenced.admit(test.redis, former, order({ capacity: 1e6 }))).toBe(0);
    expect([await active(), await test.redis.zcard(keys.waiting)]).toEqual([0, 1000]);
  });

  it("counts what is active inside the script: nothing that was read before", async () => {
    const lease = await mustTake(fenced, "a");
    expect(await fenced.admit(test.redis, lease, order({ capacity: 150 }))).toBe(100);
    expect(await fenced.admit(test.redis, lease, order({ capacity: 150 }))).toBe(50);
    // Tokens that are over hold no place.
    await test.redis.zadd(keys.active, Date.now() - 1, "0000000000");
    expect(await fenced.admit(test.redis, lease, order({ capacity: 150 }))).toBe(1);
  });
});
