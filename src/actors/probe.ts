import { Thread } from "../base/thread.js";
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
  readonly #thread: Thread<ToProbe, FromProbe>;

  private constructor(thread: Thread<ToProbe, FromProbe>) {
    this.#thread = thread;
  }

  /** @throws Error if its thread cannot connect. */
  static async open(endpoint: Endpoint): Promise<Probe> {
    const data = { endpoint, everyUs: EVERY_US };
    const thread = new Thread<ToProbe, FromProbe>(
      new URL("./probe-thread.js", import.meta.url),
      data,
      "the probe's thread ended: its connection was closed",
    );
    await thread.next("opened");
    return new Probe(thread);
  }

  start(): void {
    this.#thread.post({ type: "start" });
  }

  async stop(): Promise<ProbeActed> {
    const result = this.#thread.next("result");
    this.#thread.post({ type: "stop" });
    const { answer, lateness, sent, failed } = await result;
    return {
      pings: sent,
      failedPings: failed,
      answerUs: Histogram.of(answer),
      lateUs: Histogram.of(lateness),
      commands: { ping: sent },
      warnings: [],
    };
  }

  close(): void {
    void this.#thread.close();
  }
}
