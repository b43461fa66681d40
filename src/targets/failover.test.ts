import { afterAll, beforeAll, expect, it } from "vitest";
import { makeWorld, until, type World } from "../engine/testing/program.js";
import { type Looked, lookAfter } from "../faults/testing.js";
import { connectControl } from "./control.js";
import type { EmbeddedServer } from "./embedded.js";
import { startSentinel } from "./testing/sentinel.js";
import { startTestRedis, type TestRedis } from "./testing.js";

/** A primary, its replica, and three Sentinels that are soon alarmed. */
let world: World;
let first: TestRedis;
let second: TestRedis;
let sentinels: EmbeddedServer[];
beforeAll(async () => {
  world = await makeWorld();
  const atOnce = "repl-diskless-sync-delay 0";
  first = await startTestRedis([atOnce]);
  second = await startTestRedis([atOnce, `replicaof 127.0.0.1 ${first.server.endpoint.port}`]);
  await until(async () => /state=online/.test(await first.redis.info("replication")));
  const settings = ["down-after-milliseconds tickets 500", "failover-timeout tickets 3000"];
  sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(world.temporary, first.server, settings)));
  const asked = await Promise.all(sentinels.map(({ endpoint }) => connectControl(endpoint)));
  const counts = (of: string): Promise<number[]> =>
    Promise.all(asked.map(async (one) => ((await one.call("SENTINEL", of, "tickets")) as unknown[]).length));
  await until(async () => (await counts("REPLICAS")).every((count) => count === 1));
  await until(async () => (await counts("SENTINELS")).every((count) => count === 2));
  for (const one of asked) one.disconnect();
});
afterAll(async () => {
  await Promise.all([...sentinels, second, first].map((one) => one.stop()));
  world.remove();
});

const kindsOf = ({ events }: Looked): string[] => events.map(({ kind }) => kind);

it("a run goes on at whoever takes the primary's place, by order or after its death, and counts what that one was never told", async () => {
  const shared = { strategy: "lua", vus: "20k", rate: "1000", pool: "4", warmup: "0", timeout: "4s" };
  const promotion = { flags: { ...shared, duration: "4s", fault: ["promote@500ms"] } };
  const [promoted, promotedBack, died] = (await lookAfter(
    world,
    { urls: [`redis-sentinel://127.0.0.1:${sentinels[0]!.endpoint.port}/tickets`] },
    [
      promotion,
      promotion,
      // Of the first server, which is the primary again by then.
      { flags: { ...shared, duration: "8s", client: "ioredis" }, killing: { pid: first.server.pid, atMs: 500 } },
    ],
  )) as [Looked, Looked, Looked];
  for (const trial of [promoted, promotedBack, died]) {
    expect(trial.serverRestarted).toBe(true);
    expect(kindsOf(trial)).toContain("primary-replaced");
    expect(kindsOf(trial)).not.toContain("server-restarted");
    expect(trial.audit.brokenPromises).toEqual([]);
    expect(trial.audit.lostByServer).toBe(trial.missing);
  }
  // Sentinels tell of the new primary a while after they have made it one.
  for (const trial of [promoted, promotedBack]) {
    expect(trial.missing).toBeGreaterThan(0);
    expect(trial.replicas).toEqual([1]);
  }
  // While it was a replica, the Sentinel closed its connections.
  const surviving = await connectControl(second.server.endpoint);
  expect(await surviving.info("replication")).toContain("role:master");
  expect(await surviving.dbsize()).toBe(0);
  surviving.disconnect();
  expect(world.records()).toEqual([]);
});
