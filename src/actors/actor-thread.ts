import { Worker } from "node:worker_threads";

/** What an actor posts from a thread of its own; `type` tells which of several. */
interface Message {
  readonly type: string;
}

/** The thread of an actor that must not wait for the control thread's other work. */
export class ActorThread<To extends Message, From extends Message> {
  readonly #worker: Worker;
  readonly #who: string;

  /** `who`: as a message about its end begins, "the probe's thread". */
  constructor(url: URL, workerData: unknown, who: string) {
    this.#worker = new Worker(url, { workerData });
    this.#who = who;
  }

  post(message: To): void {
    this.#worker.postMessage(message);
  }

  /** The next message of that type. @throws what the thread throws, or Error if it ends first. */
  next<T extends From["type"]>(type: T): Promise<Extract<From, { readonly type: T }>> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#worker.off("message", onMessage);
        this.#worker.off("error", onError);
        this.#worker.off("exit", onExit);
      };
      const onMessage = (message: From): void => {
        if (message.type !== type) return;
        stop();
        resolve(message as Extract<From, { readonly type: T }>);
      };
      const onError = (error: Error): void => {
        stop();
        reject(error);
      };
      const onExit = (): void => onError(new Error(`${this.#who} ended: its connection was closed`));
      this.#worker.on("message", onMessage);
      this.#worker.on("error", onError);
      this.#worker.on("exit", onExit);
    });
  }

  close(): void {
    void this.#worker.terminate();
  }
}
