import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Endpoint, Sentinels } from "../drivers/driver.js";
import { moveTo, wayOptions } from "../drivers/ioredis/ways.js";
import { Scout } from "../drivers/scout.js";
import { translateRedisError, Unreachable } from "./redis-errors.js";
import { addressOf } from "./url.js";

export interface ControlOptions {
  /** For the connection to be made and logged in. */
  readonly connectTimeoutMs?: number;
  /** How long a connection lost later is tried again before its commands fail. */
  readonly reconnectForMs?: number;
  /** How long a server that is loading its data is waited for. */
  readonly loadingTimeoutMs?: number;
  /** Whether commands whose replies were lost with the connection are sent again (true): not where twice is not once. */
  readonly resends?: boolean;
}

/** How long a server may take to accept a connection where nobody says otherwise. */
export const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_FOR_MS = 5_000;
const RECONNECT_EVERY_MS = 100;
/** Nothing that is asked takes so long; where a run goes on, a vigil is kept beside it (vigil.ts). */
const COMMAND_TIMEOUT_MS = 30_000;
const LOADING_TIMEOUT_MS = 30_000;
const LOADING_RETRY_MS = 100;
/** What CLIENT LIST calls our control connections. */
const CONNECTION_NAME = "qbench-control";

/**
 * A connection for everything off the hot path, logged in and answering. The caller disconnects it.
 * Errors of its commands become messages by `translateRedisError`.
 * @throws QbenchError (environment) naming host and port, never the password.
 */
export async function connectControl(endpoint: Endpoint, options: ControlOptions = {}): Promise<Redis> {
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const reconnectAttempts = Math.ceil((options.reconnectForMs ?? RECONNECT_FOR_MS) / RECONNECT_EVERY_MS);
  let isEstablished = false;
  const redis = new Redis({
    ...wayOptions(endpoint),
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    connectTimeout: connectTimeoutMs,
    // Where the stream has closed already, ioredis waits this long for it to close, and keeps the process up.
    disconnectTimeout: 50,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: options.resends ?? true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => (isEstablished && attempt <= reconnectAttempts ? RECONNECT_EVERY_MS : null),
  });
  // What connect() and the commands reject with is often only "Connection is closed"; the reason comes as an event.
  let reason: unknown;
  redis.on("error", (error) => {
    reason ??= error;
  });
  try {
    await within(connectTimeoutMs, endpoint, redis.connect());
    await within(connectTimeoutMs, endpoint, logIn(redis, endpoint));
    await finishLoading(redis, endpoint, options.loadingTimeoutMs ?? LOADING_TIMEOUT_MS);
  } catch (error) {
    redis.disconnect();
    throw translateRedisError(reason ?? error, endpoint);
  }
  isEstablished = true;
  if (endpoint.sentinels !== undefined) followPrimary(redis, endpoint, endpoint.sentinels);
  return redis;
}

/** Goes to whomever Sentinels name, until it is told to disconnect. */
function followPrimary(redis: Redis, endpoint: Endpoint, sentinels: Sentinels): void {
  const scout = new Scout(endpoint, sentinels, (primary) => moveTo(redis, primary));
  const disconnect = redis.disconnect.bind(redis);
  redis.on("close", () => scout.doubt());
  redis.disconnect = (reconnect = false) => {
    if (!reconnect) scout.close();
    disconnect(reconnect);
  };
}

/**
 * Logs in by hand: left to itself, ioredis prints a warning of its own where the server has no password. It is told
 * the rest afterwards, for when it reconnects.
 */
async function logIn(redis: Redis, endpoint: Endpoint): Promise<void> {
  const { username, password, db } = endpoint;
  if (username !== undefined) await redis.auth(username, password ?? "");
  else if (password !== undefined) await redis.auth(password);
  // The answer to PING tells whether this is a Redis, and whether it wants a password that was not given.
  await redis.ping().catch((error: Error) => {
    if (!error.message.startsWith("LOADING")) throw error;
  });
  if (db !== 0) await redis.select(db);
  await redis.client("SETNAME", CONNECTION_NAME).catch(() => {});
  const options = redis.options as { username?: string; password?: string; db?: number; connectionName?: string };
  if (username !== undefined) options.username = username;
  if (password !== undefined) options.password = password;
  options.db = db;
  options.connectionName = CONNECTION_NAME;
}

/** A server that has just started answers LOADING until its data are in memory. */
async function finishLoading(redis: Redis, endpoint: Endpoint, timeoutMs: number): Promise<void> {
  const attempts = Math.ceil(timeoutMs / LOADING_RETRY_MS);
  for (let attempt = 1; ; attempt++) {
    try {
      await within(timeoutMs, endpoint, redis.ping());
      return;
    } catch (error) {
      if (!(error as Error).message.startsWith("LOADING") || attempt === attempts) throw error;
      await sleep(LOADING_RETRY_MS);
    }
  }
}

/** `work`, or an error once it has taken too long. */
async function within<T>(timeoutMs: number, endpoint: Endpoint, work: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const tooLate = sleep(timeoutMs, undefined, { signal: abort.signal }).then(() => {
    throw new Unreachable(
      `the server at ${addressOf(endpoint)} did not answer within ${timeoutMs} ms`,
      // A server without TLS takes our greeting for an unfinished command, and waits for more.
      endpoint.tls
        ? "does it speak TLS? If not, write redis:// instead of rediss://"
        : "is it a Redis, is it running, and is the address right?",
    );
  });
  tooLate.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    abort.abort();
  }
}
