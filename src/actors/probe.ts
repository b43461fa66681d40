import { Worker } from "node:worker_threads";
import type { Endpoint } from "../drivers/driver.js";
import { Histogram, type HistogramData } from "../measure/histogram.js";
import type { Acted, Actor } from "./actor.js";

/** How long the server lets a bystander wait: a thread of its own that sends PING a thousand times a second. */
export interface ProbeActed extends Acted {
  readonly pings: number;
  readonly failedPings: number;
  /** From when a PING was planned to its reply. */
  readonly answerUs: Histogram;
  /** How late the probe itself was: this much of an answer is not the server's. */
  readonly lateUs: Histogram;
}

export type ToProbe = { readonly type: "start" } | { readonly type: "stop" };
export type FromProbe =
  | { readonly type: "opened" }
  | {
      readonly type: "result";
      readonly answer: HistogramData;
      readonly lateness: HistogramData;
      readonly sent: number;
      readonly failed: number;
    };

const EVERY_US = 1000;

export class Probe implements Actor<ProbeActed> {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** @throws Error if its thread cannot connect. */
  static async open(endpoint: Endpoint): Promise<Probe> {
    const workerData = { endpoint, everyUs: EVERY_US };
    const probe = new Probe(new Worker(new URL("./probe-thread.js", import.meta.url), { workerData }));
    await probe.#next("opened");
    return probe;
  }

  start(): void {
    this.#worker.postMessage({ type: "start" } satisfies ToProbe);
  }

  async stop(): Promise<ProbeActed> {
    const result = this.#next("result");
    this.#worker.postMessage({ type: "stop" } satisfies ToProbe);
    const { answer, lateness, sent, failed } = await result;
    return {
      pings: sent,
      failedPings: failed,
      answerUs: histogramOf(answer),
      lateUs: histogramOf(lateness),
      commands: { ping: sent },
      warnings: [],
    };
  }

  close(): void {
    void this.#worker.terminate();
  }

  #next<T extends FromProbe["type"]>(type: T): Promise<Extract<FromProbe, { type: T }>> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#worker.off("message", onMessage);
        this.#worker.off("error", onError);
        this.#worker.off("exit", onExit);
      };
      const onMessage = (message: FromProbe): void => {
        if (message.type !== type) return;
        stop();
        resolve(message as Extract<FromProbe, { type: T }>);
      };
      const onError = (error: Error): void => {
        stop();
        reject(error);
      };
      const onExit = (): void => onError(new Error("the probe's thread ended: its connection was closed"));
      this.#worker.on("message", onMessage);
      this.#worker.on("error", onError);
      this.#worker.on("exit", onExit);
    });
  }
}

function histogramOf(data: HistogramData): Histogram {
  const histogram = new Histogram();
  histogram.add(data);
  return histogram;
}
