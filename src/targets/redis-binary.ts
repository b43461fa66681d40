import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { environmentError, type QbenchError, usageError } from "../base/errors.js";
import { fetchedRedisFolder } from "./folders.js";

const execute = promisify(execFile);

/** A server program that can be started here. */
export interface RedisBinary {
  readonly path: string;
  readonly server: "redis" | "valkey";
  readonly version: string;
}

/** Names on PATH, in order of preference. */
const NAMES = ["redis-server", "valkey-server"] as const;
const OLDEST_MAJOR = 6;
const VERSION_TIMEOUT_MS = 10_000;

/** What to type where no server program can be had. */
export const HOW_TO_INSTALL = [
  "install one of these, then start again:",
  "  Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y redis-server",
  "  Fedora, RHEL     sudo dnf install -y valkey",
  "  Alpine           sudo apk add redis",
  "  Arch             sudo pacman -S valkey",
  "  macOS            brew install redis",
  "or name a program with --redis-server PATH, or a running server with --url redis://HOST:PORT",
].join("\n");

/**
 * The server program to start: the one named, else the one on PATH, else the one that set-up fetched.
 * @throws QbenchError usage: `named` is no server program; environment: none is to be had.
 */
export async function findRedisBinary(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RedisBinary> {
  if (named !== undefined) return checkedBinary(resolve(named));
  const unfit: string[] = [];
  for (const path of candidates(env)) {
    const result = await examine(path);
    if (typeof result === "object") return result;
    if (result !== "does not exist") unfit.push(`${path} ${result}`);
  }
  const found = unfit.length === 0 ? "" : ` (${unfit.join("; ")})`;
  throw environmentError(`no redis-server or valkey-server was found on this machine${found}`, HOW_TO_INSTALL);
}

/** @throws QbenchError (usage) if `path` is not a server program that runs here. */
async function checkedBinary(path: string): Promise<RedisBinary> {
  const result = await examine(path);
  if (typeof result === "object") return result;
  throw noServer(path, result);
}

/** What can be told without starting it. @throws QbenchError (usage) if `named` is no program. */
export function checkProgram(named: string): void {
  const path = resolve(named);
  const reason = whyNoProgram(path);
  if (reason !== undefined) throw noServer(path, reason);
}

const noServer = (path: string, reason: string): QbenchError =>
  usageError(
    `--redis-server ${path} ${reason}`,
    `give the path of a redis-server or valkey-server program, version ${OLDEST_MAJOR} or newer`,
  );

function candidates(env: NodeJS.ProcessEnv): string[] {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, join(fetchedRedisFolder(env), "bin", "redis-server")];
}

/** The binary at `path`, or why it is none, as the end of a sentence that begins with the path. */
async function examine(path: string): Promise<RedisBinary | string> {
  const reason = whyNoProgram(path);
  if (reason !== undefined) return reason;
  try {
    const { stdout } = await execute(path, ["--version"], { timeout: VERSION_TIMEOUT_MS });
    return parseVersion(path, stdout);
  } catch (error) {
    const { stderr, code } = error as { stderr?: string; code?: string | number };
    const reason = stderr?.trim().split("\n")[0] || `exit ${code ?? "after too long"}`;
    return `does not answer to --version: ${reason}`;
  }
}

/** The end of a sentence that begins with the path. */
function whyNoProgram(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return "is not a file";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EACCES") return "may not be executed";
    return code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
  }
}

function parseVersion(path: string, stdout: string): RedisBinary | string {
  const match = /^(Redis|Valkey) server v=(\d+)(\.\S*)/i.exec(stdout);
  const [, server = "", major = "", rest = ""] = match ?? [];
  if (match === null) {
    return `is neither redis-server nor valkey-server: its --version says "${stdout.trim().slice(0, 80)}"`;
  }
  if (Number(major) < OLDEST_MAJOR) return `is version ${major}${rest}, older than ${OLDEST_MAJOR}`;
  return { path, server: server.toLowerCase() as "redis" | "valkey", version: `${major}${rest}` };
}
