import type { Redis } from "ioredis";
import { lockKey } from "../keys.js";
import { admitAsPlanned, type ClusterLock, type Lease, planByCapacity, type Term } from "./lock.js";

export async function setIfFree(redis: Redis, term: Term): Promise<Lease | undefined> {
  const reply = await redis.set(lockKey(term.keys), term.owner, "PX", term.ttlMs, "NX");
  return reply === "OK" ? { ...term, fence: 0 } : undefined;
}

/** What many schedulers do. Whoever slept past his time frees the lock of whoever holds it now. */
export const plain: ClusterLock = {
  name: "plain",
  summary: "SET NX PX to take it, DEL to free it, whoever holds it by then",
  isExclusive: true,
  scripts: [],
  acquire: setIfFree,
  plan: planByCapacity,
  admit: admitAsPlanned,
  async release(redis, { keys }) {
    await redis.del(lockKey(keys));
  },
};
