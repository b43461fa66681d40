import { Cluster, type Redis } from "ioredis";
import { environmentError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { connectCluster } from "../drivers/ioredis/clients.js";
import { clusterWays } from "../drivers/ioredis/ways.js";
import { connectControl } from "./control.js";

/**
 * A connection for everything off the hot path, to a whole cluster. It is handed around as a `Redis`, all of whose
 * commands an ioredis `Cluster` has: those with keys go to the node that holds them. What concerns each node for itself
 * (INFO, SCAN, SCRIPT LOAD) goes to all `primariesOf` it (primaries.ts).
 */

const COMMAND_TIMEOUT_MS = 30_000;
const RETRY_EVERY_MS = 100;

interface ClusterControlOptions {
  readonly connectTimeoutMs: number;
  /** Whether commands that were lost are sent again (true): not where twice is not once. */
  readonly resends?: boolean;
  /** How long a cluster without one of its primaries is waited for. */
  readonly reconnectForMs: number;
}

/** @throws QbenchError (environment) */
export async function connectClusterControl(
  endpoints: readonly Endpoint[],
  { connectTimeoutMs, resends = true, reconnectForMs }: ClusterControlOptions,
): Promise<Redis> {
  const { username, password, tls } = endpoints[0]!;
  const { startupNodes, natMap } = clusterWays(endpoints);
  const attempts = Math.ceil(reconnectForMs / RETRY_EVERY_MS);
  const cluster = new Cluster(startupNodes, {
    natMap,
    lazyConnect: true,
    retryDelayOnFailover: resends ? RETRY_EVERY_MS : 0,
    retryDelayOnClusterDown: RETRY_EVERY_MS,
    maxRedirections: attempts,
    clusterRetryStrategy: (attempt) => (attempt <= attempts ? RETRY_EVERY_MS : null),
    slotsRefreshTimeout: connectTimeoutMs,
    redisOptions: {
      connectTimeout: connectTimeoutMs,
      protocol: 2,
      disableClientInfo: true,
      disconnectTimeout: 50,
      maxRetriesPerRequest: null,
      autoResendUnfulfilledCommands: resends,
      commandTimeout: COMMAND_TIMEOUT_MS,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      // Of nodes that join later; those that are known have their own.
      ...(tls ? { tls: {} } : {}),
    },
  });
  cluster.on("error", () => {});
  cluster.on("node error", () => {});
  try {
    await connectCluster(cluster, connectTimeoutMs + reconnectForMs);
    return cluster as unknown as Redis;
  } catch (error) {
    cluster.disconnect();
    throw environmentError(
      `the cluster of ${endpoints.length} nodes could not be reached: ${(error as Error).message}`,
      "is it up? `redis-cli cluster info` of one of its nodes tells",
    );
  }
}

/** A connection of its own to all that `target` consists of; the caller disconnects it. @throws QbenchError (environment) */
export function connectBeside(
  target: { readonly kind: string; readonly endpoints: readonly Endpoint[] },
  options: { readonly resends: boolean; readonly connectTimeoutMs: number; readonly reconnectForMs: number },
): Promise<Redis> {
  return target.kind === "cluster"
    ? connectClusterControl(target.endpoints, options)
    : connectControl(target.endpoints[0]!, options);
}
