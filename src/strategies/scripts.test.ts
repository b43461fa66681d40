import { readdirSync, readFileSync } from "node:fs";
import slotOf from "cluster-key-slot";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { concertKeys, userIdOf } from "../queue/keys.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { wordsOf } from "./command.js";
import { lua } from "./lua.js";
import { LUA_FOLDER, loadScript } from "./script.js";

/** The scripts themselves, and the traps that a script for this queue can fall into. */
const enterQueue = loadScript("enter_queue");
const moveToActive = loadScript("move_to_active_queue");
const keys = concertKeys("qbench:scripts:0");
/** The largest integer that a score, a double, holds exactly with all below it: 16 digits. */
const LARGEST = Number.MAX_SAFE_INTEGER;

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
});
afterAll(() => test.stop());
beforeEach(async () => {
  await test.redis.flushall();
});

const enter = (user: string, score: string): Promise<unknown> =>
  test.redis.eval(enterQueue.source, 3, keys.tokenPrefix + user, keys.waiting, keys.sequence, user, score);

const move = (...argv: string[]): Promise<unknown> =>
  test.redis.eval(moveToActive.source, 3, keys.waiting, keys.active, keys.tokenPrefix, ...argv);

const scoreOf = (user: string): Promise<string | null> => test.redis.zscore(keys.waiting, user);

describe("every script", () => {
  it.each(readdirSync(LUA_FOLDER))("%s is headed by purpose, KEYS, ARGV, reply and cost", (file) => {
    const source = readFileSync(LUA_FOLDER + file, "utf8");
    const head = source.slice(0, source.search(/^[^-]/m));
    expect(head).toMatch(/^-- \w+: \w/);
    for (const part of ["KEYS[1]", "ARGV[1]", "Reply:", "Cost:"]) expect(head).toContain(part);
    for (const [, index] of source.matchAll(/KEYS\[(\d)\]/g)) expect(head).toContain(`KEYS[${index}]`);
    for (const [, index] of source.matchAll(/ARGV\[(\d)\]/g)) expect(head).toContain(`ARGV[${index}]`);
  });
});

describe("enter_queue", () => {
  it("replies with an array of four: string keys would come back empty, a nil would cut it short", async () => {
    await test.redis.hset(`${keys.tokenPrefix}c`, "token", "x");
    expect(await enter("a", "5")).toEqual(["NEW", 1, 1, 0]);
    expect(await enter("a", "6")).toEqual(["WAITING", 1, 1, 0]);
    expect(await enter("b", "")).toEqual(["NEW", 1, 2, 1]);
    expect(await enter("b", "")).toEqual(["WAITING", 1, 2, 2]);
    expect(await enter("c", "7")).toEqual(["ACTIVE", 0, 2, 0]);
    expect(await enter("c", "")).toEqual(["ACTIVE", 0, 2, 0]);
    expect(await test.redis.get(keys.sequence)).toBe("2");
  });

  it("keeps a user's place when he enters again: ZADD without NX would move him back", async () => {
    await enter("first", "100");
    await enter("second", "200");
    expect(await enter("first", "300")).toEqual(["WAITING", 1, 2, 0]);
    expect(await scoreOf("first")).toBe("100");
    // The trap itself, on the same data.
    await test.redis.zadd(keys.waiting, 300, "first");
    expect(await test.redis.zrank(keys.waiting, "first")).toBe(1);
  });

  it("keeps all digits of a score, given or taken", async () => {
    await enter("given", String(LARGEST));
    expect(await scoreOf("given")).toBe(String(LARGEST));
    await test.redis.set(keys.sequence, String(LARGEST - 2));
    expect(await enter("a", "")).toEqual(["NEW", 1, 2, LARGEST - 1]);
    expect(await scoreOf("a")).toBe(String(LARGEST - 1));
    // The trap: 14 digits are left.
    const lossy = 'return redis.call("ZADD", KEYS[1], tostring(tonumber(ARGV[1])), "lossy")';
    await test.redis.eval(lossy, 1, keys.waiting, String(LARGEST - 1));
    expect(await scoreOf("lossy")).not.toBe(String(LARGEST - 1));
  });

  it("takes scores padded with zeros, as drivers send them", async () => {
    await enter("a", "0000000000000012");
    expect(await scoreOf("a")).toBe("12");
  });

  it("numbers entries without a tie or a gap, whoever they are", async () => {
    const users = fc.uniqueArray(fc.integer({ min: 0, max: 9_999_999_999 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(users, async (ids) => {
        await test.redis.flushall();
        let place = 0;
        for (const id of ids) {
          place++;
          expect(await enter(userIdOf(id), "")).toEqual(["NEW", place, place, place]);
        }
        expect(await test.redis.zrange(keys.waiting, "0", "-1")).toEqual(ids.map(userIdOf));
      }),
      { numRuns: 30 },
    );
  });

  it("with clock scores, users of one millisecond stand by id, not by entry: what a sequence is for", async () => {
    await enter("b", "5");
    expect(await enter("a", "5")).toEqual(["NEW", 1, 2, 0]);
  });

  it("answers NOSCRIPT, an error with that code, once the server has forgotten it", async () => {
    const sha1 = await test.redis.script("LOAD", enterQueue.source);
    expect(sha1).toBe(enterQueue.sha1);
    const call = () =>
      test.redis.evalsha(enterQueue.sha1, 3, `${keys.tokenPrefix}a`, keys.waiting, keys.sequence, "a", "1");
    expect(await call()).toEqual(["NEW", 1, 1, 0]);
    await test.redis.script("FLUSH");
    await expect(call()).rejects.toThrow(/^NOSCRIPT /);
  });

  it("changes nothing of an active user", async () => {
    await test.redis.hset(`${keys.tokenPrefix}a`, "token", "x");
    await enter("a", "");
    expect(await test.redis.keys("*")).toEqual([`${keys.tokenPrefix}a`]);
  });

  it("declares every key it touches, all in one slot", () => {
    for (const { commands } of [lua.machine("timestamp").first.batch, lua.machine("sequence").first.batch]) {
      const [name, , count, ...rest] = wordsOf(commands[0]!, keys).map((pieces) =>
        pieces.map((piece) => (typeof piece === "string" ? piece : "0000000001")).join(""),
      );
      expect([name, count]).toEqual(["EVALSHA", "3"]);
      const declared = rest.slice(0, 3);
      expect(declared).toEqual([`${keys.tokenPrefix}0000000001`, keys.waiting, keys.sequence]);
      expect(new Set(declared.map((key) => slotOf(key))).size).toBe(1);
    }
  });
});

describe("move_to_active_queue", () => {
  const expiresAtMs = String(Date.now() + 60_000);

  it("admits who has waited longest, each with a token that ends", async () => {
    await test.redis.zadd(keys.waiting, 1, "a", 2, "b", 3, "c");
    expect(await move("2", expiresAtMs, "60")).toBe(2);
    expect(await test.redis.zrange(keys.waiting, "0", "-1")).toEqual(["c"]);
    expect(await test.redis.zrange(keys.active, "0", "-1", "WITHSCORES")).toEqual(["a", expiresAtMs, "b", expiresAtMs]);
    for (const user of ["a", "b"]) {
      expect(await test.redis.hgetall(keys.tokenPrefix + user)).toEqual({ user, expiresAtMs });
      expect(await test.redis.ttl(keys.tokenPrefix + user)).toBeGreaterThan(50);
      expect(await enter(user, "9")).toEqual(["ACTIVE", 0, 1, 0]);
    }
    expect(await test.redis.exists(`${keys.tokenPrefix}c`)).toBe(0);
  });

  it("admits as many as there are", async () => {
    await test.redis.zadd(keys.waiting, 1, "a");
    expect(await move("10", expiresAtMs, "60")).toBe(1);
    expect(await move("10", expiresAtMs, "60")).toBe(0);
    expect(await move("0", expiresAtMs, "60")).toBe(0);
  });

  it("moves ten thousand at once: nothing is unpacked, which ends at 7,999", async () => {
    const members = Array.from({ length: 10_000 }, (_, user) => [String(user), userIdOf(user)]).flat();
    await test.redis.zadd(keys.waiting, ...members);
    expect(await move("10000", expiresAtMs, "60")).toBe(10_000);
    expect(await test.redis.zcard(keys.active)).toBe(10_000);
  });

  it.each([
    ["a count that is none", ["many", expiresAtMs, "60"]],
    ["no expiry", ["1", "", "60"]],
    ["an expiry that is no number", ["1", "nan", "60"]],
    ["no time to live", ["1", expiresAtMs, "0"]],
    ["half a second to live", ["1", expiresAtMs, "0.5"]],
    ["centuries to live", ["1", expiresAtMs, "99999999999999999"]],
  ])("refuses %s before it has popped anybody", async (_, argv) => {
    await test.redis.zadd(keys.waiting, 1, "a");
    await expect(move(...argv)).rejects.toThrow(/ERR /);
    expect(await test.redis.zcard(keys.waiting)).toBe(1);
  });

  it("calls what it says: one command, and three a user", async () => {
    await test.redis.zadd(keys.waiting, 1, "a", 2, "b");
    await test.redis.config("RESETSTAT");
    await move("2", expiresAtMs, "60");
    const info = await test.redis.info("commandstats");
    const calls = Object.fromEntries([...info.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, n]) => [name, n]));
    expect(calls).toMatchObject({ zpopmin: "1", zadd: "2", hset: "2", expire: "2" });
  });
});
