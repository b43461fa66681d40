import { afterAll, beforeAll, expect, it } from "vitest";
import { makeWorld, until, type World } from "../engine/testing/program.js";
import { type Looked, lookAfter } from "../faults/testing.js";
import { connectControl } from "./control.js";
import type { EmbeddedServer } from "./embedded.js";
import { startSentinel } from "./testing/sentinel.js";
import { startTestRedis, type TestRedis } from "./testing.js";

/** A primary, its replica, and a Sentinel that is soon alarmed. */
let world: World;
let first: TestRedis;
let second: TestRedis;
let sentinel: EmbeddedServer;
beforeAll(async () => {
  world = await makeWorld();
  const atOnce = "repl-diskless-sync-delay 0";
  first = await startTestRedis([atOnce]);
  second = await startTestRedis([atOnce, `replicaof 127.0.0.1 ${first.server.endpoint.port}`]);
  await until(async () => /state=online/.test(await first.redis.info("replication")));
  const settings = ["down-after-milliseconds tickets 500", "failover-timeout tickets 3000"];
  sentinel = await startSentinel(world.temporary, first.server, settings);
  const asked = await connectControl(sentinel.endpoint);
  await until(async () => ((await asked.call("SENTINEL", "REPLICAS", "tickets")) as unknown[]).length === 1);
  asked.disconnect();
});
afterAll(async () => {
  await Promise.all([sentinel.stop(), second.stop(), first.stop()]);
  world.remove();
});

const kindsOf = ({ events }: Looked): string[] => events.map(({ kind }) => kind);

it("a run goes on at whoever takes the primary's place, by order or after its death, and counts what that one was never told", async () => {
  const shared = { strategy: "lua", vus: "20k", rate: "1000", pool: "4", warmup: "0", timeout: "4s" };
  const [promoted, died] = (await lookAfter(
    world,
    { urls: [`redis-sentinel://127.0.0.1:${sentinel.endpoint.port}/tickets`] },
    [
      { flags: { ...shared, duration: "6s", fault: ["promote@500ms"] } },
      // Of the second server, which is the primary by then.
      { flags: { ...shared, duration: "8s", client: "ioredis" }, killing: { pid: second.server.pid, atMs: 500 } },
    ],
  )) as [Looked, Looked];
  for (const trial of [promoted, died]) {
    expect(trial.serverRestarted).toBe(true);
    expect(kindsOf(trial)).toContain("primary-replaced");
    expect(kindsOf(trial)).not.toContain("server-restarted");
    expect(trial.audit.brokenPromises).toEqual([]);
    expect(trial.audit.lostByServer).toBe(trial.missing);
  }
  // Sentinels tell of the new primary a while after they have made it one.
  expect(promoted.missing).toBeGreaterThan(0);
  expect(promoted.replicas).toEqual([1]);
  // While it was a replica, the Sentinel closed its connections.
  const surviving = await connectControl(first.server.endpoint);
  expect(await surviving.info("replication")).toContain("role:master");
  expect(await surviving.dbsize()).toBe(0);
  surviving.disconnect();
  expect(world.records()).toEqual([]);
});
