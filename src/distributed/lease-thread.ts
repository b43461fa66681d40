import { setInterval } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { Endpoint } from "../drivers/driver.js";
import { connectControl } from "../targets/control.js";

/**
 * Entry of the thread that tells agents that the controller is there. A thread of its own, since the main one may be at
 * work for longer than agents wait: an audit reads millions of entries.
 */
const { endpoint, key, ttlMs } = workerData as { endpoint: Endpoint; key: string; ttlMs: number };
const RENEWALS = 5;

const redis = await connectControl(endpoint, { reconnectForMs: ttlMs });
await redis.set(key, 1, "PX", ttlMs);
parentPort!.postMessage("taken");
for await (const _ of setInterval(ttlMs / RENEWALS, undefined)) {
  // The main thread notices by itself that the control Redis is gone, and says so.
  await redis.set(key, 1, "PX", ttlMs).catch(() => {});
}
