import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  commandsBetween,
  hasRestarted,
  mainThreadCpuUs,
  parseInfo,
  serverWallUs,
  takeSnapshot,
} from "./server-snapshot.js";
import { startTestRedis, type TestRedis } from "./testing.js";

let test: TestRedis;
beforeAll(async () => {
  test = await startTestRedis(["repl-diskless-sync-delay 0"]);
});
afterAll(() => test.stop());

describe("two snapshots of a real server", () => {
  it("tell exactly what was called between them", async () => {
    const { redis } = test;
    await redis.set("a", 1);
    const before = await takeSnapshot(redis);
    await redis.zadd("z", 1, "m");
    await redis.zadd("z", 2, "n");
    await redis.get("a");
    const after = await takeSnapshot(redis);
    const calls = Object.entries(commandsBetween(before, after)).map(([name, count]) => [name, count.calls]);
    expect(Object.fromEntries(calls)).toEqual({ zadd: 2, get: 1, info: 1 });
    expect(hasRestarted(before, after)).toBe(false);
    expect(serverWallUs(before, after)).toBeGreaterThan(0);
    expect(mainThreadCpuUs(before, after)).toBeGreaterThanOrEqual(0);
  });
});

it("a server whose place was taken, and which took it back, is told from one that only got a replica", async () => {
  const other = await startTestRedis(["repl-diskless-sync-delay 0"]);
  const follow = async ({ redis }: TestRedis, { server: { endpoint } }: TestRedis): Promise<void> => {
    await redis.replicaof(endpoint.host, endpoint.port);
    await vi.waitUntil(async () => /master_link_status:up/.test(await redis.info("replication")), { timeout: 30_000 });
  };
  const takePlaceOf = async (next: TestRedis, former: TestRedis): Promise<void> => {
    await next.redis.replicaof("NO", "ONE");
    await follow(former, next);
  };
  try {
    let before = await takeSnapshot(test.redis);
    await follow(other, test);
    expect(hasRestarted(before, await takeSnapshot(test.redis))).toBe(false);
    for (let turn = 0; turn < 2; turn++) {
      await takePlaceOf(other, test);
      await takePlaceOf(test, other);
      const after = await takeSnapshot(test.redis);
      expect(hasRestarted(before, after)).toBe(true);
      before = after;
    }
  } finally {
    await other.stop();
  }
});

describe("commandsBetween", () => {
  const info = (runId: string, calls: number): string =>
    `# Server\r\nrun_id:${runId}\r\n# Commandstats\r\ncmdstat_get:calls=${calls},usec=${10 * calls},usec_per_call=10.00\r\n`;

  it("counts from nought where the server restarted", () => {
    const of = (id: string, calls: number) => new Map([["", parseInfo(info(id, calls))]]);
    const between = (id: string) => commandsBetween(of("a", 100), of(id, 130));
    expect(between("a")).toEqual({ get: { calls: 30, usecPerCall: 10 } });
    expect(between("b")).toEqual({ get: { calls: 130, usecPerCall: 10 } });
  });

  it("leaves out what a server has counted that was there before, and took another one's place", () => {
    const of = (id: string, uptimeSec: number, atSec: number) =>
      parseInfo(`${info(id, 130)}uptime_in_seconds:${uptimeSec}\r\nserver_time_usec:${atSec}000000\r\n`);
    const before = new Map([["", of("a", 500, 1000)]]);
    const replica = new Map([["", of("b", 400, 1010)]]);
    expect(commandsBetween(before, replica)).toEqual({});
    expect(serverWallUs(before, replica)).toBe(0);
    expect(commandsBetween(before, new Map([["", of("b", 3, 1010)]]))).toEqual({
      get: { calls: 130, usecPerCall: 10 },
    });
  });

  it("does without what an old server does not tell", () => {
    expect(parseInfo(info("a", 1)).mainThreadCpuUs).toBeNull();
  });
});
