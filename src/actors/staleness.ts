import { Thread } from "../base/thread.js";
import type { Endpoint } from "../drivers/driver.js";
import { Histogram, type HistogramData } from "../measure/histogram.js";
import type { Acted, Actor } from "./actor.js";

/**
 * How far replicas are behind their primary: a thread of its own writes the next number to a key of the primary up to a
 * thousand times a second, and as often reads the key from each replica. A reading that lacks numbers which had been
 * acknowledged before it was sent is as stale as the oldest of them is old; one that lacks none counts as 0. What was
 * written since the last number is not seen, so an interval may be missing in each figure: they are lower bounds.
 */
export interface StalenessActed extends Acted {
  readonly replicas: number;
  readonly reads: number;
  /** Readings, or writes, that were not answered. */
  readonly failed: number;
  /** Readings that lacked something. */
  readonly staleReads: number;
  readonly behindUs: Histogram;
  /** From one number to the next, on the mean: longer than planned where no core was free. */
  readonly everyUs: number;
}

export type ToStaleness = { readonly type: "start" } | { readonly type: "stop" };
export type FromStaleness =
  | { readonly type: "opened" }
  | {
      readonly type: "result";
      readonly behind: HistogramData;
      readonly writes: number;
      readonly reads: number;
      readonly staleReads: number;
      readonly failed: number;
      readonly tookUs: number;
    };

export interface StalenessPlan {
  readonly primary: Endpoint;
  readonly replicas: readonly Endpoint[];
  /** One of the run's own, which the primary holds. */
  readonly key: string;
}

const EVERY_US = 1000;

export class Staleness implements Actor<StalenessActed> {
  readonly #thread: Thread<ToStaleness, FromStaleness>;
  readonly #replicas: number;

  private constructor(thread: Thread<ToStaleness, FromStaleness>, replicas: number) {
    this.#thread = thread;
    this.#replicas = replicas;
  }

  /** @throws Error if its thread cannot connect. */
  static async open(plan: StalenessPlan): Promise<Staleness> {
    const thread = new Thread<ToStaleness, FromStaleness>(
      new URL("./staleness-thread.js", import.meta.url),
      { ...plan, everyUs: EVERY_US },
      "the thread that measures staleness ended: its connection was closed",
    );
    await thread.next("opened");
    return new Staleness(thread, plan.replicas.length);
  }

  start(): void {
    this.#thread.post({ type: "start" });
  }

  async stop(): Promise<StalenessActed> {
    const result = this.#thread.next("result");
    this.#thread.post({ type: "stop" });
    const { behind, writes, reads, staleReads, failed, tookUs } = await result;
    return {
      replicas: this.#replicas,
      reads,
      staleReads,
      failed,
      behindUs: Histogram.of(behind),
      everyUs: writes === 0 ? EVERY_US : tookUs / writes,
      commands: { set: writes },
      warnings: [],
    };
  }

  close(): void {
    void this.#thread.close();
  }
}
