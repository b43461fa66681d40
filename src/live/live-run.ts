import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { TrialProgress } from "../engine/bench.js";
import type { TrialPlace } from "../engine/run.js";
import type { TrialResult } from "../engine/trial-result.js";
import { Histogram } from "../measure/histogram.js";
import type { Busy } from "./limit.js";
import { type InfoSource, ServerLoad } from "./server-load.js";
import { leftMs } from "./time-left.js";

/**
 * A run as those see it who watch it: the terminal, the page, the metrics. It reads shared counters in the main thread,
 * asks the server once a second, and tells everybody the same; the measuring threads know nothing of it.
 */
export interface Viewer {
  /** Whether it shows a trial that goes on; if nobody does, nothing is read and the server is not asked. */
  readonly showsFigures: boolean;
  /** Ten times a second while a trial is measured; else when another phase begins. */
  changed(state: LiveState): void;
  /** Before the state changes that follows from it. */
  trialFinished(result: TrialResult, place: TrialPlace): void;
  /** Nothing is told afterwards. */
  ended(): void;
}

export type LivePhase = "starting" | "warm-up" | "measuring" | "audit" | "over";

export interface LiveState {
  readonly phase: LivePhase;
  /** Null before the first trial. */
  readonly place: TrialPlace | null;
  readonly finishedTrials: number;
  /** Of the trial that goes on; null before it is measured and after it has finished. */
  readonly trial: TrialFigures | null;
  /** Of trials that are over, by strategy; never less than was told of them while they went on. */
  readonly totals: ReadonlyMap<string, Counts>;
  /** Of the run; null where it is not known. */
  readonly leftMs: number | null;
  /** What went on in the last minutes, half a second each, the oldest first. */
  readonly points: readonly LivePoint[];
}

/** Entries that have ended. */
export interface Counts {
  readonly succeeded: number;
  readonly failed: number;
}

/** Since the measured time of the trial began. */
export interface TrialFigures extends Counts {
  readonly elapsedMs: number;
  readonly inProgress: number;
  readonly perSec: number;
  readonly latencyUs: Percentiles;
  readonly busy: Busy;
}

/** Null without entries. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Half a second of a trial. */
export interface LivePoint {
  /** Its end, in seconds since the run began. */
  readonly atSec: number;
  readonly strategy: string;
  /** Null: between two trials. */
  readonly perSec: number | null;
  /** Of the entries that ended in it. */
  readonly latencyUs: Percentiles;
}

export interface LiveRun {
  targetOpened(source: InfoSource): void;
  trialStarted(place: TrialPlace): void;
  progressed(progress: TrialProgress): void;
  trialMeasured(): void;
  trialFinished(result: TrialResult): void;
  ended(): void;
}

const POINT_EVERY_MS = 500;
/** Four minutes. */
const MOST_POINTS = 480;
const NO_LATENCY: Percentiles = { p50: null, p95: null, p99: null };

/** `plannedTrialMs`: warm-up and measured time of one trial; null where the plan counts entries. */
export function watchRun(
  viewers: readonly Viewer[],
  plannedTrialMs: number | null,
  nowMs: () => number = () => performance.now(),
): LiveRun {
  const showsFigures = viewers.some((viewer) => viewer.showsFigures);
  const sinceMs = nowMs();
  const totals = new Map<string, Counts>();
  let state: LiveState = {
    phase: "starting",
    place: null,
    finishedTrials: 0,
    trial: null,
    totals,
    leftMs: null,
    points: [],
  };
  let server: ServerLoad | undefined;
  let trialSinceMs = sinceMs;
  let finishedMs = 0;
  let interval = new Interval();

  const tell = (change: Partial<LiveState>): void => {
    state = { ...state, ...change };
    const { place, finishedTrials } = state;
    const runningMs = nowMs() - trialSinceMs;
    const left =
      place === null ? null : leftMs({ finishedTrials, trials: place.count, finishedMs, runningMs, plannedTrialMs });
    state = { ...state, leftMs: left };
    for (const viewer of viewers) viewer.changed(state);
  };
  const addPoint = (point: LivePoint): readonly LivePoint[] => [...state.points, point].slice(-MOST_POINTS);
  /** What changes when a trial is over, which has counted so much. */
  const over = (strategy: string, counts: Counts): Pick<LiveState, "trial" | "points"> => {
    const { succeeded, failed } = totals.get(strategy) ?? { succeeded: 0, failed: 0 };
    totals.set(strategy, { succeeded: succeeded + counts.succeeded, failed: failed + counts.failed });
    const atSec = (nowMs() - sinceMs) / 1000;
    return { trial: null, points: addPoint({ atSec, strategy, perSec: null, latencyUs: NO_LATENCY }) };
  };

  return {
    targetOpened(source) {
      if (showsFigures) server = new ServerLoad(source, nowMs);
    },
    trialStarted(place) {
      // An agent was lost, and the trial is begun anew: what it has counted so far stays counted.
      const before = state.place === null || state.trial === null ? {} : over(state.place.strategy, state.trial);
      trialSinceMs = nowMs();
      interval = new Interval();
      server?.forget();
      tell({ phase: "warm-up", place, ...before });
    },
    progressed(progress) {
      if (!showsFigures || state.place === null) return;
      const { elapsedMs, succeeded, failed, inProgress } = progress;
      const all = progress.latencies();
      const point = interval.pointAt(progress, all);
      const trial: TrialFigures = {
        elapsedMs,
        succeeded,
        failed,
        inProgress,
        perSec: elapsedMs > 0 ? (succeeded / elapsedMs) * 1000 : 0,
        latencyUs: percentilesOf(all),
        busy: { server: server?.busy() ?? null, generator: interval.generatorBusy },
      };
      const atSec = (nowMs() - sinceMs) / 1000;
      const { strategy } = state.place;
      tell({
        phase: "measuring",
        trial,
        ...(point === undefined ? {} : { points: addPoint({ atSec, strategy, ...point }) }),
      });
    },
    trialMeasured() {
      tell({ phase: "audit" });
    },
    trialFinished(result) {
      const { place, trial } = state;
      if (place === null) return;
      for (const viewer of viewers) viewer.trialFinished(result, place);
      finishedMs += nowMs() - trialSinceMs;
      trialSinceMs = nowMs();
      // A result lacks the part of an agent that was lost, which has been told of all the same.
      const counts = {
        succeeded: Math.max(result.entries.succeeded, trial?.succeeded ?? 0),
        failed: Math.max(result.entries.failed, trial?.failed ?? 0),
      };
      tell({ finishedTrials: state.finishedTrials + 1, ...over(result.strategy, counts) });
    },
    ended() {
      tell({ phase: "over" });
      for (const viewer of viewers) viewer.ended();
    },
  };
}

/** What has happened since the last point, as the difference of what has happened since the trial began. */
class Interval {
  #sinceMs = 0;
  #succeeded = 0;
  #latencies = new Histogram();
  #loops: readonly EventLoopUtilization[] = [];
  /** The busiest event loop's share, 0 … 1, between the last two points; null before anything is known of it. */
  generatorBusy: number | null = null;

  /** Once half a second has passed. */
  pointAt(progress: TrialProgress, all: Histogram): Pick<LivePoint, "perSec" | "latencyUs"> | undefined {
    const { elapsedMs, succeeded } = progress;
    // Before the barrier opened, a thread that waited there had a busy loop: what counts begins here.
    if (this.#loops.length === 0) this.#loops = progress.eventLoops();
    const lastedMs = elapsedMs - this.#sinceMs;
    if (lastedMs < POINT_EVERY_MS) return undefined;
    const loops = progress.eventLoops();
    const before = this.#loops;
    const shares = loops
      .map((loop, i) => performance.eventLoopUtilization(loop, before[i]).utilization)
      // Agents tell theirs now and then: between two points there may be no news, and no time in which to be busy.
      .filter((share) => !Number.isNaN(share));
    if (shares.length > 0) this.generatorBusy = Math.min(1, Math.max(...shares));
    const since = new Histogram();
    for (let i = 0; i < since.counts.length; i++) since.counts[i] = all.counts[i]! - this.#latencies.counts[i]!;
    const point = { perSec: ((succeeded - this.#succeeded) / lastedMs) * 1000, latencyUs: percentilesOf(since) };
    this.#sinceMs = elapsedMs;
    this.#succeeded = succeeded;
    this.#latencies = all;
    this.#loops = loops;
    return point;
  }
}

function percentilesOf(histogram: Histogram): Percentiles {
  const [p50 = null, p95 = null, p99 = null] = [0.5, 0.95, 0.99].map((share) => histogram.quantileUs(share));
  return { p50, p95, p99 };
}
