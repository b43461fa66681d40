import { Worker } from "node:worker_threads";

/** What a thread is told, or says; `type` tells which of several. */
interface Message {
  readonly type: string;
}

/** A thread that does what it is told, and says what came of it. */
export class Thread<To extends Message, From extends Message> {
  readonly #worker: Worker;
  readonly #ended: string;

  /** `ended`: what is said of it if it ends by itself. */
  constructor(url: URL, workerData: unknown, ended: string) {
    this.#worker = new Worker(url, { workerData });
    this.#ended = ended;
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
      const onExit = (): void => onError(new Error(this.#ended));
      this.#worker.on("message", onMessage);
      this.#worker.on("error", onError);
      this.#worker.on("exit", onExit);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
