import { Worker } from "node:worker_threads";
import type { Endpoint } from "../drivers/driver.js";

/** One of several schedulers that take turns by a lock: a thread with a connection of its own. */
export interface HolderData {
  readonly lock: string;
  /** Unlike the other schedulers'. */
  readonly name: string;
  readonly concertId: string;
  /** Most users who may be active at once. */
  readonly capacity: number;
  readonly batch: number;
  /** Asleep while the first word is 0. */
  readonly gate: Int32Array<SharedArrayBuffer>;
}

export type ToHolder =
  | {
      readonly type: "term";
      /** Of the lock. */
      readonly ttlMs: number;
      readonly expiresAtMs: number;
      /** Of the users' tokens. */
      readonly ttlSeconds: number;
      readonly sleeps: boolean;
    }
  | { readonly type: "release" };

export type FromHolder =
  | { readonly type: "opened" }
  | { readonly type: "not-acquired" }
  | { readonly type: "asleep" }
  | { readonly type: "admitted"; readonly users: number }
  | { readonly type: "released" };

export class Holder {
  readonly #worker: Worker;
  readonly #gate: Int32Array<SharedArrayBuffer>;
  readonly #arrived: FromHolder[] = [];
  #waiting: { resolve(message: FromHolder): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;

  private constructor(worker: Worker, gate: Int32Array<SharedArrayBuffer>) {
    this.#worker = worker;
    this.#gate = gate;
    worker.on("message", (message: FromHolder) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#arrived.push(message);
      else waiting.resolve(message);
    });
    const onEnd = (error: Error): void => {
      this.#ended ??= error;
      this.#waiting?.reject(this.#ended);
      this.#waiting = undefined;
    };
    worker.on("error", onEnd);
    worker.on("exit", () => onEnd(new Error("a scheduler's thread ended: its connection was closed")));
  }

  /** @throws Error if its thread cannot connect. */
  static async open(endpoint: Endpoint, data: Omit<HolderData, "gate">): Promise<Holder> {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const workerData = { ...data, gate, endpoint };
    const holder = new Holder(new Worker(new URL("./holder-thread.js", import.meta.url), { workerData }), gate);
    await holder.next();
    return holder;
  }

  tell(message: ToHolder): void {
    this.#worker.postMessage(message);
  }

  /** Its next message. @throws Error if its thread has ended. */
  next(): Promise<FromHolder> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  wake(): void {
    Atomics.store(this.#gate, 0, 1);
    Atomics.notify(this.#gate, 0);
  }

  async close(): Promise<void> {
    this.wake();
    await this.#worker.terminate();
  }
}
