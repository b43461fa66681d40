import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Redis } from "ioredis";
import type { Endpoint } from "../drivers/driver.js";

/** A key that is there as long as its holder is: killed, it is gone a moment later. */
export interface Lease {
  /** Gives it back. */
  end(): Promise<void>;
}

/** @throws Error if the control Redis cannot be reached */
export async function takeLease(redis: Redis, endpoint: Endpoint, key: string, ttlMs: number): Promise<Lease> {
  const thread = new Worker(new URL("./lease-thread.js", import.meta.url), { workerData: { endpoint, key, ttlMs } });
  // A busy machine may take longer to start a thread than agents wait.
  await once(thread, "message");
  thread.on("error", () => {});
  thread.unref();
  return {
    async end() {
      await thread.terminate();
      await redis.unlink(key).catch(() => {});
    },
  };
}
