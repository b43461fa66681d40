import type { Redis } from "ioredis";
import type { LineUp } from "../audit/clocks.js";
import type { Generators } from "../engine/generators.js";
import { machineSnapshot } from "../measure/machine-load.js";
import type { Segment } from "../worker/segment.js";
import { awaitInstant } from "./await-instant.js";
import { clocksByRedis, measureOffset, spanning } from "./clock.js";
import type { FromAgent, ToAgent } from "./messages.js";
import { sendResults } from "./results.js";

type Prepare = Extract<ToAgent, { type: "prepare" }>;

interface TrialOptions {
  readonly redis: Redis;
  readonly threads: Generators;
  /** Of the list by which results go. */
  readonly resultsKey: string;
  tell(message: FromAgent): Promise<void>;
  /** Nobody wants to know how it ends any more. */
  isOver(): boolean;
}

/** An agent's part in one trial: prepared at once, begun at an instant that all agents are told, and told of at its end. */
export class AgentTrial {
  readonly number: number;
  readonly threads: Generators;
  /** By concert, as the threads write it; empty where nobody asks. */
  readonly generations: Int32Array<SharedArrayBuffer>;
  /** @throws Error of the threads, or of the connection */
  readonly ended: Promise<void>;
  hasEnded = false;
  /** What its threads tell of themselves is of this trial, no more of the one before. */
  hasBegun = false;
  /** It began, and did not end with a word to the controller. */
  isUnderLoad = false;
  readonly #options: TrialOptions;
  readonly #start: Promise<number | null>;
  #begin: (atUs: number | null) => void = () => {};

  constructor({ trial, segments, tellsGenerations }: Prepare, options: TrialOptions) {
    this.number = trial;
    this.threads = options.threads;
    this.#options = options;
    this.#start = new Promise((resolve) => {
      this.#begin = resolve;
    });
    const concerts = tellsGenerations ? segments[0]!.concerts : 0;
    const generations = new Int32Array(new SharedArrayBuffer(4 * concerts));
    this.generations = generations;
    const told = tellsGenerations ? segments.map((one) => ({ ...one, currentGenerations: generations })) : segments;
    this.ended = this.#run(told).finally(() => {
      this.hasEnded = true;
    });
  }

  /** `atUs`: on the control Redis' clock. */
  begin(atUs: number): void {
    this.#begin(atUs);
  }

  /** No entry starts any more; none at all, if it has not begun. */
  abort(): void {
    if (this.hasEnded) return;
    this.threads.abort();
    this.#begin(null);
  }

  async #run(segments: readonly Segment[]): Promise<void> {
    const { redis, threads, resultsKey, tell, isOver } = this.#options;
    const before = await measureOffset(redis);
    let startUs = 0;
    let ownLineUps: readonly LineUp[] = [];
    const machine = { before: machineSnapshot(), after: machineSnapshot() };
    const pacingBeforeMs = threads.pacingCpuMs;
    const results = await threads.run(
      segments,
      async () => {
        await tell({ type: "prepared", trial: this.number });
        const atUs = await this.#start;
        startUs = atUs ?? 0;
        machine.before = machineSnapshot();
        if (atUs !== null) await awaitInstant(atUs - before.offsetUs);
        this.hasBegun = true;
        this.isUnderLoad = true;
      },
      (lineUps) => {
        ownLineUps = lineUps;
      },
    );
    machine.after = machineSnapshot();
    if (isOver()) return;
    this.isUnderLoad = false;
    const offset = spanning([before, await measureOffset(redis)]);
    const lines = results.map(({ index, lineUps }) => ({ instance: index, lineUps }));
    const pacingAfterMs = threads.pacingCpuMs;
    await tell({
      type: "ended",
      trial: this.number,
      serverLost: results.some(({ serverLost }) => serverLost),
      pacedMs: pacingBeforeMs === null || pacingAfterMs === null ? null : pacingAfterMs - pacingBeforeMs,
      machine,
      clocks: clocksByRedis(lines, ownLineUps, offset, startUs),
    });
    await sendResults(redis, resultsKey, this.number, results, () => !isOver());
  }
}
