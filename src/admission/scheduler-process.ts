import type { Endpoint } from "../drivers/driver.js";
import { concertKeys } from "../queue/keys.js";
import { connectControl } from "../targets/control.js";
import { UNLIMITED } from "./admission.js";
import { designNamed } from "./index.js";

/**
 * Entry of a scheduler that is a process of its own, so that it can be killed: it admits batch after batch until then.
 * What it is told comes by message, never on its command line, where a password would show.
 */
export interface SchedulerOrder {
  readonly endpoint: Endpoint;
  /** What CLIENT LIST calls its connection. */
  readonly connectionName: string;
  readonly design: string;
  readonly concertId: string;
  readonly batch: number;
  readonly ttlMs: number;
}

async function admitForever({ endpoint, connectionName, design, concertId, batch, ttlMs }: SchedulerOrder) {
  const redis = await connectControl(endpoint, { resends: false });
  await redis.client("SETNAME", connectionName);
  const admission = designNamed(design);
  const order = { ...UNLIMITED, keys: concertKeys(concertId), count: batch, ttlSeconds: Math.ceil(ttlMs / 1000) };
  process.send?.("admitting");
  for (let calls = 0; ; calls++) await admission.admit(redis, { ...order, expiresAtMs: Date.now() + ttlMs + calls });
}

process.once("message", (order: SchedulerOrder) => {
  admitForever(order).catch((error: Error) => {
    process.send?.(error.message);
    process.exit(1);
  });
});
// Its starter is gone, and so is its purpose.
process.on("disconnect", () => process.exit());
