import type { EventLoopUtilization } from "node:perf_hooks";
import type { Clock, LineUp } from "../audit/clocks.js";
import type { Histogram } from "../measure/histogram.js";
import type { MachineSnapshot } from "../measure/machine-load.js";
import type { LiveSums } from "../worker/live-counters.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import type { Snapshots } from "./figures.js";

/** What drives the measuring threads of a trial: of this process (`Instances`), or of agents on other machines. */
export interface Generators {
  /**
   * Runs one segment on each instance. `whenReady` is called when all wait at the barrier, right before it opens;
   * `whenOpen` right after, with this thread's own part in the line-ups, on its clock; `whenEnded` when the last entry
   * has ended: what was recorded is collected after it. Agents start at an instant: what this thread knows of it stands for
   * a line-up, and `whenEnded` is told it once more, drift included. The results of agents that went away are missing.
   * @throws QbenchError
   */
  run(
    segments: readonly Segment[],
    whenReady: () => Promise<void>,
    whenOpen?: (lineUps: readonly LineUp[]) => void,
    whenEnded?: (isServerLost: boolean, lineUps?: readonly LineUp[]) => Promise<void>,
  ): Promise<SegmentResult[]>;
  /** CPU that the pacing thread, the busiest one of several, has used so far; null where there is none. */
  readonly pacingCpuMs: number | null;
  /** The agents of the segments that ran last; null where they ran in this process. */
  readonly agents: readonly AgentRun[] | null;
  /** What the running segments have done so far, summed over all instances. */
  progress(): LiveSums;
  /** Latencies of the entries that have ended so far: counts alone. */
  latencies(): Histogram;
  /** How busy the event loop of each measuring thread was, since it began; none before all of them are known. */
  eventLoops(): EventLoopUtilization[];
  /** No entry starts any more; `run` resolves once those in flight have ended. `isServerLost`: they end now. */
  abort(isServerLost?: boolean): void;
  /** Closes the connections and ends the threads. May be called again. */
  close(): Promise<void>;
}

/** What one agent told of the segments that it ran. */
export interface AgentRun {
  readonly agent: string;
  /** The instances that were its own. */
  readonly instances: readonly number[];
  /** Why it could not tell more; null: it told all. */
  readonly lost: string | null;
  readonly machine: Snapshots<MachineSnapshot> | null;
  /** Of its threads, brought to the time of the control Redis since the planned start. */
  readonly clocks: readonly Clock[];
}
