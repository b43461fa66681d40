import type { Redis } from "ioredis";
import { throwIfAborted } from "../base/errors.js";
import { type ConcertKeys, userIdOf } from "../queue/keys.js";
import type { Population } from "../queue/population.js";

/** Users in one command, so that neither a request nor the server's pause for it grows with the population. */
const CHUNK = 1000;
const NEVER = new AbortController().signal;
/** A token outlives every trial but not a forgotten server. */
const TOKEN_TTL_S = 24 * 3600;

/**
 * Puts the population into each of `concerts`: users 0 … waiting − 1 wait in that order, the next `active` ones hold a
 * token and stand in the active set. Outside the measured time.
 * @throws QbenchError (interrupted) when `signal` is aborted meanwhile.
 */
export async function populate(
  control: Redis,
  concerts: readonly ConcertKeys[],
  population: Population,
  signal: AbortSignal = NEVER,
): Promise<void> {
  const [first, ...others] = concerts;
  if (first === undefined) return;
  await fillWaiting(control, first, population.waiting, signal);
  for (const other of population.waiting > 0 ? others : []) {
    throwIfAborted(signal);
    if (control.isCluster) {
      // COPY would have to reach into another slot.
      await fillWaiting(control, other, population.waiting, signal);
      continue;
    }
    await control.copy(first.waiting, other.waiting, "REPLACE");
    await control.set(other.sequence, population.waiting);
  }
  for (const concert of concerts) await fillActive(control, concert, population, signal);
}

/** Scores 1, 2, 3, …: before any timestamp, and what a sequence would have given. */
async function fillWaiting(control: Redis, concert: ConcertKeys, waiting: number, signal: AbortSignal): Promise<void> {
  for (let from = 0; from < waiting; from += CHUNK) {
    throwIfAborted(signal);
    const members: string[] = [];
    for (let user = from; user < Math.min(from + CHUNK, waiting); user++)
      members.push(String(user + 1), userIdOf(user));
    await control.zadd(concert.waiting, ...members);
  }
  if (waiting > 0) await control.set(concert.sequence, waiting);
}

async function fillActive(
  control: Redis,
  concert: ConcertKeys,
  { waiting, active }: Population,
  signal: AbortSignal,
): Promise<void> {
  const expiryMs = Date.now() + TOKEN_TTL_S * 1000;
  for (let from = waiting; from < waiting + active; from += CHUNK) {
    throwIfAborted(signal);
    const pipeline = control.pipeline();
    for (let user = from; user < Math.min(from + CHUNK, waiting + active); user++) {
      const id = userIdOf(user);
      pipeline.zadd(concert.active, expiryMs, id);
      pipeline.hset(concert.tokenPrefix + id, "token", `prepared-${id}`);
      pipeline.expire(concert.tokenPrefix + id, TOKEN_TTL_S);
    }
    const failed = (await pipeline.exec())?.find(([error]) => error !== null);
    if (failed?.[0]) throw failed[0];
  }
}
