import { execFile } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import { promisify } from "node:util";
import { cpuLimitCores, memoryLimitBytes } from "./container.js";
import { redisFacts, type ServerConnection } from "./redis-facts.js";
import type { EnvironmentReport } from "./schema.js";
import { PACKAGE_FOLDER, TOOL } from "./tool.js";

/**
 * What a run was measured on (METHOD 12). Nothing here names a host, a user or a folder, and nothing here fails: what
 * cannot be read is null.
 */
export interface EnvironmentFacts {
  readonly control: ServerConnection;
  /** What the target says it is: "redis" or "valkey", and its version. */
  readonly server: string;
  readonly version: string;
  readonly scripts: readonly { readonly name: string; readonly sha1: string }[];
  readonly seed: number;
}

/** Call it before the load begins: it reads the load average too. */
export async function readEnvironment(facts: EnvironmentFacts): Promise<EnvironmentReport> {
  const loadAverage = os.loadavg();
  const [redis, cpuLimit, governor, git] = await Promise.all([
    redisFacts(facts.control),
    cpuLimitCores(),
    readFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "utf8").catch(() => null),
    gitRevision(PACKAGE_FOLDER),
  ]);
  return {
    machine: {
      cpuModel: os.cpus()[0]?.model.trim() || "unknown",
      cores: os.availableParallelism(),
      architecture: os.arch(),
      platform: os.platform(),
      kernel: os.release(),
      memoryBytes: os.totalmem(),
      container: { cpuLimitCores: cpuLimit, memoryLimitBytes: memoryLimitBytes() },
      governor: governor?.trim() ?? null,
      loadAverage,
    },
    software: {
      node: process.versions.node,
      qbench: TOOL.version,
      ioredis: versionOf("ioredis"),
      hdrHistogram: versionOf("hdr-histogram-js"),
    },
    redis: { server: facts.server, version: facts.version, ...redis },
    scripts: Object.fromEntries(facts.scripts.map(({ name, sha1 }) => [name, sha1])),
    git,
    seed: facts.seed,
  };
}

function versionOf(library: string): string {
  try {
    const { version } = createRequire(import.meta.url)(`${library}/package.json`) as { version: string };
    return version;
  } catch {
    return "unknown";
  }
}

const GIT_TIMEOUT_MS = 5_000;

/**
 * The commit of the working copy at `folder`, and whether tracked files differ from it; null where there is no git, or
 * where `folder` only lies inside somebody else's working copy.
 */
export async function gitRevision(folder: string): Promise<{ revision: string; dirty: boolean } | null> {
  // Inside a git hook these point at the repository that the hook belongs to.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
  const git = async (...args: string[]): Promise<string> => {
    const options = { env: { ...env, GIT_OPTIONAL_LOCKS: "0" }, timeout: GIT_TIMEOUT_MS, maxBuffer: 16 << 20 };
    return (await promisify(execFile)("git", ["-C", folder, ...args], options)).stdout.trim();
  };
  try {
    const [top, revision] = (await git("rev-parse", "--show-toplevel", "HEAD")).split("\n") as [string, string];
    if ((await realpath(top)) !== (await realpath(folder))) return null;
    return { revision, dirty: (await git("status", "--porcelain", "--untracked-files=no")) !== "" };
  } catch {
    return null;
  }
}
