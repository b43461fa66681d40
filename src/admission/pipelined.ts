import type { Redis } from "ioredis";
import type { AdmissionDesign, AdmissionOrder, Admitted } from "./admission.js";

const CHUNK = 100;

/**
 * Without a script: users are popped, and then, in a write of its own, made active. Between the two they are nowhere: a
 * scheduler that dies there has lost them, and one of them who enters then is told NEW and waits and is active at once.
 */
export const pipelined: AdmissionDesign = {
  name: "pipelined",
  summary: `no script: ZPOPMIN of ${CHUNK}, then ZADD, HSET and EXPIRE for each in one write; loses users when it dies`,
  atomic: "no",
  token: "hash",
  script: undefined,
  undoes: ["wait-and-active", "double-admission"],
  async admit(redis, order): Promise<Admitted> {
    let users = 0;
    let pops = 0;
    for (let left = order.count; left > 0; left -= CHUNK) {
      const count = Math.min(CHUNK, left);
      // Member and score by turns.
      const popped = await redis.zpopmin(order.keys.waiting, count);
      pops++;
      const ids = popped.filter((_, i) => i % 2 === 0);
      await activate(redis, ids, order);
      users += ids.length;
      if (ids.length < count) break;
    }
    return { users, commands: { zpopmin: pops, zadd: users, hset: users, expire: users } };
  },
};

async function activate(redis: Redis, ids: readonly string[], order: AdmissionOrder): Promise<void> {
  const { keys, expiresAtMs, ttlSeconds } = order;
  const pipeline = redis.pipeline();
  for (const id of ids) {
    const token = keys.tokenPrefix + id;
    pipeline.zadd(keys.active, expiresAtMs, id);
    pipeline.hset(token, "user", id, "expiresAtMs", expiresAtMs);
    pipeline.expire(token, ttlSeconds);
  }
  const failed = (await pipeline.exec())?.find(([error]) => error !== null);
  if (failed?.[0]) throw failed[0];
}
