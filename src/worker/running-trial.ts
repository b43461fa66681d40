import { type LineUp, sinceStart } from "../audit/clocks.js";
import { longestAwayMs } from "../base/away.js";
import { nowUs } from "../base/clock.js";
import { deriveSeed } from "../base/prng.js";
import type { Driver, DriverCounters } from "../drivers/driver.js";
import { PACERS } from "../pacers/index.js";
import { strategyNamed } from "../strategies/index.js";
import type { EntryMachine } from "../strategies/strategy.js";
import { Habits } from "./behaviour.js";
import { ClosedLoad } from "./closed-load.js";
import { EntryTable, MOST_SLOTS } from "./entry-table.js";
import { EventLog } from "./event-log.js";
import type { EntryStarter, LoadModel } from "./load.js";
import { OpenLoad } from "./open-load.js";
import { PartTally } from "./part-tally.js";
import { makePool, type Pool } from "./pool.js";
import { Recorder } from "./recorder.js";
import { type Moves, Redirections } from "./redirections.js";
import type { Segment, SegmentResult } from "./segment.js";
import { ServerWatch } from "./server-watch.js";
import { MOST_UNDER_WAY, Users } from "./users.js";
import { Workload } from "./workload.js";

/** The trial that an instance is at: what belongs to it, how it begins, and what it came to. */

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
  readonly redirections: Redirections;
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
  readonly server: ServerWatch;
  finish: () => void;
}

/** What the trials of an instance have in common. */
export interface Equipment {
  readonly driver: Driver;
  readonly routes: number;
  /** Connections of each route. */
  readonly poolSize: number;
  readonly starter: EntryStarter;
  readonly moves: Moves;
}

/** A trial that has everything it needs but the time at which it begins. `epochs`: of the table of the trial before. */
export function newTrial(segment: Segment, equipment: Equipment, epochs: Int32Array): RunningTrial {
  const { driver, routes, poolSize, starter, moves } = equipment;
  const strategy = strategyNamed(segment.strategy);
  const machine = strategy.machine(segment.score);
  const table = new EntryTable(slotsOf(segment), machine.first, epochs);
  const workload = new Workload(segment, driver);
  const users: Users = new Users({
    places: segment.vus,
    workload,
    starter,
    habits: segment.behaviour === null ? null : new Habits(segment.behaviour, deriveSeed(segment.seed, "habits")),
    returnAfterMs: segment.behaviour?.returnAfterMs ?? null,
    isOpen: segment.arrivals !== null,
    onGone: (place, now) => load.onGone(place, now),
  });
  const load = loadModel(segment, users);
  return {
    segment,
    machine,
    parts: strategy.parts === undefined ? null : new PartTally(strategy.parts.length),
    table,
    free: Int32Array.from({ length: table.size }, (_, slot) => table.size - 1 - slot),
    freeSlots: table.size,
    workload,
    users,
    load,
    pool: makePool(segment.connections, {
      routes,
      pool: poolSize,
      isUp: (connection) => driver.isUp(connection),
      epochOf: (slot) => table.epoch[slot]!,
      laneOf: (slot) => table.lane[slot]!,
    }),
    redirections: new Redirections(table, driver, poolSize, moves),
    recorder: new Recorder({ instance: segment.index, startUs: 0, isOpen: false, isPolled: false, historyBytes: 0 }),
    events: eventLog(equipment, 0, 0),
    countersBefore: driver.counters(),
    wakeUs: Number.POSITIVE_INFINITY,
    stopUs: Number.POSITIVE_INFINITY,
    remaining: segment.entries ?? Number.POSITIVE_INFINITY,
    inProgress: 0,
    inProgressSum: 0,
    sweeps: 0,
    attempted: 0,
    stoppedUs: null,
    isStopped: false,
    isAborted: false,
    server: new ServerWatch(() => isAnyUp(equipment), longestAwayMs(segment.timeoutMs)),
    finish: () => {},
  };
}

/** From `startUs` on the trial counts. */
export function beginRecording(trial: RunningTrial, equipment: Equipment, startUs: number, sweepMs: number): void {
  const { segment } = trial;
  trial.recorder = new Recorder({
    instance: segment.index,
    startUs,
    isOpen: segment.arrivals !== null,
    isPolled: segment.behaviour?.pollEvery != null,
    historyBytes: segment.historyBytes,
    ...(segment.keepsMoments ? { momentsOfMs: segment.durationMs } : {}),
  });
  trial.events = eventLog(equipment, startUs, sweepMs);
  if (segment.entries === null) trial.stopUs = startUs + segment.durationMs * 1000;
}

function isAnyUp({ driver, routes, poolSize }: Equipment): boolean {
  for (let connection = 0; connection < routes * poolSize; connection++) if (driver.isUp(connection)) return true;
  return false;
}

const eventLog = ({ driver, routes, poolSize }: Equipment, startUs: number, sweepMs: number): EventLog =>
  new EventLog({ startUs, sweepMs, connections: routes * poolSize, isUp: (connection) => driver.isUp(connection) });

/** Entries, leaves and readings that can be in progress at once. */
function slotsOf({ arrivals, vus, behaviour }: Segment): number {
  if (arrivals !== null) return arrivals.maxInFlight;
  const repeats =
    behaviour !== null && behaviour.botsPercent + behaviour.tabsPercent + behaviour.doubleClickPercent > 0;
  return Math.min(MOST_SLOTS, repeats ? MOST_UNDER_WAY * vus : vus);
}

function loadModel(segment: Segment, users: Users): LoadModel {
  const { arrivals, index, count, seed } = segment;
  if (arrivals === null) return new ClosedLoad(users, segment.thinkTimeMs);
  const { ratePerSec, arrival, stages } = arrivals;
  const { durationMs } = segment;
  const seedOfArrivals = deriveSeed(seed, "arrivals");
  const pacer = PACERS[arrival].pace({ ratePerSec, durationMs, stages, index, count, seed: seedOfArrivals });
  const stopAfterUs = segment.entries === null ? durationMs * 1000 : Number.POSITIVE_INFINITY;
  return new OpenLoad(users, pacer, stopAfterUs);
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
  const { seconds, entry, response } = recorder.finish();
  return {
    index: segment.index,
    // Users who pause may have had their last answer long before the time is over.
    durationMs: Math.max(0, Math.max(recorder.lastEndUs, trial.stoppedUs ?? 0) - startUs) / 1000,
    attempted: trial.attempted,
    answers: recorder.answers,
    failures: recorder.failures,
    failureExamples: recorder.failureExamples,
    inDoubt: recorder.inDoubt,
    unsent: recorder.unsent,
    dropped: trial.load.dropped + trial.users.dropped,
    roundTrips: recorder.roundTrips,
    entry,
    service: recorder.service.data(),
    poolWait: recorder.poolWait.data(),
    failed: recorder.failed.data(),
    response,
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
    serverLost: trial.server.isLost,
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
