import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { environmentError, QbenchError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { temporaryFolder } from "./folders.js";
import type { RedisBinary } from "./redis-binary.js";
import { startWatched, type WatchedServer } from "./watchdog.js";

/**
 * A real server of our own for one run: loopback only, a free port, nothing persisted, a temporary folder that goes
 * with it. See watchdog.ts for how it ends.
 */
export interface EmbeddedServer {
  readonly endpoint: Endpoint;
  readonly pid: number;
  readonly watchdogPid: number;
  readonly folder: string;
  readonly binary: RedisBinary;
  /** Resolves when the server process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** The last lines of the server's log, for messages; "" once the folder is gone. */
  lastLogLines(): Promise<string>;
  /** Ends the server and removes its folder. May be called again. */
  stop(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const PORT_ATTEMPTS = 10;
const PORT_RETRY_MS = 50;
const READY_TIMEOUT_MS = 15_000;
const READY_RETRY_MS = 5;
const LOG_LINES = 8;
/** Folders that the registry may remove begin with this. */
export const FOLDER_PREFIX = "qbench-";

/**
 * Starts a server and waits until it answers. `configLines` come last in its configuration, so they win.
 * @throws QbenchError (environment) with the server's last log lines if it does not come up.
 */
export const startEmbedded = (binary: RedisBinary, configLines: readonly string[] = []): Promise<EmbeddedServer> =>
  onFreePort((port) => startAt(binary, port, configLines));

/** `start` at a port that was free a moment ago; at another one if that, or any that it draws itself, is taken meanwhile. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/**
 * Starts a server in the place of one that has ended: the same program and port, in a folder of its own.
 * @throws QbenchError (environment) if it does not come up.
 */
export async function restartEmbedded(
  { binary, endpoint }: EmbeddedServer,
  configLines: readonly string[],
): Promise<EmbeddedServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startAt(binary, endpoint.port, configLines);
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
      // A client that connects to a port of its own in vain may have drawn this one, and holds it for a moment.
      await sleep(PORT_RETRY_MS);
    }
  }
}

/** Somebody else took the port between our looking and the server's binding it. */
class PortTaken extends QbenchError {}

/** As `startEmbedded`, at this port and no other. @throws PortTaken */
export async function startAt(
  binary: RedisBinary,
  port: number,
  configLines: readonly string[],
): Promise<EmbeddedServer> {
  const folder = await mkdtemp(join(temporaryFolder(), FOLDER_PREFIX));
  let watched: WatchedServer;
  try {
    await writeFile(join(folder, "redis.conf"), configuration(folder, port, configLines));
    watched = await startWatched(binary.path, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const lastLogLines = () => lastLines(join(folder, "server.log"));
  if (!(await becomesReady(join(folder, "socket"), watched.ended))) {
    const log = await lastLogLines();
    await watched.stop();
    const message = `${binary.path} did not start on ${LOOPBACK}:${port}; the last it said:\n${log || "(nothing)"}`;
    const error = environmentError(message, "try another program with --redis-server PATH, or --url redis://HOST:PORT");
    throw /address already in use/i.test(log) ? new PortTaken(error.kind, error.exitCode, message, error.hint) : error;
  }
  return {
    endpoint: { host: LOOPBACK, port, tls: false, username: undefined, password: undefined, db: 0 },
    pid: watched.pid,
    watchdogPid: watched.watchdogPid,
    folder,
    binary,
    ended: watched.ended,
    lastLogLines,
    stop: () => watched.stop(),
  };
}

/** The unix socket is for readiness: in a folder of ours nobody else can answer on it, and it opens after the port. */
const configuration = (folder: string, port: number, configLines: readonly string[]): string =>
  [
    `# qbench embedded server ${randomBytes(4).toString("hex")}`,
    `bind ${LOOPBACK}`,
    `port ${port}`,
    `dir ${JSON.stringify(folder)}`,
    `unixsocket ${JSON.stringify(join(folder, "socket"))}`,
    'save ""',
    "appendonly no",
    "daemonize no",
    "io-threads 1",
    "maxclients 20000",
    "loglevel notice",
    ...configLines,
    "",
  ].join("\n");

/** A port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => reject(environmentError(`no free port on ${LOOPBACK}: ${error.message}`)));
    probe.listen(0, LOOPBACK, () => {
      const address = probe.address();
      probe.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject()));
    });
  });
}

/** True once the server answers; false if it ended or stayed silent for too long. */
async function becomesReady(socketPath: string, ended: Promise<void>): Promise<boolean> {
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!hasEnded && performance.now() < deadline) {
    const reply = await ask(socketPath, "PING\r\n", deadline - performance.now());
    // A server with a password answers NOAUTH: it is up all the same.
    if (reply !== "" && !reply.startsWith("-LOADING")) return true;
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, READY_RETRY_MS))]);
  }
  return false;
}

/** The first bytes that the server answers with; "" if there are none. */
function ask(socketPath: string, request: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const finish = (reply: string): void => {
      socket.destroy();
      resolve(reply);
    };
    socket.setTimeout(Math.max(1, timeoutMs), () => finish(""));
    socket.once("connect", () => socket.write(request));
    socket.once("data", (data) => finish(data.toString("latin1")));
    socket.once("error", () => finish(""));
    socket.once("close", () => finish(""));
  });
}

async function lastLines(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-LOG_LINES).join("\n");
}
