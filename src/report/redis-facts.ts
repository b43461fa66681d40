import type { EnvironmentReport } from "./schema.js";

/** The part of a control connection that is needed here; ioredis has it. */
export interface ServerConnection {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** Settings that change what a measurement shows. Nothing secret, no path, no name is among them. */
const CONFIG_NAMES = [
  "io-threads",
  "io-threads-do-reads",
  "maxmemory",
  "maxmemory-policy",
  "save",
  "appendonly",
  "appendfsync",
  "hz",
  "dynamic-hz",
  "maxclients",
  "tcp-backlog",
  "activedefrag",
  "lazyfree-lazy-user-del",
  "slowlog-log-slower-than",
  "latency-monitor-threshold",
  "notify-keyspace-events",
  "zset-max-listpack-entries",
  "hash-max-listpack-entries",
] as const;

type RedisFacts = Pick<EnvironmentReport["redis"], "mode" | "build" | "config">;

/** Build and settings of the server; what it refuses to tell is null. */
export async function redisFacts(control: ServerConnection): Promise<RedisFacts> {
  const info = await control.call("INFO").then(String, () => "");
  const field = (name: string): string | null => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] || null;
  return {
    mode: field("redis_mode") ?? field("server_mode"),
    build: {
      id: field("redis_build_id"),
      gitSha1: field("redis_git_sha1"),
      allocator: field("mem_allocator"),
      compiler: field("gcc_version"),
      multiplexing: field("multiplexing_api"),
      os: field("os"),
    },
    config: await config(control),
  };
}

/** Asked one by one: several names in one CONFIG GET need Redis 7, and `*` would bring the password along. */
async function config(control: ServerConnection): Promise<Record<string, string> | null> {
  try {
    const replies = await Promise.all(CONFIG_NAMES.map((name) => control.call("CONFIG", "GET", name)));
    const pairs = replies.filter((reply) => Array.isArray(reply) && reply.length === 2) as [unknown, unknown][];
    return Object.fromEntries(pairs.map(([name, value]) => [String(name), String(value)]));
  } catch {
    return null;
  }
}
