import type { Redis } from "ioredis";
import { environmentError, usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import type { SlotRange } from "../drivers/slot-map.js";
import type { ClusterShape } from "./cluster-shape.js";
import { openEmbeddedCluster, openRunningCluster } from "./cluster-target.js";
import { connectControl } from "./control.js";
import { startEmbedded } from "./embedded.js";
import { holdsForeignKeys, removeRunKeys } from "./keys.js";
import type { OwnCluster } from "./own-cluster.js";
import { OwnServer } from "./own-server.js";
import { primariesOf, refreshPrimaries } from "./primaries.js";
import { findRedisBinary } from "./redis-binary.js";
import { translateRedisError } from "./redis-errors.js";
import {
  deadRunsAt,
  endOrphanServers,
  forgetDeadRun,
  forgetSettings,
  type RunEntry,
  registerRun,
  settingsLeftAt,
} from "./registry.js";
import { withPrimary } from "./sentinel.js";
import { putBack, Settings } from "./settings.js";
import { successorsOf, toKnownOnly } from "./successors.js";
import { checkTargetOptions, refuseRemote } from "./target-options.js";
import { addressOf, parseRedisUrl } from "./url.js";
import { Vigil } from "./vigil.js";
import { WatchedPrimary } from "./watched-primary.js";

export interface TargetOptions {
  /** `--url`, as given; none: an embedded server. Several are nodes of one cluster. */
  readonly urls: readonly string[];
  /** `--cluster`: an embedded cluster of this shape. */
  readonly cluster?: ClusterShape | undefined;
  /** Why one server is needed, in words that a message can end with; undefined: a cluster will do. */
  readonly singleServerOnly?: string | undefined;
  /** `--redis-server` */
  readonly redisServer?: string | undefined;
  readonly allowRemote: boolean;
  readonly allowNonempty: boolean;
  readonly connectTimeoutMs: number;
  /** How long a server that went away is waited for. */
  readonly reconnectForMs?: number;
  /** Letters, digits and dashes; part of every key of the run. */
  readonly runId: string;
  /** More lines for an embedded server's redis.conf. */
  readonly configLines?: readonly string[];
  /** Heeded while a cluster forms, which takes seconds; and a server that does not answer is not waited for then. */
  readonly signal?: AbortSignal;
}

/** The server that a run measures, or the cluster. */
export interface Target {
  readonly kind: "embedded" | "url" | "cluster";
  /** Of a cluster every node, primaries first as they were when it was opened. */
  readonly endpoints: readonly Endpoint[];
  /** Of a cluster: how many of the endpoints are primaries, and what they hold. */
  readonly primaries?: number;
  readonly slots?: readonly SlotRange[];
  readonly server: "redis" | "valkey";
  readonly version: string;
  /** For people: "embedded redis 7.0.15", "valkey 8.1.0 at 10.0.0.5:6379". */
  readonly name: string;
  /** The servers' processes, where they are ours. */
  readonly pids: readonly number[];
  /** The one server's, to do something to it. */
  readonly own: OwnServer | undefined;
  /** The cluster's nodes, likewise. */
  readonly cluster?: OwnCluster;
  /** The primary that Sentinels were asked for. */
  readonly watched?: WatchedPrimary | undefined;
  /** See cluster-control.ts for what it is in a cluster. */
  readonly control: Redis;
  /** Over the control connection to one server: of a cluster's nodes, the others tell. */
  readonly vigil?: Vigil | undefined;
  /** What is changed of its settings; `stop` puts it back, and after a SIGKILL the next start does. */
  readonly settings: Settings;
  /** What a user should know, though the run can go on. */
  readonly warnings: readonly string[];
  /** Removes the keys of this run. @returns how many there were. */
  removeKeys(): Promise<number>;
  /**
   * Removes the run's keys, disconnects and ends an embedded server; nothing is left behind. May be called again.
   * @throws QbenchError (environment) if the keys could not be removed: the next start will.
   */
  stop(): Promise<void>;
}

/**
 * Starts or reaches the server to measure, after cleaning up what killed runs have left there.
 * @throws QbenchError usage: a URL is wrong, or not loopback without `allowRemote`; environment: the server cannot be
 * had or reached, refuses, holds foreign keys without `allowNonempty`, or is a replica outside a cluster.
 */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const given = options.urls.map((url) => parseRedisUrl(url));
  checkTargetOptions(given, options);
  if (given.length === 0) {
    return options.cluster === undefined ? openEmbedded(options) : openOwnCluster(options, options.cluster);
  }
  const found = await withPrimary(given);
  const endpoints = options.allowRemote ? found : found.map(toKnownOnly);
  for (const one of endpoints) for (const server of successorsOf(one)) refuseRemote(server, options);
  return openUrl(endpoints as [Endpoint, ...Endpoint[]], options);
}

async function openOwnCluster(options: TargetOptions, shape: ClusterShape): Promise<Target> {
  await endOrphanServers().catch(() => 0);
  const binary = await findRedisBinary(options.redisServer);
  const { entry, warnings } = await register(options.runId);
  try {
    const opened = await openEmbeddedCluster(binary, shape, {
      ...options,
      onStarted: async (server) => entry?.addServer(server),
    });
    const { cluster, end, ...rest } = opened;
    return {
      kind: "cluster",
      ...rest,
      cluster,
      get pids() {
        return cluster.nodes.map((node) => node.server.pid);
      },
      server: binary.server,
      version: binary.version,
      name: `embedded cluster of ${nodesText(opened)} with ${binary.server} ${binary.version}`,
      warnings,
      own: undefined,
      // They end with the servers.
      settings: new Settings(opened.control, async () => {}),
      removeKeys: () => removeRunKeys(opened.control, options.runId),
      stop: once(async () => {
        opened.control.disconnect();
        await end();
        await entry?.remove();
      }),
    };
  } catch (error) {
    await entry?.remove();
    throw error;
  }
}

/** "3 + 3 nodes" */
const nodesText = ({ primaries, endpoints }: { primaries: number; endpoints: readonly Endpoint[] }): string =>
  `${primaries} + ${endpoints.length - primaries} nodes`;

async function openEmbedded(options: TargetOptions): Promise<Target> {
  await endOrphanServers().catch(() => 0);
  const binary = await findRedisBinary(options.redisServer);
  const { entry, warnings } = await register(options.runId);
  const server = await startEmbedded(binary, options.configLines);
  const own = new OwnServer(server, options.configLines ?? [], async (next) => entry?.addServer(next));
  const stop = async (): Promise<void> => {
    await own.stop();
    await entry?.remove();
  };
  try {
    await entry?.addServer(server);
    const control = await connectControl(server.endpoint, options);
    return {
      kind: "embedded",
      vigil: vigilOver(control, options),
      endpoints: [server.endpoint],
      server: binary.server,
      version: binary.version,
      name: `embedded ${binary.server} ${binary.version}`,
      get pids() {
        return [own.pid];
      },
      own,
      control,
      // They end with the server.
      settings: new Settings(control, async () => {}),
      warnings,
      removeKeys: () => removeRunKeys(control, options.runId),
      async stop() {
        control.disconnect();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openUrl(endpoints: readonly [Endpoint, ...Endpoint[]], options: TargetOptions): Promise<Target> {
  const { runId } = options;
  const [endpoint] = endpoints;
  const first = await connectControl(endpoint, options);
  let control = first;
  try {
    const { server, version, isCluster } = await checkedServer(first, endpoint);
    if (isCluster && options.singleServerOnly !== undefined) {
      throw usageError(
        `${addressOf(endpoint)} is a node of a cluster, and one server is needed ${options.singleServerOnly}`,
        "name a server that is not in cluster mode",
      );
    }
    if (!isCluster && endpoints.length > 1) {
      throw usageError(
        `--url was given more than once, and ${addressOf(endpoint)} is no node of a cluster`,
        "give one --url",
      );
    }
    const cluster = isCluster ? await openRunningCluster(first, endpoints, options) : undefined;
    if (cluster !== undefined) {
      for (const node of cluster.endpoints) refuseRemote(node, options);
      first.disconnect();
      control = cluster.control;
    }
    const nodes = cluster?.endpoints ?? [endpoint];
    await putBackSettings(control, nodes);
    await removeKeysOfDeadRuns(control, nodes.flatMap(successorsOf));
    if (!options.allowNonempty) await refuseForeignKeys(control, endpoint);
    const { entry, warnings } = await register(runId);
    for (const node of nodes.flatMap(successorsOf)) await entry?.addAddress(node);
    const where = `${server} ${version} at ${addressOf(endpoint)}`;
    const settings = new Settings(control, async (changes) => entry?.setSettings(changes));
    const { sentinels } = endpoint;
    const watched = sentinels === undefined ? undefined : new WatchedPrimary(endpoint, sentinels, control);
    const vigil = cluster === undefined ? vigilOver(control, options) : undefined;
    return {
      kind: cluster === undefined ? "url" : "cluster",
      ...cluster,
      get endpoints() {
        return watched === undefined ? nodes : [watched.endpoint];
      },
      watched,
      server,
      version,
      name: cluster === undefined ? where : `cluster of ${nodesText(cluster)} with ${where}`,
      pids: [],
      own: undefined,
      control,
      vigil,
      settings,
      warnings,
      removeKeys: () => removeRunKeys(control, runId),
      stop: once(async () => {
        try {
          await refreshPrimaries(control);
          await settings.restore();
          await removeRunKeys(control, runId);
          await entry?.remove();
        } catch (error) {
          const { message, hint } = translateRedisError(vigil?.reasonOf(error) ?? error, endpoint);
          throw environmentError(`what this run has left on the server was not removed: ${message}`, hint);
        } finally {
          control.disconnect();
        }
      }),
    };
  } catch (error) {
    first.disconnect();
    control.disconnect();
    throw translateRedisError(error, endpoint);
  }
}

/** Where there will be no entries, and so no time that a server may be away, as long as nothing takes that is asked. */
const SILENT_FOR_MS = 30_000;

const vigilOver = (control: Redis, { reconnectForMs = SILENT_FOR_MS, signal }: TargetOptions): Vigil =>
  new Vigil(control, reconnectForMs, signal);

/** What INFO says the server is. @throws QbenchError (environment) if it is a replica outside a cluster. */
async function checkedServer(
  control: Redis,
  endpoint: Endpoint,
): Promise<{ server: "redis" | "valkey"; version: string; isCluster: boolean }> {
  const info = await control.info();
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const isCluster = field("cluster_enabled") === "1";
  if (field("role") === "slave" && !isCluster) {
    throw environmentError(`${addressOf(endpoint)} is a replica and takes no writes`, "name its primary");
  }
  const valkey = field("valkey_version");
  return valkey === undefined
    ? { server: "redis", version: field("redis_version") ?? "unknown", isCluster }
    : { server: "valkey", version: valkey, isCluster };
}

async function removeKeysOfDeadRuns(control: Redis, endpoints: readonly Endpoint[]): Promise<void> {
  for (const endpoint of endpoints) {
    for (const runId of await deadRunsAt(endpoint)) {
      await removeRunKeys(control, runId);
      await forgetDeadRun(runId, endpoint).catch(() => {});
    }
  }
}

async function putBackSettings(control: Redis, endpoints: readonly Endpoint[]): Promise<void> {
  for (const endpoint of endpoints) {
    for (const { runId, changes } of await settingsLeftAt(endpoint)) {
      await putBack(control, changes);
      await forgetSettings(runId, endpoint).catch(() => {});
    }
  }
}

async function refuseForeignKeys(control: Redis, endpoint: Endpoint): Promise<void> {
  if (!(await holdsForeignKeys(control))) return;
  const sizes = await Promise.all(primariesOf(control).map((node) => node.dbsize()));
  const keys = sizes.reduce((sum, size) => sum + size, 0);
  throw environmentError(
    `database ${endpoint.db} at ${addressOf(endpoint)} holds keys that are not qbench's (${keys} in all)`,
    "use an empty database, or add --allow-nonempty: qbench touches its own keys only, but loads the server for others",
  );
}

/** A run that cannot be registered still runs; only a kill would leave its traces. */
async function register(runId: string): Promise<{ entry: RunEntry | undefined; warnings: string[] }> {
  try {
    return { entry: await registerRun(runId), warnings: [] };
  } catch (error) {
    const reason = (error as Error).message;
    return { entry: undefined, warnings: [`if this run is killed, nothing will clean up after it: ${reason}`] };
  }
}

/** The same promise however often it is asked for. */
function once(work: () => Promise<void>): () => Promise<void> {
  let started: Promise<void> | undefined;
  return () => {
    started ??= work();
    return started;
  };
}
