import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What qbench keeps on this machine for this user: the redis-server that set-up fetched, and the registry of runs.
 * `$XDG_CACHE_HOME/qbench`, else `~/.cache/qbench`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(home, "qbench");
}

/** Where set-up puts a redis-server that it had to fetch; `bin/redis-server` under it starts it. */
export const fetchedRedisFolder = (env: NodeJS.ProcessEnv = process.env): string => join(cacheFolder(env), "redis");

/** Sockets live in our temporary folders, and a socket's path may have 103 bytes at most (macOS). */
const LONGEST_TMPDIR = 70;

/** The folder to make temporary folders in. */
export const temporaryFolder = (): string => (Buffer.byteLength(tmpdir()) > LONGEST_TMPDIR ? "/tmp" : tmpdir());
