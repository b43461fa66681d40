import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { Redis } from "ioredis";
import { findRedisBinary } from "../../targets/redis-binary.js";

/** For tests: the built command as a user runs it, in a world of its own (cache and temporary folder). */
const BIN = fileURLToPath(new URL("../../../bin/qbench.js", import.meta.url));
/** No test waits longer for the program, or for something that it is to do. */
const PATIENCE_MS = 60_000;
const POLL_MS = 10;

export interface World {
  /** `$XDG_CACHE_HOME` of the runs. */
  readonly cache: string;
  /** Where embedded servers have their folders. */
  readonly temporary: string;
  /** Of the runs, beside this process' own. */
  readonly environment: Record<string, string>;
  run(...args: string[]): Running;
  /** Any other command, with an embedded server unless it names one. */
  command(name: string, ...args: string[]): Running;
  /** What runs have registered and not yet cleaned up. */
  records(): RunRecord[];
  remove(): void;
}

interface RunRecord {
  readonly servers: readonly { readonly process: { readonly pid: number }; readonly folder: string }[];
  readonly addresses: readonly string[];
}

export interface Running {
  kill(signal: NodeJS.Signals): void;
  readonly pid: number;
  /** Resolves once stderr has said `text`. */
  says(text: string | RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as one JSON document. @throws if it is anything else. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails where it is not
  json(): any;
}

export async function makeWorld(): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), "qb-test-"));
  const [cache, temporary] = [join(home, "cache"), mkdtempSync(join(home, "t"))];
  const server = (await findRedisBinary(undefined)).path;
  const world: World = {
    cache,
    temporary,
    environment: {},
    run: (...args) => world.command("run", ...args),
    command(name, ...args) {
      const env = { XDG_CACHE_HOME: cache, TMPDIR: temporary, FORCE_COLOR: "0", ...world.environment };
      const hasServer = name === "agent" || args.some((arg) => arg === "--url" || arg.startsWith("url:"));
      const embedded = hasServer ? [] : ["--redis-server", server];
      const child = execa(process.execPath, [BIN, name, ...args, ...embedded], {
        reject: false,
        env,
        // An agent serves many runs.
        ...(name === "agent" ? {} : { timeout: PATIENCE_MS }),
        killSignal: "SIGKILL",
      });
      let said = "";
      child.stderr.on("data", (chunk) => {
        said += chunk;
      });
      let hasEnded = false;
      const ended = child.then(({ exitCode, stdout, stderr }) => {
        hasEnded = true;
        return { exitCode, stdout, stderr, json: () => JSON.parse(stdout) };
      });
      return {
        kill: (signal) => void child.kill(signal),
        pid: child.pid!,
        says: (text) =>
          until(() => {
            if (hasEnded) throw new Error(`ended without saying ${text}: ${said}`);
            return said.match(text) !== null;
          }),
        ended,
      };
    },
    records() {
      const folder = join(cache, "qbench", "runs");
      return list(folder)
        .filter((name) => name.endsWith(".json"))
        .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as RunRecord);
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
  return world;
}

/** Names in a folder; none if it does not exist. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export async function until(condition: () => boolean | Promise<boolean>, withinMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition}`);
    await sleep(POLL_MS);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Calls that the server has counted, by lower-case name. */
export async function callsOf(redis: Redis): Promise<Record<string, number>> {
  const info = await redis.info("commandstats");
  return Object.fromEntries(
    [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, n]) => [name!, Number(n)]),
  );
}

/** Resolves once entries are going on: users have been put into a queue. */
export const entriesBegan = (redis: Redis, commands = 500): Promise<void> =>
  until(async () => {
    const { zadd = 0, evalsha = 0 } = await callsOf(redis);
    return zadd + evalsha >= commands;
  });

/** The embedded server of the run that is going on. */
export async function serverOfRun(world: World): Promise<{ pid: number; folder: string }> {
  let found: RunRecord["servers"][number] | undefined;
  await until(() => {
    found = world.records()[0]?.servers[0];
    return found !== undefined;
  });
  return { pid: found!.process.pid, folder: found!.folder };
}

/** Resolves once a run has sent its own server so many commands that put users into a queue. */
export async function queueIsFilling({ folder }: { folder: string }, commands: number): Promise<void> {
  const redis = new Redis({ path: join(folder, "socket"), retryStrategy: () => 50 });
  redis.on("error", () => {});
  try {
    await entriesBegan(redis, commands);
  } finally {
    redis.disconnect();
  }
}
