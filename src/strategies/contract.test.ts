import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { concertKeys, userIdOf } from "../queue/keys.js";
import { OUTCOMES, type Outcome, SCORES, type Score } from "../queue/outcome.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { STRATEGIES } from "./index.js";
import { READING } from "./position.js";
import type { Strategy } from "./strategy.js";
import { callsDuring, EntryRun, loadScripts } from "./testing.js";

/**
 * The contract of every strategy in the registry. Before each entry users 0, 1, 2 wait in that order and user 3 is
 * active; what the server says it executed is the witness.
 */
const WAITING = [0, 1, 2];
const ACTIVE_USER = 3;
const USERS: Record<Outcome, number> = { NEW: 9, WAITING: 1, ACTIVE: ACTIVE_USER };
const TIMESTAMP_MS = 1_700_000_000_000;
const keys = concertKeys("contract");

/** The table of the strategies: commands and round trips for a new, a waiting and an active user. */
const TABLE: Record<string, Record<Outcome, [commands: string, roundTrips: number]>> = {
  individual: {
    NEW: ["HGETALL ZRANK ZCARD ZADD ZRANK ZCARD", 6],
    WAITING: ["HGETALL ZRANK ZCARD", 3],
    ACTIVE: ["HGETALL", 1],
  },
  dedup: {
    NEW: ["HGETALL ZADD ZRANK ZCARD", 4],
    WAITING: ["HGETALL ZADD ZRANK ZCARD", 4],
    ACTIVE: ["HGETALL", 1],
  },
  pipeline: {
    NEW: ["HGETALL ZADD ZRANK ZCARD", 2],
    WAITING: ["HGETALL ZADD ZRANK ZCARD", 2],
    ACTIVE: ["HGETALL", 1],
  },
  lua: { NEW: ["EVALSHA", 1], WAITING: ["EVALSHA", 1], ACTIVE: ["EVALSHA", 1] },
  "pipeline-blind": {
    NEW: ["HGETALL ZADD ZRANK ZCARD", 1],
    WAITING: ["HGETALL ZADD ZRANK ZCARD", 1],
    ACTIVE: ["HGETALL ZADD ZRANK ZCARD", 1],
  },
  multi: {
    NEW: ["HGETALL MULTI ZADD ZRANK ZCARD EXEC", 2],
    WAITING: ["HGETALL MULTI ZADD ZRANK ZCARD EXEC", 2],
    ACTIVE: ["HGETALL", 1],
  },
  sharded: { NEW: ["EVALSHA", 1], WAITING: ["EVALSHA", 1], ACTIVE: ["EVALSHA", 1] },
};

/** With a sequence, whoever sends ZADD himself sends INCR before: one command and one round trip more. */
function expectedOf(strategy: Strategy, score: Score, outcome: Outcome): { commands: string[]; roundTrips: number } {
  const [text, roundTrips] = TABLE[strategy.name]![outcome];
  const commands = text.split(" ");
  if (score === "timestamp" || !commands.includes("ZADD")) return { commands, roundTrips };
  return { commands: [...commands, "INCR"], roundTrips: roundTrips + 1 };
}

/** Numbers taken from the sequence: none of them counts back, so a user who was waiting leaves a gap. */
const takesNumber = (strategy: Strategy, outcome: Outcome): boolean =>
  outcome === "NEW" ||
  (outcome === "WAITING" && strategy.name !== "individual") ||
  (outcome === "ACTIVE" && strategy.name === "pipeline-blind");

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name.toLowerCase()] = (counts[name.toLowerCase()] ?? 0) + 1;
  return counts;
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const result = { ...a };
  for (const [name, count] of Object.entries(b)) result[name] = (result[name] ?? 0) + count;
  return result;
}

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis();
});
afterAll(() => test.stop());

async function prepareConcert(): Promise<void> {
  await test.redis.flushall();
  await test.redis.zadd(keys.waiting, ...WAITING.flatMap((user) => [user + 1, userIdOf(user)]));
  await test.redis.set(keys.sequence, WAITING.length);
  await test.redis.hset(keys.tokenPrefix + userIdOf(ACTIVE_USER), "token", "prepared");
  await test.redis.zadd(keys.active, Date.now() + 60_000, userIdOf(ACTIVE_USER));
}

it("lists the strategies in the order of the table", () => {
  expect(STRATEGIES.map((strategy) => strategy.name)).toEqual(Object.keys(TABLE));
});

describe.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))("%s", (_, strategy) => {
  describe.each(SCORES)("score %s", (score) => {
    beforeEach(async () => {
      await prepareConcert();
      await loadScripts(test.redis, strategy);
    });

    const entryOf = (user: number): EntryRun =>
      new EntryRun({ redis: test.redis, strategy, score, keys, user, timestampMs: TIMESTAMP_MS });

    describe.each(OUTCOMES)("a user who is %s", (outcome) => {
      const queuesActive = strategy.name === "pipeline-blind";
      const joins = outcome === "NEW" || (outcome === "ACTIVE" && queuesActive);

      it("costs what the table says, by the server's own count", async () => {
        const entry = entryOf(USERS[outcome]);
        const calls = await callsDuring(test.redis, async () => {
          await entry.finish();
        });
        const expected = expectedOf(strategy, score, outcome);
        const { commands, roundTrips, innerCalls } = strategy.cost(score)[outcome];
        expect(calls).toEqual(sum(tally(expected.commands), innerCalls));
        expect(tally(commands)).toEqual(tally(expected.commands));
        expect(commands).toEqual(entry.sent);
        expect(entry.roundTrips).toBe(expected.roundTrips);
        expect(roundTrips).toBe(expected.roundTrips);
      });

      it("answers outcome, position and total", async () => {
        const answer = await entryOf(USERS[outcome]).finish();
        expect(answer.outcome).toBe(outcome);
        expect(answer.position).toBe({ NEW: 4, WAITING: 2, ACTIVE: 0 }[outcome]);
        if (outcome !== "ACTIVE") expect(answer.total).toBe({ NEW: 4, WAITING: 3 }[outcome]);
        else expect(answer.total).toBe({ lua: 3, sharded: 3, "pipeline-blind": 4 }[strategy.name] ?? 0);
      });

      it("leaves the data as it should", async () => {
        await entryOf(USERS[outcome]).finish();
        const taken = score === "sequence" && takesNumber(strategy, outcome) ? 1 : 0;
        const added = score === "sequence" ? WAITING.length + 1 : TIMESTAMP_MS;
        expect(await test.redis.zrange(keys.waiting, "0", "-1", "WITHSCORES")).toEqual([
          ...WAITING.flatMap((user) => [userIdOf(user), String(user + 1)]),
          ...(joins ? [userIdOf(USERS[outcome]), String(added)] : []),
        ]);
        expect(await test.redis.get(keys.sequence)).toBe(String(WAITING.length + taken));
        expect(await test.redis.zrange(keys.active, "0", "-1")).toEqual([userIdOf(ACTIVE_USER)]);
        expect(await test.redis.dbsize()).toBe(4);
      });
    });

    it("leaves a user where he is, however often he enters again", async () => {
      const first = await entryOf(9).finish();
      await entryOf(10).finish();
      const again = [await entryOf(9).finish(), await entryOf(9).finish()];
      expect(first).toMatchObject({ outcome: "NEW", position: 4, total: 4 });
      for (const answer of again) expect(answer).toMatchObject({ outcome: "WAITING", position: 4, total: 5 });
    });

    it("makes its machine once, so that drivers compile its batches once", () => {
      expect(strategy.machine(score)).toBe(strategy.machine(score));
    });
  });
});

describe("reading a position", () => {
  it.each([
    ["NEW", { outcome: "NEW", position: 0, total: 0 }],
    ["WAITING", { outcome: "WAITING", position: 2, total: 3 }],
    ["ACTIVE", { outcome: "ACTIVE", position: 0, total: 0 }],
  ] as const)("finds a user who is %s where he is, in one round trip, by reading only", async (outcome, answer) => {
    await prepareConcert();
    const strategy = { machine: () => READING };
    const user = USERS[outcome];
    const reading = new EntryRun({ redis: test.redis, strategy, score: "timestamp", keys, user, timestampMs: 0 });
    const calls = await callsDuring(test.redis, async () => {
      expect(await reading.finish()).toMatchObject(answer);
    });
    expect(reading.roundTrips).toBe(1);
    expect(calls).toEqual({ zcard: 1, zrank: 1, exists: 1 });
  });
});
