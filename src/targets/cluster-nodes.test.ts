import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saysServerGone } from "../engine/trial-lost.js";
import type { FaultSite } from "../faults/fault.js";
import { promote } from "../faults/promote.js";
import { scriptFlush } from "../faults/script-flush.js";
import { connectClusterControl } from "./cluster-control.js";
import { connectControl } from "./control.js";
import { type EmbeddedServer, freePort, startEmbedded } from "./embedded.js";
import { migrateSlot } from "./migrate-slot.js";
import { primariesNow, primariesOf, replicasIn, replicasOf } from "./primaries.js";
import { findRedisBinary } from "./redis-binary.js";
import { translateRedisError } from "./redis-errors.js";
import { type ChangedSetting, putBack, Settings } from "./settings.js";
import type { Target } from "./target.js";
import { openTestCluster } from "./testing/cluster.js";
import { until } from "./until.js";

const soon = () => ({ atMs: performance.now() + 30_000, message: "too late", hint: "" });
const roleOf = async (node: Redis): Promise<string> => /role:(\w+)/.exec(await node.info("replication"))![1]!;
const memoryOf = async (node: Redis): Promise<string> => ((await node.config("GET", "maxmemory")) as string[])[1]!;
/** Whether all nodes have heard that this one is a primary. */
async function isKnownAsPrimary(control: Redis, { options }: Redis): Promise<boolean> {
  const nodes = [...primariesOf(control), ...replicasIn(control)];
  const told = await Promise.all(nodes.map((node) => node.call("CLUSTER", "NODES").then(String)));
  const line = new RegExp(`${options.host}:${options.port}@.*\\bmaster\\b`);
  return told.every((lines) => line.test(lines));
}
/** A key of the first concert that `run` gives to this node. */
async function keyAt(node: Redis, run: string): Promise<string> {
  for (let concert = 0; concert < 1000; concert++) {
    const key = `queue:wait:{qbench:${run}:${concert}}`;
    if ((await node.exists(key).catch(() => -1)) === 0) return key;
  }
  throw new Error("a thousand keys, and none of them is this node's");
}

describe("a cluster", () => {
  let target: Target;
  beforeAll(async () => {
    target = await openTestCluster({ primaries: 3, replicasEach: 1 }, "test-nodes");
  });
  afterAll(() => target.stop());

  it("keeps a slot where it is if none of its keys can be moved", async () => {
    const { control } = target;
    const [from, to] = primariesOf(control) as [Redis, Redis];
    const key = await keyAt(from, "move");
    const slot = Number(await from.call("CLUSTER", "KEYSLOT", key));
    await control.set(key, "value");
    await from.call("ACL", "SETUSER", "default", "-migrate");
    await expect(migrateSlot(from, to, slot)).rejects.toThrow(/NOPERM/);
    await from.call("ACL", "SETUSER", "default", "+migrate");
    for (const node of [from, to]) expect(await node.call("CLUSTER", "NODES")).not.toMatch(/\[\d+-[<>]-/);
    expect(await control.get(key)).toBe("value");
    expect(await control.unlink(key)).toBe(1);
  });

  it("has each node's own settings put back, also where it is a primary no longer, and by the next start", async () => {
    const { control } = target;
    const primaries = primariesOf(control);
    const endpoints = primaries.map(({ options }) => target.endpoints.find(({ port }) => port === options.port)!);
    // Connections of their own: the cluster's go with whoever is a primary no longer.
    const nodes = await Promise.all(endpoints.map((endpoint) => connectControl(endpoint)));
    const own = nodes.map((_, i) => String(2 ** 30 + i));
    for (const [i, node] of nodes.entries()) await node.config("SET", "maxmemory", own[i]!);
    let remembered: readonly ChangedSetting[] = [];
    const settings = new Settings(control, async (changes) => {
      remembered = changes;
    });
    await settings.set("maxmemory", "0");
    expect(remembered.map(({ was }) => was)).toEqual(own);
    expect(await Promise.all(nodes.map(memoryOf))).toEqual(["0", "0", "0"]);
    const [replica] = await replicasOf(control, primaries[0]!);
    await replica!.call("CLUSTER", "FAILOVER");
    await until(soon(), async () => (await primariesNow(control)).includes(replica!));
    const left = remembered;
    await settings.restore();
    expect(await Promise.all(nodes.map(memoryOf))).toEqual(own);
    expect(remembered).toEqual([]);
    for (const node of nodes) await node.config("SET", "maxmemory", "0");
    await putBack(control, left);
    expect(await Promise.all(nodes.map(memoryOf))).toEqual(own);
    for (const node of nodes) node.disconnect();
  });

  it("of which slots are nobody's any more is known as gone, and told of as that", async () => {
    const own = target.cluster!;
    const control = await connectClusterControl(target.endpoints, { connectTimeoutMs: 2000, reconnectForMs: 2000 });
    const [primary] = await primariesNow(control);
    const key = await keyAt(primary!, "gone");
    const [replica] = await replicasOf(control, primary!);
    const dead = [primary!, replica!].map((node) => own.nodeOf(node));
    await Promise.all(dead.map((node) => own.kill(node)));
    // Until the others have noticed, its connections are tried again.
    const other = primariesOf(control).find((node) => node !== primary)!;
    await until(soon(), async () => /cluster_state:fail/.test(String(await other.call("CLUSTER", "INFO"))));
    const error = await control.zcard(key).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    control.disconnect();
    expect(saysServerGone(error), String(error)).toBe(true);
    expect(translateRedisError(error, target.endpoints[0]!).message).toContain("slots are nobody's");
  });
});

describe("a cluster of hosts that all use one port", () => {
  const HOSTS = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
  const LOGIN = { tls: false, username: undefined, password: undefined, db: 0 };
  let servers: EmbeddedServer[];
  let control: Redis;
  beforeAll(async () => {
    const [port, busPort] = [await freePort(), await freePort()];
    const binary = await findRedisBinary(undefined);
    const lines = [
      `port ${port}`,
      `cluster-port ${busPort}`,
      "cluster-enabled yes",
      "repl-diskless-sync-delay 0",
      "cluster-node-timeout 3000",
    ];
    servers = await Promise.all(
      HOSTS.map((host) => startEmbedded(binary, [...lines, `bind ${host}`, `cluster-announce-ip ${host}`])),
    );
    const endpoints = HOSTS.map((host) => ({ ...LOGIN, host, port }));
    const nodes = await Promise.all(endpoints.map((endpoint) => connectControl(endpoint)));
    for (const [i, node] of nodes.entries()) await node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
    await nodes[0]!.call("CLUSTER", "ADDSLOTSRANGE", 0, 8191);
    await nodes[1]!.call("CLUSTER", "ADDSLOTSRANGE", 8192, 16383);
    for (const host of HOSTS.slice(1)) await nodes[0]!.call("CLUSTER", "MEET", host, port, busPort);
    const accepts = (node: Redis, primary: unknown): Promise<boolean> =>
      node.call("CLUSTER", "REPLICATE", String(primary)).then(
        () => true,
        () => false,
      );
    for (const i of [0, 1]) {
      const primary = await nodes[i]!.call("CLUSTER", "MYID");
      await until(soon(), () => accepts(nodes[i + 2]!, primary));
    }
    const isOk = async (node: Redis): Promise<boolean> =>
      /cluster_state:ok/.test(String(await node.call("CLUSTER", "INFO"))) &&
      /state=online|master_link_status:up/.test(await node.info("replication"));
    await until(soon(), async () => (await Promise.all(nodes.map(isOk))).every(Boolean));
    // A replica that has never been sent anything is told to nobody.
    for (const node of nodes.slice(0, 2)) await node.set(await keyAt(node, "first"), "value");
    const knowsAll = async (node: Redis): Promise<boolean> =>
      ((await node.call("CLUSTER", "SLOTS")) as unknown[][]).every(({ length }) => length === 4);
    await until(soon(), async () => (await Promise.all(nodes.map(knowsAll))).every(Boolean));
    control = await connectClusterControl(endpoints, { connectTimeoutMs: 5000, reconnectForMs: 5000 });
    for (const node of nodes) node.disconnect();
  });
  afterAll(async () => {
    control?.disconnect();
    await Promise.all((servers ?? []).map((server) => server.stop()));
  });

  it("has the replica promoted, and then struck, of the primary that holds the run's keys, whatever others keep elsewhere", async () => {
    const primaries = await primariesNow(control);
    const replicas = await Promise.all(primaries.map((node) => replicasOf(control, node)));
    expect(replicas.map(({ length }) => length)).toEqual([1, 1]);
    // Not the one whose replica is the first of all.
    const at = replicas.findIndex(([one]) => one !== replicasIn(control)[0]);
    const [busy, other, replica] = [primaries[at]!, primaries[1 - at]!, replicas[at]![0]!];
    await control.set(await keyAt(busy, "ours"), "value");
    const foreign = await keyAt(other, "theirs");
    for (const suffix of ["a", "b", "c"]) await control.set(`${foreign}:${suffix}`, "value");
    // Only so much of a site as these faults take.
    const site = { control, runId: "ours", watched: undefined } as unknown as FaultSite;
    await promote.begin(site);
    expect(await roleOf(replica)).toBe("master");
    expect(await roleOf(other)).toBe("master");
    const sha1 = String(await replica.script("LOAD", "return 1"));
    await until(soon(), () => isKnownAsPrimary(control, replica));
    await scriptFlush.begin(site);
    expect(await replica.script("EXISTS", sha1)).toEqual([0]);
  });
});
