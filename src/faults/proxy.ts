import { Worker } from "node:worker_threads";
import { EXIT, QbenchError } from "../base/errors.js";

/**
 * A TCP proxy in front of the server, for what only somebody between two ends can do to a connection. It lives in a
 * thread of its own, so it takes a core's time and adds to every round trip, of every strategy alike.
 */
export interface ServerProxy {
  readonly host: string;
  readonly port: number;
  /** Every client's connection ends by RST. @returns how many there were. */
  resetAll(): Promise<number>;
  close(): Promise<void>;
}

export interface ProxyData {
  readonly host: string;
  readonly port: number;
}

export type FromProxy =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "reset"; readonly count: number };

/** In front of a server, on a free port of 127.0.0.1. */
export async function openProxy({ host, port }: ProxyData): Promise<ServerProxy> {
  const workerData: ProxyData = { host, port };
  const worker = new Worker(new URL("./proxy-thread.js", import.meta.url), { workerData });
  const listening = await next(worker, "listening");
  return {
    host: "127.0.0.1",
    port: listening.port,
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
      reject(new QbenchError("bug", EXIT.bug, `the proxy in front of the server failed: ${why}`));
    };
    worker.on("message", onMessage);
    worker.on("error", onEnd);
    worker.on("exit", onEnd);
  });
}
