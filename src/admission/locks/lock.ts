import type { Redis } from "ioredis";
import type { ConcertKeys } from "../../queue/keys.js";
import type { Script } from "../../strategies/script.js";
import type { AdmissionOrder } from "../admission.js";
import { looped } from "../looped.js";

/**
 * How several schedulers take turns: a lock that is kept in Redis ends by itself, so that one who dies does not keep it.
 * It so ends for one who was only asleep, too, and he does not notice. Locks differ in what happens when he wakes up.
 */
export interface ClusterLock {
  readonly name: string;
  /** One line for `qbench list`. */
  readonly summary: string;
  /** Whether one scheduler at a time is meant to have it; false: all admit whenever they like. */
  readonly isExclusive: boolean;
  readonly scripts: readonly Script[];
  /** Undefined: somebody else holds it. */
  acquire(redis: Redis, term: Term): Promise<Lease | undefined>;
  /** How many to admit; what is read here may not hold any more when they are admitted. */
  plan(redis: Redis, order: AdmissionOrder): Promise<number>;
  /** @returns how many were admitted. */
  admit(redis: Redis, lease: Lease, order: AdmissionOrder): Promise<number>;
  release(redis: Redis, lease: Lease): Promise<void>;
}

export interface Term {
  readonly keys: ConcertKeys;
  /** A name that no other scheduler has, nor this one at another time. */
  readonly owner: string;
  readonly ttlMs: number;
}

export interface Lease extends Term {
  /** Grows from holder to holder; 0 where a lock gives none. */
  readonly fence: number;
}

/** The usual way: see how much room there is, then admit so many by the published script. */
export const planByCapacity: ClusterLock["plan"] = async (redis, { keys, count, capacity }) =>
  Math.max(0, Math.min(count, capacity - (await redis.zcard(keys.active))));

export const admitAsPlanned: ClusterLock["admit"] = async (redis, _lease, order) =>
  (await looped.admit(redis, order)).users;
