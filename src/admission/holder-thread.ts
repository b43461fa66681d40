import { parentPort, workerData } from "node:worker_threads";
import type { Endpoint } from "../drivers/driver.js";
import { concertKeys } from "../queue/keys.js";
import { connectControl } from "../targets/control.js";
import type { FromHolder, HolderData, ToHolder } from "./holder.js";
import { lockNamed } from "./locks/index.js";
import type { Lease } from "./locks/lock.js";

/**
 * Entry of a scheduler's thread that takes turns with others: it takes the lock, sees how many to admit, admits, and
 * frees the lock when it is told to. Told to fall asleep, it does so where it hurts most: between seeing and admitting;
 * the whole thread stands still then, as in a long garbage collection.
 */
const {
  endpoint,
  lock: lockName,
  name,
  concertId,
  capacity,
  batch,
  gate,
} = workerData as HolderData & {
  readonly endpoint: Endpoint;
};
const port = parentPort!;
const post = (message: FromHolder): void => port.postMessage(message);

const lock = lockNamed(lockName);
const keys = concertKeys(concertId);
const redis = await connectControl(endpoint, { resends: false });
let lease: Lease | undefined;
let terms = 0;

async function takeTerm({
  ttlMs,
  expiresAtMs,
  ttlSeconds,
  sleeps,
}: Extract<ToHolder, { type: "term" }>): Promise<void> {
  lease = await lock.acquire(redis, { keys, owner: `${name}:${terms++}`, ttlMs });
  if (lease === undefined) {
    post({ type: "not-acquired" });
    return;
  }
  const order = { keys, count: batch, expiresAtMs, ttlSeconds, ratePerSec: batch, capacity };
  const count = await lock.plan(redis, order);
  if (sleeps) {
    post({ type: "asleep" });
    Atomics.wait(gate, 0, 0);
  }
  post({ type: "admitted", users: await lock.admit(redis, lease, { ...order, count }) });
}

port.on("message", async (message: ToHolder) => {
  if (message.type === "term") {
    await takeTerm(message);
  } else {
    if (lease !== undefined) await lock.release(redis, lease);
    lease = undefined;
    post({ type: "released" });
  }
});
post({ type: "opened" });
