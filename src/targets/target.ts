import type { Redis } from "ioredis";
import { environmentError, usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { connectControl } from "./control.js";
import { startEmbedded } from "./embedded.js";
import { holdsForeignKeys, removeRunKeys } from "./keys.js";
import { OwnServer } from "./own-server.js";
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
import { putBack, Settings } from "./settings.js";
import { addressOf, isLoopback, parseRedisUrl } from "./url.js";

export interface TargetOptions {
  /** `--url`, as given; none: an embedded server. */
  readonly urls: readonly string[];
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
}

/** The server that a run measures. */
export interface Target {
  readonly kind: "embedded" | "url" | "cluster";
  readonly endpoints: readonly Endpoint[];
  readonly server: "redis" | "valkey";
  readonly version: string;
  /** For people: "embedded redis 7.0.15", "valkey 8.1.0 at 10.0.0.5:6379". */
  readonly name: string;
  /** The server's process, where it is one of ours. */
  readonly pid: number | undefined;
  /** The same, to do something to it. */
  readonly own: OwnServer | undefined;
  readonly control: Redis;
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
 * had or reached, refuses, holds foreign keys without `allowNonempty`, or is no single primary.
 */
export async function openTarget(options: TargetOptions): Promise<Target> {
  const endpoints = options.urls.map(parseRedisUrl);
  const [endpoint] = endpoints;
  if (endpoint === undefined) return openEmbedded(options);
  if (options.redisServer !== undefined) {
    throw usageError("--redis-server starts a server and --url names a running one", "give one of the two");
  }
  if (endpoints.length > 1) {
    throw usageError("--url was given more than once, and clusters are not supported yet", "give one --url");
  }
  if (!isLoopback(endpoint) && !options.allowRemote) {
    throw usageError(
      `${addressOf(endpoint)} is not on this machine`,
      "add --allow-remote if it is yours to load: a run puts it under full load",
    );
  }
  return openUrl(endpoint, options);
}

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
      endpoints: [server.endpoint],
      server: binary.server,
      version: binary.version,
      name: `embedded ${binary.server} ${binary.version}`,
      get pid() {
        return own.pid;
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

async function openUrl(endpoint: Endpoint, options: TargetOptions): Promise<Target> {
  const { runId } = options;
  const control = await connectControl(endpoint, options);
  try {
    const { server, version } = await checkedServer(control, endpoint);
    await putBackSettings(control, endpoint);
    await removeKeysOfDeadRuns(control, endpoint);
    if (!options.allowNonempty) await refuseForeignKeys(control, endpoint);
    const { entry, warnings } = await register(runId);
    await entry?.addAddress(endpoint);
    const settings = new Settings(control, async (changes) => entry?.setSettings(endpoint, changes));
    return {
      kind: "url",
      endpoints: [endpoint],
      server,
      version,
      name: `${server} ${version} at ${addressOf(endpoint)}`,
      pid: undefined,
      own: undefined,
      control,
      settings,
      warnings,
      removeKeys: () => removeRunKeys(control, runId),
      stop: once(async () => {
        try {
          await settings.restore();
          await removeRunKeys(control, runId);
          await entry?.remove();
        } catch (error) {
          const { message, hint } = translateRedisError(error, endpoint);
          throw environmentError(`what this run has left on the server was not removed: ${message}`, hint);
        } finally {
          control.disconnect();
        }
      }),
    };
  } catch (error) {
    control.disconnect();
    throw translateRedisError(error, endpoint);
  }
}

/** What INFO says the server is. @throws QbenchError (environment) if it is not one that can be measured yet. */
async function checkedServer(
  control: Redis,
  endpoint: Endpoint,
): Promise<{ server: "redis" | "valkey"; version: string }> {
  const info = await control.info();
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  if (field("cluster_enabled") === "1") {
    throw environmentError(
      `${addressOf(endpoint)} is a node of a cluster, and clusters are not supported yet`,
      "name a server that is not in cluster mode",
    );
  }
  if (field("role") === "slave") {
    throw environmentError(`${addressOf(endpoint)} is a replica and takes no writes`, "name its primary");
  }
  const valkey = field("valkey_version");
  return valkey === undefined
    ? { server: "redis", version: field("redis_version") ?? "unknown" }
    : { server: "valkey", version: valkey };
}

async function removeKeysOfDeadRuns(control: Redis, endpoint: Endpoint): Promise<void> {
  for (const runId of await deadRunsAt(endpoint)) {
    await removeRunKeys(control, runId);
    await forgetDeadRun(runId, endpoint).catch(() => {});
  }
}

async function putBackSettings(control: Redis, endpoint: Endpoint): Promise<void> {
  for (const { runId, changes } of await settingsLeftAt(endpoint)) {
    await putBack(control, changes);
    await forgetSettings(runId, endpoint).catch(() => {});
  }
}

async function refuseForeignKeys(control: Redis, endpoint: Endpoint): Promise<void> {
  if (!(await holdsForeignKeys(control))) return;
  const keys = await control.dbsize();
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
