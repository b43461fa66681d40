import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { environmentError, type QbenchError, throwIfAborted } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { connectControl } from "../targets/control.js";
import { translateRedisError } from "../targets/redis-errors.js";
import { withPrimary } from "../targets/sentinel.js";
import { openTarget } from "../targets/target.js";
import { addressOf, isLoopback, parseRedisUrl } from "../targets/url.js";
import { type Finding, findingsOf, type Need, unfit } from "./check.js";
import { MACHINE_CHECKS } from "./machine-checks.js";
import { type MachineFacts, readMachine } from "./machine-facts.js";
import { SERVER_CHECKS } from "./server-checks.js";
import { readServer, type ServerFacts } from "./server-facts.js";

/** What is to be looked at, and what for. */
export interface ExamineOptions {
  /** As given; undefined: a server of qbench's own. */
  readonly url: string | undefined;
  readonly redisServer: string | undefined;
  readonly instances: number;
  /** Connections of each instance. */
  readonly pool: number;
}

export interface Examination {
  readonly findings: readonly Finding[];
  /** Why the server could not be looked at. */
  readonly serverError: QbenchError | undefined;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** Looking at the server, the machine meanwhile included, takes three seconds; a server that hangs must not hang us. */
const SERVER_DEADLINE_MS = 7_000;
const REACHED_WHY = "what cannot be reached cannot be measured";

/**
 * Looks at this machine and at one server: at both at the same time, so that neither what others ask of the server nor
 * what they run here is missed. A server that cannot be had is a finding like any other.
 * @throws QbenchError usage: the URL or the path is none; interrupted.
 */
export async function examine(options: ExamineOptions, signal: AbortSignal): Promise<Examination> {
  const endpoint = options.url === undefined ? undefined : parseRedisUrl(options.url);
  const need: Need = {
    instances: options.instances,
    connections: options.instances * options.pool,
    isServerHere: endpoint === undefined || isLoopback(endpoint),
  };
  let machine: Promise<MachineFacts> | undefined;
  const lookAtMachine = (): Promise<MachineFacts> => {
    machine ??= readMachine();
    return machine;
  };
  const server = await lookAtServer(options, endpoint, lookAtMachine).catch((error: unknown) =>
    asServerError(error, endpoint),
  );
  throwIfAborted(signal);
  const ofMachine = findingsOf(MACHINE_CHECKS, "machine", await lookAtMachine(), need);
  const subject = endpoint === undefined ? "embedded server" : addressOf(endpoint);
  if (!("info" in server)) {
    const reached = unfit(server.message, server.hint ?? "start it, or name another one with --url");
    return {
      findings: [...ofMachine, { subject, check: "reached", why: REACHED_WHY, ...reached }],
      serverError: server,
    };
  }
  return { findings: [...ofMachine, ...findingsOf(SERVER_CHECKS, subject, server, need)], serverError: undefined };
}

async function lookAtServer(
  options: ExamineOptions,
  endpoint: Endpoint | undefined,
  meanwhile: () => Promise<unknown>,
): Promise<ServerFacts> {
  const { control, stop } = await (endpoint === undefined ? openEmbedded(options.redisServer) : connect(endpoint));
  const deadline = sleep(SERVER_DEADLINE_MS, undefined, { ref: false }).then(() => {
    throw environmentError(`the server did not answer within ${SERVER_DEADLINE_MS} ms`, "is it loading, or blocked?");
  });
  try {
    const isHere = endpoint === undefined || isLoopback(endpoint);
    return await Promise.race([readServer(control, isHere, meanwhile), deadline]);
  } finally {
    await stop();
  }
}

interface Opened {
  readonly control: Redis;
  stop(): Promise<void> | void;
}

/** Nothing is written and nothing loaded, so nothing needs to be allowed. */
async function connect(endpoint: Endpoint): Promise<Opened> {
  const [primary = endpoint] = await withPrimary([endpoint]);
  const control = await connectControl(primary, {
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    loadingTimeoutMs: CONNECT_TIMEOUT_MS,
  });
  return { control, stop: () => control.disconnect() };
}

const openEmbedded = (redisServer: string | undefined): Promise<Opened> =>
  openTarget({
    urls: [],
    redisServer,
    allowRemote: false,
    allowNonempty: false,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    runId: `doctor-${randomBytes(4).toString("hex")}`,
  });

/** @throws what is no failure of the server. */
function asServerError(error: unknown, endpoint: Endpoint | undefined): QbenchError {
  const failure = endpoint === undefined ? (error as QbenchError) : translateRedisError(error, endpoint);
  if (failure.kind !== "environment") throw error;
  return failure;
}
