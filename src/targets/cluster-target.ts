import type { Redis } from "ioredis";
import { environmentError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { rangesAt, SLOTS, type SlotRange, slotsEntries } from "../drivers/slot-map.js";
import type { Reply } from "../strategies/strategy.js";
import { connectClusterControl } from "./cluster-control.js";
import type { ClusterShape } from "./cluster-shape.js";
import { connectControl } from "./control.js";
import type { EmbeddedServer } from "./embedded.js";
import { startEmbeddedCluster } from "./embedded-cluster.js";
import { OwnCluster } from "./own-cluster.js";
import type { RedisBinary } from "./redis-binary.js";
import { addressOf } from "./url.js";

/** What a target needs to know of a cluster. */
export interface OpenedCluster {
  /** Primaries first. */
  readonly endpoints: readonly Endpoint[];
  readonly primaries: number;
  readonly slots: readonly SlotRange[];
  readonly control: Redis;
}

interface Patience {
  readonly connectTimeoutMs: number;
  readonly reconnectForMs?: number;
}

/** A replica takes a dead primary's place within about two node timeouts. */
const RECONNECT_FOR_MS = 5_000;

/** @throws QbenchError (environment); nothing is left running then. */
export async function openEmbeddedCluster(
  binary: RedisBinary,
  shape: ClusterShape,
  options: Patience & {
    readonly configLines?: readonly string[];
    readonly onStarted: (server: EmbeddedServer) => Promise<void>;
    readonly signal?: AbortSignal;
  },
): Promise<OpenedCluster & { readonly cluster: OwnCluster; end(): Promise<void> }> {
  const nodes = await startEmbeddedCluster(binary, shape, options.onStarted, options.configLines, options.signal);
  const end = async (): Promise<void> => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
  };
  try {
    const endpoints = nodes.map(({ endpoint }) => endpoint);
    const first = await connectControl(endpoints[0]!, options);
    try {
      const opened = await openRunningCluster(first, endpoints, options);
      return { ...opened, cluster: new OwnCluster(nodes, opened.control), end };
    } finally {
      first.disconnect();
    }
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * `first`: a connection to the first of `given`, whose logins hold for every node.
 * @throws QbenchError (environment) if slots have no holder, or a given node is of another cluster.
 */
export async function openRunningCluster(
  first: Redis,
  given: readonly [Endpoint, ...Endpoint[]] | readonly Endpoint[],
  { connectTimeoutMs, reconnectForMs = RECONNECT_FOR_MS }: Patience,
): Promise<OpenedCluster> {
  const asked = given[0]!;
  const entries = slotsEntries((await first.call("CLUSTER", "SLOTS")) as Reply) ?? [];
  const covered = entries.reduce((sum, { first: from, last }) => sum + last - from + 1, 0);
  if (covered < SLOTS) {
    throw environmentError(
      `the cluster of ${addressOf(asked)} is incomplete: ${SLOTS - covered} of its ${SLOTS} slots are nobody's`,
      "`redis-cli --cluster check HOST:PORT` tells what is missing",
    );
  }
  const endpointOf = ({ host, port }: { host: string; port: number }): Endpoint => ({
    ...asked,
    host: host === "" ? asked.host : host,
    port,
    db: 0,
  });
  const primaries = distinct(entries.map(({ nodes }) => endpointOf(nodes[0]!)));
  const replicas = distinct(entries.flatMap(({ nodes }) => nodes.slice(1).map(endpointOf)));
  const endpoints = [...primaries, ...replicas];
  for (const one of given) {
    // A cluster may know a node by another name than it was given; its port is the same.
    if (endpoints.some((node) => node.port === one.port)) continue;
    throw environmentError(
      `${addressOf(one)} is no node of the cluster of ${addressOf(asked)}`,
      "give nodes of one cluster; one of them is enough",
    );
  }
  const control = await connectClusterControl(endpoints, { connectTimeoutMs, reconnectForMs });
  return { endpoints, primaries: primaries.length, slots: rangesAt(entries, endpoints), control };
}

const distinct = (endpoints: readonly Endpoint[]): Endpoint[] => [
  ...new Map(endpoints.map((one) => [addressOf(one), one])).values(),
];
