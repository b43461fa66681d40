import type { RedisOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { Endpoint } from "../drivers/driver.js";
import { PREFIX, QUEUE } from "./keys.js";

/** How BullMQ reaches the control Redis, and what it may take for granted there. */

/**
 * An agent that is alive renews its hold on a job in half of that; one that is dead loses it. Short, since a place whose
 * agent died before it said that it is there has nobody to be missed: only the queue notices. One that was merely busy for
 * so long keeps its place all the same, which whoever is offered it then finds taken.
 */
const LOCK_MS = 5_000;
const RECONNECT_EVERY_MS = 500;

export const QUEUE_OPTIONS = (endpoint: Endpoint): { connection: RedisOptions; prefix: string } => ({
  connection: connectionOf(endpoint),
  prefix: PREFIX,
});

export const WORKER_OPTIONS = {
  concurrency: 1,
  lockDuration: LOCK_MS,
  stalledInterval: LOCK_MS,
  // A job whose run is over is dropped by whoever takes it next, however often that happens.
  maxStalledCount: 1000,
} as const;

/** Jobs that are not finished; a finished one is removed. */
const HOLDING_JOBS = ["wait", "active"];
/** What a queue has besides, which BullMQ makes anew where it is missing. */
const BESIDES = ["meta", "id", "events", "marker", "stalled", "stalled-check"];
const REMOVE_BESIDES = `
if redis.call("EXISTS", unpack(KEYS, 1, ${HOLDING_JOBS.length})) == 0 then
  return redis.call("UNLINK", unpack(KEYS, ${HOLDING_JOBS.length + 1}))
end`;

/**
 * Leaves nothing of a queue that holds no job. Not by BullMQ's \`obliterate\`: it pauses the queue first, for everybody, and
 * what a run offers meanwhile it would either take along or leave paused for ever.
 * @throws Error of the connection
 */
export async function removeIdleQueue(redis: Redis): Promise<void> {
  const keys = [...HOLDING_JOBS, ...BESIDES].map((name) => `${PREFIX}:${QUEUE}:${name}`);
  await redis.eval(REMOVE_BESIDES, keys.length, ...keys);
}

function connectionOf({ host, port, tls, username, password, db }: Endpoint): RedisOptions {
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: servername } : {}),
    protocol: 2,
    maxRetriesPerRequest: null,
    retryStrategy: () => RECONNECT_EVERY_MS,
  };
}
