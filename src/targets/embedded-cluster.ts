import type { Redis } from "ioredis";
import { environmentError } from "../base/errors.js";
import { SLOTS } from "../drivers/slot-map.js";
import type { ClusterShape } from "./cluster-shape.js";
import { connectControl } from "./control.js";
import { type EmbeddedServer, freePort, onFreePort, startAt } from "./embedded.js";
import type { ClusterNode } from "./own-cluster.js";
import { OwnServer } from "./own-server.js";
import type { RedisBinary } from "./redis-binary.js";
import { type Deadline, until } from "./until.js";

/**
 * Real servers of our own, formed into a cluster: slots shared out evenly, replicas in line behind their primaries.
 * Each server has a watchdog of its own (watchdog.ts), so none outlives this process.
 */

/** Nobody has heard of a node for so long: it is failed over. Short, since all nodes share one machine. */
const NODE_TIMEOUT_MS = 1000;
const FORM_WITHIN_MS = 30_000;
const FIRST_VERSION_WITH_CLUSTER_PORT = 7;

/**
 * Primaries first, then replicas, those of the first primary first.
 * @throws QbenchError environment: they did not come up; interrupted: `signal` was aborted. Nothing is left running then.
 */
export async function startEmbeddedCluster(
  binary: RedisBinary,
  shape: ClusterShape,
  onStarted: (server: EmbeddedServer) => Promise<void>,
  configLines: readonly string[] = [],
  signal?: AbortSignal,
): Promise<ClusterNode[]> {
  if (binary.server === "redis" && Number.parseInt(binary.version, 10) < FIRST_VERSION_WITH_CLUSTER_PORT) {
    throw environmentError(
      `${binary.path} is Redis ${binary.version}, and a cluster of qbench's own needs 7 or newer`,
      "name a newer one with --redis-server PATH, or a running cluster with --url",
    );
  }
  const count = shape.primaries * (1 + shape.replicasEach);
  const started: { server: EmbeddedServer; node: ClusterNode }[] = [];
  const controls: Redis[] = [];
  try {
    const starting = Array.from({ length: count }, () =>
      onFreePort(async (port) => {
        const busPort = await freePort();
        const lines = [...clusterLines(busPort), ...configLines];
        const server = await startAt(binary, port, lines);
        const node = { endpoint: server.endpoint, busPort, server: new OwnServer(server, lines, onStarted) };
        started.push({ server, node });
      }),
    );
    const failed = (await Promise.allSettled(starting)).find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    for (const { server } of started) await onStarted(server);
    const nodes = started.map(({ node }) => node);
    for (const { endpoint } of nodes) controls.push(await connectControl(endpoint));
    await form(controls, nodes, shape, signal);
    return nodes;
  } catch (error) {
    await Promise.all(started.map(({ server }) => server.stop()));
    throw error;
  } finally {
    for (const control of controls) control.disconnect();
  }
}

/** The bus gets a port of its own: the usual one, 10,000 above, may be beyond the last port, or taken. */
const clusterLines = (busPort: number): string[] => [
  "cluster-enabled yes",
  `cluster-port ${busPort}`,
  // By others it would be told; one that is alone does not know where it is, and clients would not find it.
  "cluster-announce-ip 127.0.0.1",
  `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
  // A replica that has heard from its primary at all may take its place.
  "cluster-replica-validity-factor 0",
  "repl-diskless-sync-delay 0",
];

async function form(
  controls: readonly Redis[],
  nodes: readonly ClusterNode[],
  { primaries, replicasEach }: ClusterShape,
  signal: AbortSignal | undefined,
): Promise<void> {
  const atMs = performance.now() + FORM_WITHIN_MS;
  const to = (what: string): Deadline => ({
    atMs,
    message: `the nodes of the cluster did not come to ${what} within ${FORM_WITHIN_MS / 1000} s`,
    hint: "is this machine very busy? Try a smaller one, such as --cluster-shape 3x0",
    signal,
  });
  // Each with an epoch of its own: otherwise they first have to agree on who is newer.
  for (const [index, control] of controls.entries()) {
    await control.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
    if (index >= primaries) continue;
    const [first, end] = [index, index + 1].map((one) => Math.floor((one * SLOTS) / primaries)) as [number, number];
    const slots = Array.from({ length: end - first }, (_, i) => first + i);
    await control.call("CLUSTER", "ADDSLOTS", ...slots);
  }
  for (const { endpoint, busPort } of nodes.slice(1)) {
    await controls[0]!.call("CLUSTER", "MEET", endpoint.host, endpoint.port, busPort);
  }
  await until(to("know each other"), async () => {
    const known = await Promise.all(controls.map((control) => clusterInfo(control, "cluster_known_nodes")));
    return known.every((one) => one === String(controls.length));
  });
  for (let index = primaries; index < controls.length; index++) {
    const primary = controls[Math.floor((index - primaries) / replicasEach)]!;
    const id = String(await primary.call("CLUSTER", "MYID"));
    await until(to("be followed"), async () => {
      // Until word of the primary has come to this node it refuses.
      return controls[index]!.call("CLUSTER", "REPLICATE", id).then(
        () => true,
        () => false,
      );
    });
  }
  await until(to("be in order"), async () => {
    const isOk = async (control: Redis, index: number): Promise<boolean> => {
      if ((await clusterInfo(control, "cluster_state")) !== "ok") return false;
      if (index < primaries)
        return new RegExp(`connected_slaves:${replicasEach}\\b`).test(await control.info("replication"));
      return /master_link_status:up/.test(await control.info("replication"));
    };
    return (await Promise.all(controls.map(isOk))).every(Boolean) && (await allSeeAll(controls, primaries));
  });
}

/** Whether every node knows which ones hold slots, and that the others do not. */
async function allSeeAll(controls: readonly Redis[], primaries: number): Promise<boolean> {
  const told = await Promise.all(controls.map((control) => control.call("CLUSTER", "SLOTS") as Promise<unknown[][]>));
  return told.every(
    (ranges) =>
      new Set(ranges.map((range) => JSON.stringify(range[2]))).size === primaries &&
      ranges.every((range) => range.length === 3 + (controls.length - primaries) / primaries),
  );
}

async function clusterInfo(control: Redis, field: string): Promise<string | undefined> {
  const info = String(await control.call("CLUSTER", "INFO"));
  return new RegExp(`^${field}:(.*?)\\r?$`, "m").exec(info)?.[1];
}
