import { nowUs } from "../base/clock.js";
import { deriveSeed } from "../base/prng.js";
import type { Driver, DriverCounters, DriverEvents, Failure } from "../drivers/driver.js";
import { ThreadHealthMeter } from "../measure/thread-health.js";
import { PACERS } from "../pacers/index.js";
import { strategyNamed } from "../strategies/index.js";
import { type Answer, type EntryMachine, type Reply, UnexpectedReply } from "../strategies/strategy.js";
import { longestAwayMs } from "./away.js";
import { ClosedLoad } from "./closed-load.js";
import { EntryTable, STAGE } from "./entry-table.js";
import type { LiveCounters } from "./live-counters.js";
import type { EntryStarter, LoadModel } from "./load.js";
import { OpenLoad } from "./open-load.js";
import { makePool, type Pool } from "./pool.js";
import { Recorder } from "./recorder.js";
import type { Segment, SegmentResult } from "./segment.js";
import { Workload } from "./workload.js";

/**
 * One application instance: its connections, its users, and the loop between them.
 *
 *   load model ──start──► pool ──granted──► driver ──replies──► strategy ──► next batch, or the answer ──► recorder
 *        ▲                                                                                                    │
 *        └────────────────────────────────────── finished ────────────────────────────────────────────────────┘
 *
 * Everything runs in the thread's event loop on callbacks; times are taken once for each chunk that a socket delivers.
 */
const MOST_RETRIES = 3;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Instance implements DriverEvents, EntryStarter {
  readonly #driver: Driver;
  readonly #poolSize: number;
  readonly #routes: number;
  readonly #live: LiveCounters;
  readonly #wallOffsetMs = Date.now() - performance.now();
  #trial: Trial | undefined;

  constructor(options: {
    makeDriver: (events: DriverEvents) => Driver;
    pool: number;
    routes: number;
    live: LiveCounters;
  }) {
    this.#driver = options.makeDriver(this);
    this.#poolSize = options.pool;
    this.#routes = options.routes;
    this.#live = options.live;
  }

  open(): Promise<void> {
    return this.#driver.open();
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  /** Makes everything ready; `begin` then starts the clock. */
  prepare(segment: Segment): void {
    const machine = strategyNamed(segment.strategy).machine(segment.score);
    const table = new EntryTable(segment.arrivals?.maxInFlight ?? segment.vus, machine.first);
    this.#trial = {
      segment,
      machine,
      table,
      workload: new Workload(segment, this.#driver),
      load: this.#loadModel(segment),
      pool: makePool(segment.connections, {
        routes: this.#routes,
        pool: this.#poolSize,
        isUp: (connection) => this.#driver.isUp(connection),
        epochOf: (slot) => table.epoch[slot]!,
      }),
      recorder: new Recorder({ instance: segment.index, startUs: 0, isOpen: false, historyBytes: 0 }),
      countersBefore: this.#driver.counters(),
      stopUs: Number.POSITIVE_INFINITY,
      remaining: segment.entries ?? Number.POSITIVE_INFINITY,
      inProgress: 0,
      attempted: 0,
      isStopped: false,
      isAborted: false,
      downSinceUs: null,
      isServerLost: false,
      finish: () => {},
    };
  }

  #loadModel(segment: Segment): LoadModel {
    const { arrivals, index, count, seed } = segment;
    if (arrivals === null) return new ClosedLoad(this, segment.vus, segment.thinkTimeMs);
    const { ratePerSec, arrival, maxInFlight } = arrivals;
    const pacer = PACERS[arrival]({ ratePerSec, index, count, seed: deriveSeed(seed, "arrivals") });
    const stopAfterUs = segment.entries === null ? segment.durationMs * 1000 : Number.POSITIVE_INFINITY;
    return new OpenLoad(this, pacer, maxInFlight, stopAfterUs);
  }

  /** Runs the prepared segment, from now on. Resolves when its last entry has ended. */
  async run(): Promise<SegmentResult> {
    const trial = this.#trial!;
    const { segment } = trial;
    const meter = new ThreadHealthMeter();
    const finished = new Promise<void>((resolve) => {
      trial.finish = resolve;
    });
    meter.start();
    const startUs = nowUs();
    trial.recorder = new Recorder({
      instance: segment.index,
      startUs,
      isOpen: segment.arrivals !== null,
      historyBytes: segment.historyBytes,
    });
    if (segment.entries === null) trial.stopUs = startUs + segment.durationMs * 1000;
    const stopTimer = setTimeout(() => this.#stop(), segment.entries === null ? segment.durationMs : LONGEST_TIMER_MS);
    const sweepMs = Math.min(100, Math.max(5, segment.timeoutMs / 20));
    const sweeper = setInterval(() => this.#sweep(), sweepMs);
    trial.load.begin(startUs);
    this.#finishIfIdle();
    await finished;
    clearTimeout(stopTimer);
    clearInterval(sweeper);
    const health = meter.stop();
    this.#trial = undefined;
    return resultOf(trial, startUs, health, this.#driver.counters());
  }

  /** Starts no more entries; those in flight end within their timeout. */
  abort(): void {
    if (this.#trial === undefined) return;
    this.#trial.isAborted = true;
    this.#stop();
  }

  start(slot: number, plannedUs: number, now: number): boolean {
    const trial = this.#trial!;
    if (trial.isStopped || now >= trial.stopUs || trial.remaining === 0) return false;
    const { table, workload } = trial;
    trial.remaining--;
    trial.attempted++;
    trial.inProgress++;
    workload.draw();
    table.user[slot] = workload.user;
    table.concert[slot] = workload.concert;
    table.prepared[slot] = workload.prepared;
    table.plannedUs[slot] = plannedUs;
    table.readyUs[slot] = now;
    table.timestampMs[slot] = Math.floor(this.#wallOffsetMs + now / 1000);
    table.roundTrips[slot] = 0;
    table.retries[slot] = 0;
    table.hasWritten[slot] = 0;
    const connection = trial.pool.acquire(slot, this.#driver.routeOf(workload.concert));
    if (connection < 0) {
      table.stage[slot] = STAGE.waiting;
      table.connection[slot] = -1;
    } else {
      this.#grant(slot, connection, now);
    }
    return true;
  }

  #grant(slot: number, connection: number, now: number): void {
    const { table, machine } = this.#trial!;
    table.stage[slot] = STAGE.inFlight;
    table.connection[slot] = connection;
    table.sentUs[slot] = now;
    table.state[slot] = machine.first;
    this.#send(slot);
  }

  #send(slot: number): void {
    const { table } = this.#trial!;
    const { batch, carried } = table.state[slot]!;
    table.roundTrips[slot]!++;
    if (batch.writes) table.hasWritten[slot] = 1;
    this.#driver.send(
      table.connection[slot]!,
      batch,
      table.concert[slot]!,
      table.user[slot]!,
      table.timestampMs[slot]!,
      carried,
      table.tokenOf(slot),
    );
  }

  onReplies(token: number, replies: readonly Reply[], now: number): void {
    const trial = this.#trial;
    const slot = trial === undefined ? -1 : trial.table.slotOf(token);
    if (trial === undefined || slot < 0) return;
    try {
      const step = trial.machine.next(trial.table.state[slot]!, replies);
      if (step.batch === null) {
        this.#succeed(slot, step, now);
      } else {
        trial.table.state[slot] = step;
        this.#send(slot);
      }
    } catch (error) {
      if (!(error instanceof UnexpectedReply)) throw error;
      this.#fail(slot, "reply", trial.table.hasWritten[slot] === 1, now);
    }
  }

  onFailure(token: number, failure: Failure, now: number): void {
    const trial = this.#trial;
    const slot = trial === undefined ? -1 : trial.table.slotOf(token);
    if (trial === undefined || slot < 0) return;
    const { table } = trial;
    if (failure.kind === "NOSCRIPT" && table.retries[slot]! < MOST_RETRIES) {
      table.retries[slot]!++;
      this.#driver.reloadScripts(table.connection[slot]!);
      this.#send(slot);
      return;
    }
    this.#fail(slot, failure.kind, isInDoubt(table, slot, failure), now);
  }

  onConnection(connection: number, isUp: boolean, now: number): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    if (isUp) trial.pool.restore(connection, (slot, granted) => this.#grant(slot, granted, now));
    else trial.pool.withdraw(connection);
  }

  onChunkEnd(): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    this.#live.set(trial.recorder.succeeded, trial.recorder.failedCount, trial.inProgress);
  }

  #succeed(slot: number, answer: Answer, now: number): void {
    const { recorder, workload, table } = this.#trial!;
    const concert = table.concert[slot]!;
    recorder.succeed(table, slot, workload.numberOf(concert), answer, now);
    workload.countAnswer(concert, answer.outcome);
    this.#end(slot, now);
  }

  #fail(slot: number, kind: string, inDoubt: boolean, now: number): void {
    const { recorder, workload, table } = this.#trial!;
    const concert = table.concert[slot]!;
    const wasSent = table.stage[slot] === STAGE.inFlight;
    recorder.fail(table, slot, workload.numberOf(concert), kind, inDoubt, wasSent, now);
    workload.countFailure(concert, inDoubt);
    this.#end(slot, now);
  }

  #end(slot: number, now: number): void {
    const trial = this.#trial!;
    const { table, pool } = trial;
    const connection = table.connection[slot]!;
    table.stage[slot] = STAGE.idle;
    trial.inProgress--;
    if (connection >= 0 && this.#driver.isUp(connection)) {
      const next = pool.release(connection);
      if (next >= 0) this.#grant(next, connection, now);
    }
    trial.load.onFinished(slot, now);
    this.#finishIfIdle();
  }

  #stop(): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    trial.isStopped = true;
    trial.load.stop();
    this.#finishIfIdle();
  }

  #finishIfIdle(): void {
    const trial = this.#trial!;
    if (trial.inProgress > 0 || !(trial.isStopped || trial.remaining === 0)) return;
    // A user who is still thinking must not enter the next trial.
    trial.load.stop();
    trial.finish();
  }

  /** Gives up the entries whose time is over, and a server that does not come back. */
  #sweep(): void {
    const trial = this.#trial!;
    const { table, segment } = trial;
    const now = nowUs();
    this.#watchConnections(trial, now);
    const oldest = now - segment.timeoutMs * 1000;
    for (let slot = 0; slot < table.size; slot++) {
      if (table.readyUs[slot]! > oldest || table.stage[slot] === STAGE.idle) continue;
      this.#giveUp(slot, now);
    }
    this.#live.set(trial.recorder.succeeded, trial.recorder.failedCount, trial.inProgress);
  }

  #watchConnections(trial: Trial, now: number): void {
    if (this.#isAnyUp()) {
      trial.downSinceUs = null;
      return;
    }
    trial.downSinceUs ??= now;
    const longestUs = longestAwayMs(trial.segment.timeoutMs) * 1000;
    if (now - trial.downSinceUs < longestUs) return;
    trial.isServerLost = true;
    this.#stop();
  }

  #isAnyUp(): boolean {
    const connections = this.#routes * this.#poolSize;
    for (let connection = 0; connection < connections; connection++) if (this.#driver.isUp(connection)) return true;
    return false;
  }

  #giveUp(slot: number, now: number): void {
    const { table, segment } = this.#trial!;
    const wasSent = table.stage[slot] === STAGE.inFlight;
    const connection = table.connection[slot]!;
    table.epoch[slot]!++;
    if (wasSent && segment.connections === "exclusive") {
      // The late reply would be taken for the next entry's: a pool in this style closes the connection.
      this.#driver.reset(connection);
    }
    this.#fail(slot, "timeout", wasSent && table.hasWritten[slot] === 1, now);
  }
}

/** What belongs to the trial that is running. */
interface Trial {
  readonly segment: Segment;
  readonly machine: EntryMachine;
  readonly table: EntryTable;
  readonly workload: Workload;
  readonly load: LoadModel;
  readonly pool: Pool;
  recorder: Recorder;
  readonly countersBefore: DriverCounters;
  /** No entry starts from then on, whenever the timer fires. */
  stopUs: number;
  remaining: number;
  inProgress: number;
  attempted: number;
  isStopped: boolean;
  isAborted: boolean;
  /** Since when no connection is up. */
  downSinceUs: number | null;
  isServerLost: boolean;
  finish: () => void;
}

/** An error that answers a batch of one command says that this command did nothing; otherwise a write may have happened. */
function isInDoubt(table: EntryTable, slot: number, failure: Failure): boolean {
  if (table.hasWritten[slot] === 0) return false;
  const { batch } = table.state[slot]!;
  const isFirstWrite = batch.writes && batch.commands.length === 1;
  return !(failure.answered && isFirstWrite);
}

function resultOf(
  trial: Trial,
  startUs: number,
  health: SegmentResult["health"],
  after: DriverCounters,
): SegmentResult {
  const { recorder, segment } = trial;
  const { seconds, total } = recorder.timeline.finish();
  return {
    index: segment.index,
    durationMs: Math.max(0, recorder.lastEndUs - startUs) / 1000,
    attempted: trial.attempted,
    answers: recorder.answers,
    failures: recorder.failures,
    inDoubt: recorder.inDoubt,
    dropped: trial.load.dropped,
    roundTrips: recorder.roundTrips,
    entry: total.data(),
    service: recorder.service.data(),
    poolWait: recorder.poolWait.data(),
    failed: recorder.failed.data(),
    response: recorder.response?.data() ?? null,
    startLag: recorder.startLag?.data() ?? null,
    seconds,
    health,
    driver: difference(after, trial.countersBefore),
    concerts: trial.workload.counts(),
    history: recorder.history.toTransfer().message,
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
