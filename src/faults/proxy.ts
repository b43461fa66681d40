import { Worker } from "node:worker_threads";
import { EXIT, QbenchError } from "../base/errors.js";
import type { Address } from "../drivers/driver.js";
import { addressKey, type Proxies } from "../drivers/proxies.js";

/**
 * TCP proxies, one in front of each server, for what only somebody between two ends can do to a connection. They live in a
 * thread of their own, so they take a core's time and add to every round trip, of every strategy alike. What passes is
 * not looked at: it may be TLS.
 */
export interface ServerProxy {
  readonly ways: Proxies;
  /** Every client's connection ends by RST. @returns how many there were. */
  resetAll(): Promise<number>;
  close(): Promise<void>;
}

export interface ProxyData {
  readonly servers: readonly Address[];
}

export type FromProxy =
  /** In the servers' order. */
  | { readonly type: "listening"; readonly ports: readonly number[] }
  | { readonly type: "reset"; readonly count: number };

/** On free ports of 127.0.0.1. */
export async function openProxy(endpoints: readonly Address[]): Promise<ServerProxy> {
  const servers = endpoints.map(({ host, port }) => ({ host, port }));
  const workerData: ProxyData = { servers };
  const worker = new Worker(new URL("./proxy-thread.js", import.meta.url), { workerData });
  const { ports } = await next(worker, "listening");
  return {
    ways: Object.fromEntries(servers.map((server, i) => [addressKey(server), { host: "127.0.0.1", port: ports[i]! }])),
    async resetAll() {
      const done = next(worker, "reset");
      worker.postMessage("reset");
      return (await done).count;
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** The next message; rejects if the thread fails or ends instead. */
function next<T extends FromProxy["type"]>(worker: Worker, type: T): Promise<Extract<FromProxy, { type: T }>> {
  return new Promise((resolve, reject) => {
    const settled = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onEnd);
      worker.off("exit", onEnd);
    };
    const onMessage = (message: FromProxy): void => {
      settled();
      if (message.type === type) resolve(message as Extract<FromProxy, { type: T }>);
      else reject(new QbenchError("bug", EXIT.bug, `the proxy said ${message.type}, not ${type}`));
    };
    const onEnd = (error: unknown): void => {
      settled();
      const why = error instanceof Error ? error.message : "it ended";
      reject(new QbenchError("bug", EXIT.bug, `the proxy in front of the servers failed: ${why}`));
    };
    worker.on("message", onMessage);
    worker.on("error", onEnd);
    worker.on("exit", onEnd);
  });
}
