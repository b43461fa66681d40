import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectMistake, inProcess } from "../commands/testing.js";
import { CLIENTS } from "../drivers/driver.js";
import { concertIdOf, concertKeys, concertSlot } from "../queue/keys.js";
import { migrateSlot } from "../targets/migrate-slot.js";
import { primariesOf, replicasIn } from "../targets/primaries.js";
import type { Target } from "../targets/target.js";
import { holderAndOther, openTestCluster } from "../targets/testing/cluster.js";
import { isAlive, list, makeWorld, until, type World } from "./testing/program.js";

/** Whole runs on a real cluster: three primaries, one replica each. */
let world: World;
let target: Target;
let urls: string[];
beforeAll(async () => {
  world = await makeWorld();
  target = await openTestCluster({ primaries: 3, replicasEach: 1 }, "host");
  urls = target.endpoints.slice(0, 2).flatMap(({ port }) => ["--url", `redis://127.0.0.1:${port}`]);
}, 60_000);
afterAll(async () => {
  await target.stop();
  world.remove();
});

const keysLeft = async (): Promise<number> => {
  const sizes = await Promise.all(primariesOf(target.control).map((node) => node.dbsize()));
  return sizes.reduce((sum, size) => sum + size, 0);
};

const SMALL = ["--trials", "1", "--vus", "60", "--pool", "3", "--json", "--quiet"];
const SHORT = [...SMALL, "--warmup", "100ms", "--duration", "400ms"];
const COUNTED = [...SMALL, "--warmup", "0", "--entries", "1500"];

describe.each(CLIENTS)("a run on a cluster, client %s", (client) => {
  it("reaches every primary, counts what they count, and keeps the data right", async () => {
    const strategies =
      client === "wire" ? "individual,dedup,pipeline,pipeline-blind,multi,lua" : "individual,multi,lua";
    const spread = ["--concerts", "24", "--score", "sequence"];
    const { exitCode, json, stderr } = await world.run(
      ...urls,
      ...COUNTED,
      ...spread,
      "--strategy",
      strategies,
      "--client",
      client,
    ).ended;
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const report = json();
    expect(report.target).toMatchObject({
      kind: "cluster",
      nodes: expect.arrayContaining([{ role: "replica", loopback: true }]),
    });
    expect(report.target.nodes).toHaveLength(6);
    for (const { name, trials } of report.strategies) {
      const [{ entries, server, audit, generator, warnings }] = trials;
      expect(entries.succeeded, name).toBeGreaterThan(50);
      expect(entries.failed, name).toBe(0);
      expect(audit.ok, name).toBe(true);
      expect(server.nodes.map(({ node }: { node: number }) => node).sort(), name).toEqual([0, 1, 2]);
      for (const { share } of server.nodes) expect(share, name).toBeGreaterThan(0.05);
      if (name !== "pipeline-blind") expect(warnings, name).toEqual([]);
      // The server's own count against what was handed to the connections.
      const sent = Object.entries(generator.commands as Record<string, number>)
        .filter(([command]) => !["cluster", "script"].includes(command))
        .reduce((sum, [, calls]) => sum + calls, 0);
      expect(server.callsSent, name).toBe(sent);
    }
    expect(await keysLeft()).toBe(0);
  });
});

it("ioredis comes back to every node through the proxies that have reset its connections", async () => {
  const faults = ["--fault", "reset@200ms", "--duration", "800ms", "--warmup", "0", "--concerts", "6"];
  const { exitCode, json } = await world.run(...urls, ...SHORT, ...faults, "--strategy", "lua", "--client", "ioredis")
    .ended;
  expect(exitCode).toBe(0);
  const [trial] = json().strategies[0].trials;
  expect(trial.faults[0].failures).toEqual({ connection: expect.any(Number) });
  expect(trial.faults[0].succeeded).toBeGreaterThan(0);
  expect(trial.audit.ok).toBe(true);
  // Those of the connections that are gone are counted: EVALSHA with its keys has more than a hundred.
  expect(trial.generator.bytesSent).toBeGreaterThan(100 * trial.entries.succeeded);
});

it("one hot concert lies on one primary, whose keys all share a slot, prepared ones too", async () => {
  const mix = ["--mix", "new=60,waiting=30,active=10"];
  const { json } = await world.run(...urls, ...COUNTED, "--strategy", "lua", ...mix).ended;
  const [{ server, audit, entries }] = json().strategies[0].trials;
  expect(audit.ok).toBe(true);
  expect(Math.min(entries.new, entries.waiting, entries.active)).toBeGreaterThan(0);
  expect(server.nodes[0].share).toBe(1);
  expect(server.nodes.slice(1).map(({ calls }: { calls: number }) => calls)).toEqual([0, 0]);
});

it.each(["multi", "lua"])("follows a slot that moves under load, and loses nobody: %s", async (strategy) => {
  const running = world.run(
    ...urls,
    "--strategy",
    strategy,
    "--trials",
    "1",
    "--warmup",
    "100ms",
    "--duration",
    "1500ms",
    "--vus",
    "40",
    "--pool",
    "4",
    "--json",
    "--quiet",
  );
  let keys: string[] = [];
  await until(async () => {
    const found = await Promise.all(primariesOf(target.control).map((node) => node.keys("queue:wait:*")));
    keys = found.flat();
    // Of the measured time, not of the warm-up's passes.
    return keys.some((key) => Number(/:(\d+)}/.exec(key)?.[1]) >= 2);
  });
  const [, runId, number] = /\{qbench:(.*):(\d+)\}/.exec(keys[0]!)!;
  const slot = concertSlot(concertKeys(concertIdOf(runId!, Number(number))));
  const { holder, other } = await holderAndOther(target.control, slot);
  await sleep(100);
  await migrateSlot(holder, other, slot);
  const { exitCode, json, stderr } = await running.ended;
  expect(stderr).toBe("");
  const [{ entries, audit, events, failures }] = json().strategies[0].trials;
  expect(failures).toEqual({});
  expect(entries.failed).toBe(0);
  expect(audit.anomalies).toEqual({});
  expect(audit.ok).toBe(true);
  expect(events.map(({ kind }: { kind: string }) => kind)).toContain("redirected");
  expect(exitCode).toBe(0);
  expect(await keysLeft()).toBe(0);
});

it("a cluster of its own is gone afterwards, also when the run is killed", async () => {
  const running = world.run(
    "--cluster-shape",
    "3x0",
    "--trials",
    "1",
    "--duration",
    "20s",
    "--vus",
    "20",
    "--strategy",
    "lua",
  );
  await until(() => world.records().some(({ servers }) => servers.length === 3));
  const servers = world.records().flatMap((record) => record.servers);
  running.kill("SIGKILL");
  await running.ended;
  await until(() => servers.every(({ process }) => !isAlive(process.pid)));
  await until(() => list(world.temporary).length === 0);
});

describe("the door", () => {
  it.each([
    [["--cluster-shape", "3"], /expected PRIMARIESxREPLICAS such as 3x1/],
    [["--cluster-shape", "0x1"], /expected PRIMARIESxREPLICAS/],
    [["--cluster", "--url", "redis://127.0.0.1:1"], /--cluster starts a cluster and --url names a running server/],
  ])("%j is refused", (args, message) => expectMistake("run", args, message));

  it("refuses servers that are no nodes of one cluster, and a cluster where one server is needed", async () => {
    const foreign = await inProcess("run", ...urls, "--url", "redis://127.0.0.1:1");
    expect(foreign).toMatchObject({ exitCode: 3, message: expect.stringMatching(/is no node of the cluster/) });
    await expectMistake("admit", urls.slice(0, 2), /is a node of a cluster, and one server is needed/);
  });
});

describe("a hot concert in parts", () => {
  it("lies on every primary, is audited part by part, and tells what became of the order", async () => {
    const { json } = await world.run(
      ...urls,
      ...COUNTED,
      "--strategy",
      "lua,sharded",
      "--shards",
      "12",
      "--score",
      "sequence",
      "--mix",
      "new=80,waiting=20",
    ).ended;
    const [whole, parts] = json().strategies.map(({ trials }: { trials: object[] }) => trials[0]);
    expect(whole.server.nodes[0].share).toBe(1);
    expect(whole.sharding).toBeUndefined();
    for (const { share } of parts.server.nodes) expect(share).toBeGreaterThan(0.1);
    expect(parts.audit).toMatchObject({ ok: true, coverage: "users" });
    expect(parts.sharding).toMatchObject({ shards: 12, users: parts.entries.new });
    expect(parts.sharding.overtaking).toBeLessThanOrEqual(parts.entries.new);
  });
});

describe("positions read from replicas", () => {
  const POLLING = [...SHORT, "--strategy", "individual", "--rate", "400", "--vus", "2k", "--poll-by", "replica"];

  it("cost the primaries nothing, by the counts of all nodes, and are measured for staleness", async () => {
    const { json } = await world.run(...urls, ...POLLING, "--poll-every", "30ms", "--concerts", "6").ended;
    const [{ users, entries, server, staleness, audit, warnings }] = json().strategies[0].trials;
    expect(users.reads).toBeGreaterThan(0);
    expect([users.readsFailed, users.polls]).toEqual([0, 0]);
    expect(server.replicas.reduce((sum: number, { reads }: { reads: number }) => sum + reads, 0)).toBe(users.reads);
    expect(server.replicas.map(({ node }: { node: number }) => node).sort()).toEqual([3, 4, 5]);
    expect(server.commands.exists).toBeUndefined();
    expect(server.commands.zrank.calls).toBe(2 * entries.new);
    expect(server.callsPerEntry).toBe(6);
    expect(staleness).toMatchObject({ replicas: 1, failed: 0 });
    expect(staleness.reads).toBeGreaterThan(0);
    expect(audit.exercised).toContain("stale-read");
    expect(warnings.map(({ code }: { code: string }) => code)).not.toContain("counters-disagree");
    expect(await keysLeft()).toBe(0);
  });

  it("show what a replica lacks that has lost its primary", async () => {
    const long = ["--duration", "1200ms", "--warmup", "0"];
    const running = world.run(...urls, ...POLLING, ...long, "--poll-every", "50ms", "--max-waiting", "10M").ended;
    const primaries = primariesOf(target.control);
    await until(async () => (await Promise.all(primaries.map((node) => node.keys("queue:wait:*")))).flat().length > 0);
    try {
      for (const node of primaries) {
        await node.call("ACL", "SETUSER", "default", "-psync", "-sync");
        await node.call("CLIENT", "KILL", "TYPE", "replica");
      }
      const { json, exitCode } = await running;
      const [{ users, staleness, audit }] = json().strategies[0].trials;
      expect(audit.anomalies["stale-read"]).toBeGreaterThan(0);
      expect(audit.anomalies["stale-read"]).toBeLessThanOrEqual(users.readsNowhere);
      expect(Object.keys(audit.anomalies)).toEqual(["stale-read"]);
      expect(staleness.staleReads).toBeGreaterThan(0);
      // What is missing cannot be older than the trial.
      expect(staleness.behind.max).toBeLessThan(60e6);
      expect(exitCode).toBe(0);
    } finally {
      // Not SYNC, too: who was refused PSYNC a moment ago would follow by that, and never acknowledge anything.
      for (const node of primaries) await node.call("ACL", "SETUSER", "default", "+psync");
      await until(async () => {
        const infoOf = (node: Redis): Promise<string> => node.info("replication");
        const ofPrimaries = await Promise.all(primaries.map(infoOf));
        const ofReplicas = await Promise.all(replicasIn(target.control).map(infoOf));
        // Up for the replica a moment before its primary sends it anything.
        const areUp = ofReplicas.map((info) => info.includes("master_link_status:up"));
        const areOnline = ofPrimaries.map((info) => /state=online,.*lag=[01]\r/.test(info));
        return [...areUp, ...areOnline].join() === Array(6).fill(true).join();
      });
      for (const node of primaries) await node.call("ACL", "SETUSER", "default", "+sync");
    }
  });

  it.each([
    [["--cluster-shape", "3x0"], /--poll-by replica: a primary has no replica to read from/],
    [[], /--poll-by replica: the target is one server/],
    [["--client", "ioredis"], /positions are read from replicas by client wire alone/],
  ])("%j is refused", (args, message) =>
    expectMistake("run", [...SHORT, "--poll-by", "replica", "--poll-every", "1s", ...args], message),
  );
});

describe("--wait-replicas", () => {
  it("has each write acknowledged: one call more for an entry that writes", async () => {
    const { json } = await world.run(
      ...urls,
      ...COUNTED,
      "--strategy",
      "lua,pipeline",
      "--wait-replicas",
      "1",
      "--concerts",
      "6",
    ).ended;
    for (const { name, trials } of json().strategies) {
      const [{ server, entries, failures, audit }] = trials;
      expect(failures, name).toEqual({});
      expect(server.callsPerEntry, name).toBe(name === "lua" ? 2 : 5);
      expect(server.commands.wait.calls, name).toBe(entries.attempted);
      expect(audit.ok, name).toBe(true);
    }
  });

  it.each(CLIENTS)("leaves a slot that moves to be followed, client %s", async (client) => {
    const load = ["--client", client, "--strategy", "lua", "--warmup", "0", "--duration", "1s", "--timeout", "10s"];
    const { json } = await world.run(...urls, ...SMALL, ...load, "--wait-replicas", "1", "--fault", "migrate@300ms")
      .ended;
    const [{ failures, faults, audit }] = json().strategies[0].trials;
    // ioredis asks no second time what is half moved: it has said ASKING beside it, which is no reading.
    if (client === "ioredis") delete failures.TRYAGAIN;
    expect(failures).toEqual({});
    expect(faults[0].succeeded).toBeGreaterThan(0);
    expect(audit.ok).toBe(true);
  });

  it("is refused where nobody could acknowledge", () =>
    expectMistake("run", [...SHORT, "--wait-replicas", "1"], /--wait-replicas 1: a primary has 0 replicas/));
});
