import type { Socket } from "node:net";
import { Cluster, Redis } from "ioredis";
import { isReplicas } from "../answered-failure.js";
import type { DelayLine } from "../delay/delay-line.js";
import { delayReads } from "../delay/delayed-reads.js";
import type { Endpoint } from "../driver.js";
import type { Proxies } from "../proxies.js";
import type { SocketBytes } from "./socket-bytes.js";
import { clusterWays, wayOptions } from "./ways.js";

/** ioredis' clients, told to hide nothing: what failed is reported, not tried again in silence. */
interface ClientOptions {
  readonly connectTimeoutMs: number;
  readonly delay: DelayLine | null;
  readonly bytes: SocketBytes;
  readonly proxies: Proxies | undefined;
  readonly isClosing: () => boolean;
}

const pauseMs = (attempt: number): number => Math.min(20 * 2 ** attempt, 500);

export function makeClient(endpoint: Endpoint, options: ClientOptions): Redis {
  const { connectTimeoutMs, proxies, isClosing } = options;
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
  attend(redis, options);
  return redis;
}

/** With a connection to each node; whatever is redirected goes where it belongs. */
export function makeClusterClient(endpoints: readonly Endpoint[], options: ClientOptions): Cluster {
  const { connectTimeoutMs, proxies, isClosing } = options;
  const { startupNodes, natMap } = clusterWays(endpoints, proxies);
  const cluster = new Cluster(startupNodes, {
    natMap,
    lazyConnect: true,
    enableOfflineQueue: false,
    // Otherwise what was lost with a connection is sent again, and a join that had happened is answered WAITING.
    retryDelayOnFailover: 0,
    clusterRetryStrategy: (attempt) => (isClosing() ? null : pauseMs(attempt)),
    redisOptions: { ...loginOf(endpoints[0]!), connectTimeout: connectTimeoutMs, ...NOTHING_HIDDEN },
  });
  cluster.on("error", () => {});
  cluster.on("node error", () => {});
  cluster.on("+node", (node: Redis) => attend(node, options));
  return cluster;
}

/**
 * Connects a cluster's client. By itself it forgets whom it had promised that, where the cluster is not in order at first.
 * @throws Error if that takes longer than `withinMs`, or nobody is there.
 */
export function connectCluster(cluster: Cluster, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it was not in order within ${withinMs} ms`)), withinMs);
    const settle = (then: () => void) => (): void => {
      clearTimeout(timer);
      then();
    };
    cluster.once("ready", settle(resolve));
    cluster.connect().catch((error) => settle(() => reject(error))());
  });
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

/** Each socket that it opens is counted, and delayed before the first reply can be there. */
function attend(redis: Redis, { delay, bytes }: ClientOptions): void {
  redis.on("connect", () => {
    const socket = redis.stream as Socket;
    bytes.watch(socket);
    if (delay !== null) delayReads(socket, delay);
  });
  // Without a listener ioredis prints errors; they arrive with each failed command anyway.
  redis.on("error", () => {});
}
