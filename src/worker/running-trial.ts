import { type LineUp, sinceStart } from "../audit/clocks.js";
import { nowUs } from "../base/clock.js";
import { deriveSeed } from "../base/prng.js";
import type { DriverCounters } from "../drivers/driver.js";
import { PACERS } from "../pacers/index.js";
import type { EntryMachine } from "../strategies/strategy.js";
import { ClosedLoad } from "./closed-load.js";
import { type EntryTable, MOST_SLOTS } from "./entry-table.js";
import type { EventLog } from "./event-log.js";
import type { LoadModel } from "./load.js";
import { OpenLoad } from "./open-load.js";
import type { PartTally } from "./part-tally.js";
import type { Pool } from "./pool.js";
import type { Recorder } from "./recorder.js";
import type { Segment, SegmentResult } from "./segment.js";
import { MOST_UNDER_WAY, type Users } from "./users.js";
import type { Workload } from "./workload.js";

/** The trial that an instance is at: what belongs to it, how it begins, and what it came to. */

/** Entries, leaves and readings that can be in progress at once. */
export function slotsOf({ arrivals, vus, behaviour }: Segment): number {
  if (arrivals !== null) return arrivals.maxInFlight;
  const repeats =
    behaviour !== null && behaviour.botsPercent + behaviour.tabsPercent + behaviour.doubleClickPercent > 0;
  return Math.min(MOST_SLOTS, repeats ? MOST_UNDER_WAY * vus : vus);
}

export function loadModel(segment: Segment, users: Users): LoadModel {
  const { arrivals, index, count, seed } = segment;
  if (arrivals === null) return new ClosedLoad(users, segment.thinkTimeMs);
  const { ratePerSec, arrival, stages } = arrivals;
  const { durationMs } = segment;
  const seedOfArrivals = deriveSeed(seed, "arrivals");
  const pacer = PACERS[arrival].pace({ ratePerSec, durationMs, stages, index, count, seed: seedOfArrivals });
  const stopAfterUs = segment.entries === null ? durationMs * 1000 : Number.POSITIVE_INFINITY;
  return new OpenLoad(users, pacer, stopAfterUs);
}

/** What belongs to the trial that is running. */
export interface RunningTrial {
  readonly segment: Segment;
  readonly machine: EntryMachine;
  /** Where strategies are mixed. */
  readonly parts: PartTally | null;
  readonly table: EntryTable;
  /** A stack of the slots that nothing is in. */
  readonly free: Int32Array;
  freeSlots: number;
  readonly users: Users;
  /** When the alarm is set for; Infinity: it is not. */
  wakeUs: number;
  readonly workload: Workload;
  readonly load: LoadModel;
  readonly pool: Pool;
  /** Tokens of entries that a cluster asked to come again a little later. */
  readonly postponed: number[];
  recorder: Recorder;
  events: EventLog;
  readonly countersBefore: DriverCounters;
  /** No entry starts from then on, whenever the timer fires. */
  stopUs: number;
  /** When that was, or when it was given up before; null where it ended with its last entry. */
  stoppedUs: number | null;
  remaining: number;
  inProgress: number;
  /** Of all sweeps: what was in progress then. */
  inProgressSum: number;
  sweeps: number;
  attempted: number;
  isStopped: boolean;
  isAborted: boolean;
  /** Since when no connection is up. */
  downSinceUs: number | null;
  isServerLost: boolean;
  finish: () => void;
}

/** What the trial came to; `startUs`: when it began, `after`: what the driver has counted since it was made. */
export function resultOf(
  trial: RunningTrial,
  startUs: number,
  lineUps: readonly LineUp[],
  health: SegmentResult["health"],
  memory: SegmentResult["memory"],
  after: DriverCounters,
): Omit<SegmentResult, "addedDelay"> {
  const { recorder, segment } = trial;
  const { seconds, total } = recorder.timeline.finish();
  return {
    index: segment.index,
    // Users who pause may have had their last answer long before the time is over.
    durationMs: Math.max(0, Math.max(recorder.lastEndUs, trial.stoppedUs ?? 0) - startUs) / 1000,
    attempted: trial.attempted,
    answers: recorder.answers,
    failures: recorder.failures,
    failureExamples: recorder.failureExamples,
    inDoubt: recorder.inDoubt,
    dropped: trial.load.dropped + trial.users.dropped,
    roundTrips: recorder.roundTrips,
    entry: total.data(),
    service: recorder.service.data(),
    poolWait: recorder.poolWait.data(),
    failed: recorder.failed.data(),
    response: recorder.response?.data() ?? null,
    startLag: recorder.startLag?.data() ?? null,
    poll: recorder.poll?.data() ?? null,
    planned: trial.load.planned,
    users: trial.users.counts,
    leaves: recorder.leaves,
    reads: recorder.reads,
    seconds,
    moments: recorder.moments?.data() ?? null,
    events: trial.events.finish(nowUs()),
    inProgress: { mean: trial.sweeps === 0 ? 0 : trial.inProgressSum / trial.sweeps, samples: trial.sweeps },
    health,
    memory,
    driver: difference(after, trial.countersBefore),
    concerts: trial.workload.counts(),
    parts: trial.parts?.counts() ?? [],
    history: recorder.history.toTransfer().message,
    lineUps: lineUps.map((one) => sinceStart(one, startUs)),
    aborted: trial.isAborted,
    serverLost: trial.isServerLost,
  };
}

function difference(after: DriverCounters, before: DriverCounters): DriverCounters {
  const commands: Record<string, number> = {};
  for (const [name, calls] of Object.entries(after.commands)) {
    const made = calls - (before.commands[name] ?? 0);
    if (made > 0) commands[name] = made;
  }
  return {
    commands,
    socketWrites: after.socketWrites - before.socketWrites,
    bytesSent: after.bytesSent - before.bytesSent,
    bytesReceived: after.bytesReceived - before.bytesReceived,
    reconnects: after.reconnects - before.reconnects,
    scriptReloads: after.scriptReloads - before.scriptReloads,
  };
}
