import type { Socket } from "node:net";
import { Cluster, Redis } from "ioredis";
import { isReplicas } from "../answered-failure.js";
import type { DelayLine } from "../delay/delay-line.js";
import { delayReads } from "../delay/delayed-reads.js";
import type { Endpoint } from "../driver.js";
import { addressKey, type Proxies } from "../proxies.js";
import { wayOptions } from "./ways.js";

/** ioredis' clients, told to hide nothing: what failed is reported, not tried again in silence. */
interface ClientOptions {
  readonly connectTimeoutMs: number;
  readonly delay: DelayLine | null;
  readonly proxies: Proxies | undefined;
  readonly isClosing: () => boolean;
}

const pauseMs = (attempt: number): number => Math.min(20 * 2 ** attempt, 500);

export function makeClient(endpoint: Endpoint, { connectTimeoutMs, delay, proxies, isClosing }: ClientOptions): Redis {
  const redis = new Redis({
    ...wayOptions(endpoint, proxies),
    db: endpoint.db,
    ...loginOf(endpoint),
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    enableOfflineQueue: false,
    ...NOTHING_HIDDEN,
    // What Sentinels would not have named: they are asked again.
    ...(endpoint.sentinels === undefined ? {} : { reconnectOnError: ({ message }: Error) => isReplicas(message) }),
    retryStrategy: (attempt: number) => (isClosing() ? null : pauseMs(attempt)),
  });
  delayed(redis, delay);
  return redis;
}

/** With a connection to each node; whatever is redirected goes where it belongs. */
export function makeClusterClient(
  endpoints: readonly Endpoint[],
  { connectTimeoutMs, delay, proxies, isClosing }: ClientOptions,
): Cluster {
  const ways = endpoints.map((endpoint) => wayOptions(endpoint, proxies));
  const cluster = new Cluster(
    ways.map((way) => ({ ...way })),
    {
      // Also what a connection to each node is made with, by the name that the cluster has for it.
      natMap: Object.fromEntries(endpoints.map((endpoint, i) => [addressKey(endpoint), ways[i]!])),
      lazyConnect: true,
      enableOfflineQueue: false,
      // Otherwise what was lost with a connection is sent again, and a join that had happened is answered WAITING.
      retryDelayOnFailover: 0,
      clusterRetryStrategy: (attempt) => (isClosing() ? null : pauseMs(attempt)),
      redisOptions: { ...loginOf(endpoints[0]!), connectTimeout: connectTimeoutMs, ...NOTHING_HIDDEN },
    },
  );
  cluster.on("error", () => {});
  cluster.on("node error", () => {});
  cluster.on("+node", (node: Redis) => delayed(node, delay));
  return cluster;
}

/** The open sockets of a client. */
export function streamsOf(client: Redis | Cluster): Socket[] {
  const nodes = client.isCluster ? (client as Cluster).nodes("all") : [client as Redis];
  return nodes
    .map(({ stream }) => stream as Socket | undefined)
    .filter((stream) => stream !== undefined && "bytesWritten" in stream) as Socket[];
}

const loginOf = (endpoint: Endpoint) => ({
  ...(endpoint.clientName === undefined ? {} : { connectionName: endpoint.clientName }),
  ...(endpoint.username === undefined ? {} : { username: endpoint.username }),
  ...(endpoint.password === undefined ? {} : { password: endpoint.password }),
});

const NOTHING_HIDDEN = {
  protocol: 2,
  // An entry that lost its connection is in doubt: sending it again in silence would hide that.
  autoResendUnfulfilledCommands: false,
  // Otherwise a socket that is closed already holds the process up for two seconds.
  disconnectTimeout: 50,
  maxRetriesPerRequest: 0,
} as const;

function delayed(redis: Redis, delay: DelayLine | null): void {
  // Of each new socket, before the first reply can be there.
  if (delay !== null) redis.on("connect", () => delayReads(redis.stream as Socket, delay));
  // Without a listener ioredis prints errors; they arrive with each failed command anyway.
  redis.on("error", () => {});
}
