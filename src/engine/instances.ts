import type { EventLoopUtilization } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import type { LineUp } from "../audit/clocks.js";
import { EXIT, lackOf, QbenchError } from "../base/errors.js";
import type { DriverOptions } from "../drivers/driver.js";
import type { Histogram } from "../measure/histogram.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LuaFile } from "../strategies/lua-file.js";
import { type LiveSums, SharedControl } from "../worker/live-counters.js";
import type { FromThread, PacingData, ThreadData, ToThread } from "../worker/messages.js";
import { PaceBoard } from "../worker/pace-board.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import type { Generators } from "./generators.js";

/**
 * Room for young objects in a measuring thread. Entries in flight outlive a small one, and are then copied and copied
 * again: with ioredis, which makes a dozen objects a command, that took a fifth of the thread. The wire client makes
 * hardly any and never fills it.
 */
const YOUNG_GENERATION_MB = 96;

/**
 * The measuring threads of a run, one for each instance: they live from its first trial to its last, so that every
 * strategy meets the same warm code. All start a trial behind one barrier.
 */
export class Instances implements Generators {
  /** They are of this process. */
  readonly agents = null;
  readonly #workers: readonly Worker[];
  readonly #control: SharedControl;
  readonly #pacing: Pacing | null;
  #closing = false;

  private constructor(workers: readonly Worker[], control: SharedControl, pacing: Pacing | null) {
    this.#workers = workers;
    this.#control = control;
    this.#pacing = pacing;
  }

  /**
   * Where arrivals have a plan, or replies are delayed, with a thread that wakes the others when something is due.
   * @throws QbenchError if a thread cannot open its connections; none is left running then.
   */
  static async open(
    { instances: count, client, ratePerSec, rtt: asked }: Pick<Scenario, "instances" | "client" | "ratePerSec" | "rtt">,
    driver: DriverOptions,
    luaFiles: readonly LuaFile[] = [],
  ): Promise<Instances> {
    const rtt = asked === null || asked.rttMs === 0 ? null : asked;
    const pacing = ratePerSec === null && rtt === null ? null : startPacing(count, rtt !== null);
    const paceMemory = pacing?.board.memory ?? null;
    const control = SharedControl.for(count);
    const workers = Array.from({ length: count }, (_, index) => {
      const data: ThreadData = { index, memory: control.memory, paceMemory, client, rtt, driver, luaFiles };
      // Typed arrays of a large trial lie outside the heap; its limits are for objects.
      const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
      return new Worker(new URL("../worker/thread.js", import.meta.url), { workerData: data, resourceLimits });
    });
    const instances = new Instances(workers, control, pacing);
    try {
      await Promise.all(workers.map((worker) => next(worker, "opened")));
    } catch (error) {
      await instances.close();
      throw error;
    }
    return instances;
  }

  /** @throws QbenchError if a thread fails. */
  async run(
    segments: readonly Segment[],
    whenReady: () => Promise<void>,
    whenOpen: (lineUps: readonly LineUp[]) => void = () => {},
    whenEnded: (isServerLost: boolean) => Promise<void> = async () => {},
  ): Promise<SegmentResult[]> {
    this.#control.close();
    const prepared = this.#workers.map((worker) => next(worker, "prepared"));
    this.#workers.forEach((worker, index) => {
      post(worker, { type: "prepare", segment: segments[index]! });
    });
    await Promise.all(prepared);
    const results = this.#workers.map((worker) => next(worker, "result"));
    // If `whenReady` fails nobody awaits them, and they fail when the threads are ended.
    for (const result of results) result.catch(() => {});
    try {
      await whenReady();
    } finally {
      this.#pacing?.board.setRunning(true);
      // Also after a failure: a thread that waits at the barrier cannot hear that it is to end.
      this.#control.open();
    }
    try {
      whenOpen(this.#control.lineUp());
      const ended = (await Promise.all(results)).map((message) => message.result);
      await whenEnded(ended.some(({ serverLost }) => serverLost));
      return ended;
    } finally {
      this.#pacing?.board.setRunning(false);
    }
  }

  /** CPU that the pacing thread has used so far; null where there is none. */
  get pacingCpuMs(): number | null {
    return this.#pacing?.board.cpuMs ?? null;
  }

  /** What the running segments have done so far, summed over all instances. */
  progress(): LiveSums {
    return this.#control.read();
  }

  /** Latencies of the entries that have ended so far, a tenth of a second old at most: counts alone. */
  latencies(): Histogram {
    return this.#control.readLatencies();
  }

  /** How busy the event loop of each measuring thread was, since it began: asked from outside, the thread does not notice. */
  eventLoops(): EventLoopUtilization[] {
    return this.#workers.map((worker) => worker.performance.eventLoopUtilization());
  }

  /** No entry starts any more; `run` resolves once those in flight have ended. `isServerLost`: they end now. */
  abort(isServerLost = false): void {
    for (const worker of this.#workers) post(worker, { type: "abort", isServerLost });
  }

  /** Closes the connections and ends the threads. May be called again. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#control.open();
    const threads = this.#pacing === null ? this.#workers : [...this.#workers, this.#pacing.worker];
    await Promise.all(threads.map((worker) => worker.terminate()));
  }
}

interface Pacing {
  readonly board: PaceBoard;
  readonly worker: Worker;
}

function startPacing(instances: number, isDelayed: boolean): Pacing {
  const board = PaceBoard.for(isDelayed ? 2 * instances : instances);
  const url = new URL("../worker/pacing-thread.js", import.meta.url);
  const workerData: PacingData = { memory: board.memory, isDelayed };
  return { board, worker: new Worker(url, { workerData }) };
}

const post = (worker: Worker, message: ToThread): void => worker.postMessage(message);

/** The next message of a type from a worker; rejects if it fails or ends instead. */
function next<T extends FromThread["type"]>(worker: Worker, type: T): Promise<Extract<FromThread, { type: T }>> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
    };
    const onMessage = (message: FromThread): void => {
      if (message.type === "failed") {
        stop();
        reject(new QbenchError(message.kind, message.exitCode, message.message, message.hint));
      } else if (message.type === type) {
        stop();
        resolve(message as Extract<FromThread, { type: T }>);
      }
    };
    const onError = (error: unknown): void => {
      stop();
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      reject(lackOf(error) ?? new QbenchError("bug", EXIT.bug, `a measuring thread failed: ${text}`));
    };
    const onExit = (): void => onError("it ended");
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
  });
}
