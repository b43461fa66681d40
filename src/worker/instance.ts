import type { LineUp } from "../audit/clocks.js";
import { isEntry, isRead, OPERATION, type OperationCode, RESULT, type ResultCode } from "../audit/history.js";
import type { Alarm } from "../base/alarm.js";
import { nowUs } from "../base/clock.js";
import { deriveSeed } from "../base/prng.js";
import type { DelayLine } from "../drivers/delay/delay-line.js";
import type { Driver, DriverEvents, Failure } from "../drivers/driver.js";
import { ThreadHealthMeter } from "../measure/thread-health.js";
import { type Batch, withBeside, withoutBeside } from "../strategies/command.js";
import { LEAVING } from "../strategies/leave.js";
import { READING } from "../strategies/position.js";
import { type Answer, type EntryMachine, type Reply, UnexpectedReply } from "../strategies/strategy.js";
import { STAGE } from "./entry-table.js";
import { isInDoubt, saysMoreThanKind } from "./failures.js";
import type { LiveCounters } from "./live-counters.js";
import type { EntryStarter, Room } from "./load.js";
import { beginRecording, type Equipment, newTrial, type RunningTrial, resultOf } from "./running-trial.js";
import type { Segment, SegmentResult, ThreadMemory } from "./segment.js";
import { threadMemory } from "./thread-memory.js";
import { startTimers } from "./trial-timers.js";

/**
 * One application instance: its connections, its users, and the loop between them.
 *
 *   load model ──► users ──start──► pool ──granted──► driver ──replies──► strategy ──► next batch, or the answer
 *                    ▲                                                                                 │
 *                    └───────────────────────────────── recorder ◄─────────────────────────────────────┘
 *
 * Everything runs in the thread's event loop on callbacks; times are taken once for each chunk that a socket delivers.
 */
const MOST_RETRIES = 3;
/** Operations that start in one turn of the event loop: more would sit in the generator and call that latency. */
const STARTS_A_TURN = 512;

export class Instance implements DriverEvents, EntryStarter {
  readonly #driver: Driver;
  readonly #poolSize: number;
  readonly #routes: number;
  readonly #equipment: Equipment;
  readonly #live: LiveCounters;
  readonly #alarm: Alarm;
  readonly #delay: DelayLine | null;
  readonly #wallOffsetMs = Date.now() - performance.now();
  #trial: RunningTrial | undefined;
  /** Of the last trial's table: a reply to an entry that it gave up may still come. */
  #epochs: Int32Array = new Int32Array(0);
  #memoryAtOpenBytes = 0;

  constructor(options: {
    makeDriver: (events: DriverEvents) => Driver;
    pool: number;
    routes: number;
    live: LiveCounters;
    makeAlarm: (ring: () => void) => Alarm;
    /** Through which the driver's replies go; it delays them while a segment runs. */
    delay?: DelayLine | null;
  }) {
    this.#driver = options.makeDriver(this);
    this.#poolSize = options.pool;
    this.#routes = options.routes;
    this.#equipment = {
      driver: this.#driver,
      poolSize: options.pool,
      routes: options.routes,
      starter: this,
      moves: {
        lineUp: (slot, now) => this.#lineUp(slot, now),
        giveBack: (slot, now) => this.#giveBack(slot, now),
        sendVia: (slot, via) => this.#send(slot, via),
      },
    };
    this.#live = options.live;
    this.#delay = options.delay ?? null;
    this.#alarm = options.makeAlarm(() => this.#onAlarm());
  }

  open(): Promise<void> {
    this.#memoryAtOpenBytes = threadMemory().grownBytes;
    return this.#driver.open();
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  /** Makes everything ready; `run` then starts the clock. */
  prepare(segment: Segment): void {
    this.#trial = newTrial(segment, this.#equipment, this.#epochs);
  }

  /** Runs the prepared segment, from now on. Resolves when its last entry has ended. */
  async run(lineUps: readonly LineUp[] = []): Promise<SegmentResult> {
    const trial = this.#trial!;
    const { segment } = trial;
    const meter = new ThreadHealthMeter();
    const finished = new Promise<void>((resolve) => {
      trial.finish = resolve;
    });
    meter.start();
    this.#delay?.start(deriveSeed(segment.seed, "delay"));
    const startUs = nowUs();
    const sweepMs = Math.min(100, Math.max(5, segment.timeoutMs / 20));
    beginRecording(trial, this.#equipment, startUs, sweepMs);
    const endTimers = startTimers(segment.entries === null ? segment.durationMs : null, sweepMs, {
      stop: () => this.#stop(trial.stopUs),
      sweep: () => this.#sweep(),
      tellMemory: () => this.#tellMemory(),
      tellLatencies: () => this.#live.setLatencies(...trial.recorder.latencyCounts),
    });
    trial.load.begin(startUs);
    this.#startDue(startUs);
    this.#finishIfIdle();
    await finished;
    endTimers();
    this.#alarm.cancel();
    const health = meter.stop();
    const addedDelay = this.#delay?.stop() ?? null;
    const memory = this.#tellMemory();
    this.#trial = undefined;
    this.#epochs = trial.table.epoch;
    return { ...resultOf(trial, startUs, lineUps, health, memory, this.#driver.counters()), addedDelay };
  }

  /** Starts no more entries; those in flight end within their timeout, or now if the server is lost. */
  abort(isServerLost = false): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    trial.isAborted = true;
    if (isServerLost && trial.server.giveUp()) this.#loseServer(trial, nowUs());
    this.#stop();
  }

  /** Starts what is due, and sees to it that this happens again when the next is. */
  #startDue(now: number): void {
    const trial = this.#trial!;
    const { load, users } = trial;
    for (let started = 0; started < STARTS_A_TURN && !trial.isStopped; started++) {
      const isArrival = load.dueUs <= users.dueUs;
      if ((isArrival ? load.dueUs : users.dueUs) > now) break;
      if (isArrival) load.arrive(now);
      else users.act(now);
    }
    this.#wakeFor(Math.min(load.dueUs, users.dueUs));
  }

  #wakeFor(dueUs: number): void {
    const trial = this.#trial!;
    if (trial.isStopped || dueUs === trial.wakeUs || dueUs === Number.POSITIVE_INFINITY) return;
    trial.wakeUs = dueUs;
    if (dueUs <= nowUs()) setImmediate(() => this.#onAlarm());
    else this.#alarm.set(dueUs);
  }

  #onAlarm(): void {
    const trial = this.#trial;
    // Of a trial that is over, or not begun.
    if (trial === undefined || trial.wakeUs === Number.POSITIVE_INFINITY) return;
    trial.wakeUs = Number.POSITIVE_INFINITY;
    this.#startDue(nowUs());
  }

  room(now: number): Room {
    const trial = this.#trial!;
    if (trial.isStopped || now >= trial.stopUs || trial.remaining === 0) return "over";
    return trial.freeSlots === 0 ? "full" : "free";
  }

  start(place: number, operation: OperationCode, lane: number, plannedUs: number, now: number): void {
    const trial = this.#trial!;
    const { table, users } = trial;
    const slot = trial.free[--trial.freeSlots]!;
    trial.inProgress++;
    if (isEntry(operation)) {
      trial.remaining--;
      trial.attempted++;
      trial.recorder.startLag?.record(now - plannedUs);
    }
    const concert = users.concert[place]!;
    table.place[slot] = place;
    table.visit[slot] = users.visit[place]!;
    table.lane[slot] = lane;
    table.operation[slot] = operation;
    table.user[slot] = users.user[place]!;
    table.concert[slot] = concert;
    table.prepared[slot] = users.prepared[place]!;
    table.plannedUs[slot] = plannedUs;
    table.readyUs[slot] = now;
    table.timestampMs[slot] = Math.floor(this.#wallOffsetMs + now / 1000);
    table.roundTrips[slot] = 0;
    table.retries[slot] = 0;
    table.redirections[slot] = 0;
    table.hasWritten[slot] = 0;
    table.state[slot] = this.#machineOf(slot).first;
    this.#lineUp(slot, now);
  }

  /** Gets the connection that the entry needs, now or when its turn comes. */
  #lineUp(slot: number, now: number): void {
    const { table, pool } = this.#trial!;
    const connection = pool.acquire(slot, this.#routeOf(slot));
    if (connection >= 0) {
      this.#grant(slot, connection, now);
      return;
    }
    table.stage[slot] = STAGE.waiting;
    table.connection[slot] = -1;
  }

  #routeOf(slot: number): number {
    const { table } = this.#trial!;
    const concert = table.concert[slot]!;
    const isForReplica = table.operation[slot] === OPERATION.replicaRead;
    return isForReplica ? this.#driver.replicaRouteOf(concert) : this.#driver.routeOf(concert);
  }

  #grant(slot: number, connection: number, now: number): void {
    const { table } = this.#trial!;
    table.stage[slot] = STAGE.inFlight;
    table.connection[slot] = connection;
    // Not an entry that was sent elsewhere and begins nothing: its time runs from the first.
    if (table.roundTrips[slot] === 0) table.sentUs[slot] = now;
    this.#send(slot);
  }

  #machineOf(slot: number): EntryMachine {
    const { table, machine } = this.#trial!;
    const operation = table.operation[slot]!;
    if (isEntry(operation)) return machine;
    return isRead(operation) ? READING : LEAVING;
  }

  /** `via`: another node's connection, which does not hold the slot yet. */
  #send(slot: number, via = -1): void {
    const { table } = this.#trial!;
    const { batch, carried } = table.state[slot]!;
    table.via[slot] = via;
    table.roundTrips[slot]!++;
    if (batch.writes) table.hasWritten[slot] = 1;
    const connection = this.#sentOn(slot);
    if (isRead(table.operation[slot]!)) this.#countRead(slot, connection);
    this.#driver.send(
      connection,
      this.#batchOf(slot),
      table.concert[slot]!,
      table.user[slot]!,
      table.timestampMs[slot]!,
      carried,
      table.tokenOf(slot),
    );
  }

  /** The connection that the entry's last batch went on. */
  #sentOn(slot: number): number {
    const { via, connection } = this.#trial!.table;
    return via[slot]! < 0 ? connection[slot]! : via[slot]!;
  }

  #countRead(slot: number, connection: number): void {
    const { table, recorder } = this.#trial!;
    const isAtPrimary = Math.floor(connection / this.#poolSize) === this.#driver.routeOf(table.concert[slot]!);
    if (isAtPrimary) recorder.reads.sentToPrimary++;
    else recorder.reads.sentToReplica++;
  }

  /** What was sent last, or is to be: the strategy's batch, with what goes beside it. */
  #batchOf(slot: number): Batch {
    const { table, segment } = this.#trial!;
    const { batch } = table.state[slot]!;
    const isAsking = table.via[slot]! >= 0;
    if (!isAsking && segment.waitReplicas === 0) return batch;
    return withBeside(batch, { isAsking, replicas: segment.waitReplicas, withinMs: segment.timeoutMs });
  }

  onReplies(token: number, replies: readonly Reply[], now: number): void {
    const trial = this.#trial;
    const slot = trial === undefined ? -1 : trial.table.slotOf(token);
    if (trial === undefined || slot < 0) return;
    trial.events.answered(now);
    const sent = trial.table.state[slot]!;
    const batch = this.#batchOf(slot);
    let answers = replies;
    if (batch !== sent.batch) {
      const { own, replicated } = withoutBeside(batch, replies);
      answers = own;
      if (replicated !== null && Number(replicated) < trial.segment.waitReplicas) {
        this.#fail(slot, "under-replicated", true, now);
        return;
      }
    }
    try {
      const step = this.#machineOf(slot).next(sent, answers);
      if (step.batch === null) {
        this.#succeed(slot, step, now);
      } else {
        trial.table.state[slot] = step;
        this.#send(slot);
      }
    } catch (error) {
      if (!(error instanceof UnexpectedReply)) throw error;
      trial.recorder.failureExamples.reply ??= error.message;
      this.#fail(slot, "reply", trial.table.hasWritten[slot] === 1, now);
    }
  }

  onFailure(token: number, failure: Failure, now: number): void {
    const trial = this.#trial;
    const slot = trial === undefined ? -1 : trial.table.slotOf(token);
    if (trial === undefined || slot < 0) return;
    const { table } = trial;
    if (failure.answered) trial.events.answered(now);
    if (failure.kind === "NOSCRIPT" && table.retries[slot]! < MOST_RETRIES) {
      table.retries[slot]!++;
      trial.events.scriptsReloaded(now);
      this.#driver.reloadScripts(this.#sentOn(slot));
      this.#send(slot, table.via[slot]!);
      return;
    }
    if (failure.changedNothing && this.#routes > 1 && trial.redirections.follow(slot, failure, now)) {
      trial.events.redirected(failure.kind, now);
      return;
    }
    if (saysMoreThanKind(failure)) trial.recorder.failureExamples[failure.kind] ??= failure.message;
    this.#fail(slot, failure.kind, isInDoubt(table, slot, failure), now);
  }

  onRoutes(now: number): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    trial.events.redirected("routes", now);
    trial.redirections.lineUpAgain(now);
  }

  onPrimary(now: number): void {
    this.#trial?.events.primaryReplaced(now);
  }

  onConnection(connection: number, isUp: boolean, now: number): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    trial.events.connection(connection, isUp, now);
    if (isUp) trial.pool.restore(connection, (slot, granted) => this.#grant(slot, granted, now));
    else trial.pool.withdraw(connection);
  }

  onChunkEnd(now: number): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    this.#live.set(trial.recorder.succeeded, trial.recorder.failedCount, trial.inProgress);
    this.#startDue(now);
  }

  #succeed(slot: number, answer: Answer, now: number): void {
    const { recorder, workload, table, parts } = this.#trial!;
    const concert = table.concert[slot]!;
    const { outcome, position, total } = answer;
    const { part } = table.state[slot]!;
    if (parts !== null && part !== undefined) parts.succeed(part, outcome, now - table.readyUs[slot]!);
    recorder.succeed(table, slot, workload.numberOf(concert), answer, now);
    const operation = table.operation[slot]!;
    if (isEntry(operation)) workload.countAnswer(concert, outcome);
    else if (operation === OPERATION.leave) workload.countLeave(concert, outcome);
    this.#end(slot, RESULT[outcome], position, total, now);
  }

  #fail(slot: number, kind: string, inDoubt: boolean, now: number): void {
    const { recorder, workload, table, parts } = this.#trial!;
    const concert = table.concert[slot]!;
    const wasSent = table.roundTrips[slot]! > 0;
    const { part } = table.state[slot]!;
    if (parts !== null && part !== undefined && wasSent) parts.fail(part);
    recorder.fail(table, slot, workload.numberOf(concert), kind, inDoubt, wasSent, now);
    const operation = table.operation[slot]!;
    if (isEntry(operation)) workload.countFailure(concert, inDoubt);
    else if (operation === OPERATION.leave && inDoubt) workload.countLeaveInDoubt(concert);
    this.#end(slot, inDoubt ? RESULT.inDoubt : RESULT.failed, 0, 0, now);
  }

  #end(slot: number, result: ResultCode, position: number, total: number, now: number): void {
    const trial = this.#trial!;
    const { table, users } = trial;
    table.stage[slot] = STAGE.idle;
    trial.inProgress--;
    this.#giveBack(slot, now);
    trial.free[trial.freeSlots++] = slot;
    users.onEnded(table.place[slot]!, table.visit[slot]!, table.operation[slot]!, result, position, total, now);
    this.#finishIfIdle();
  }

  /** The entry needs its connection no longer; whoever is next in line gets it. */
  #giveBack(slot: number, now: number): void {
    const { table, pool } = this.#trial!;
    const connection = table.connection[slot]!;
    table.connection[slot] = -1;
    if (connection < 0 || !this.#driver.isUp(connection)) return;
    const next = pool.release(connection);
    if (next >= 0) this.#grant(next, connection, now);
  }

  #stop(atUs = nowUs()): void {
    const trial = this.#trial;
    if (trial === undefined) return;
    if (trial.isStopped) return;
    trial.isStopped = true;
    trial.stoppedUs = Math.min(atUs, trial.stopUs);
    trial.load.stop(trial.stoppedUs);
    this.#finishIfIdle();
  }

  #finishIfIdle(): void {
    const trial = this.#trial!;
    if (trial.inProgress > 0 || !(trial.isStopped || trial.remaining === 0)) return;
    trial.isStopped = true;
    trial.finish();
  }

  /** Gives up the entries whose time is over, and a server that does not come back. */
  #sweep(): void {
    const trial = this.#trial!;
    const { table, segment } = trial;
    const now = nowUs();
    trial.inProgressSum += trial.inProgress;
    trial.sweeps++;
    const { succeeded, service } = trial.recorder;
    trial.events.swept(now, trial.inProgress, succeeded === 0 ? 0 : service.sumUs / succeeded);
    if (trial.server.look(now)) this.#loseServer(trial, now);
    trial.redirections.resume(now);
    const oldest = now - segment.timeoutMs * 1000;
    for (let slot = 0; slot < table.size; slot++) {
      if (table.readyUs[slot]! > oldest || table.stage[slot] === STAGE.idle) continue;
      this.#giveUp(slot, now);
    }
    this.#live.set(trial.recorder.succeeded, trial.recorder.failedCount, trial.inProgress);
  }

  /** Nothing will be answered any more. */
  #loseServer(trial: RunningTrial, now: number): void {
    trial.events.serverLost(now);
    this.#stop();
    const { table } = trial;
    for (let slot = 0; slot < table.size; slot++) if (table.stage[slot] !== STAGE.idle) this.#giveUp(slot, now);
  }

  #tellMemory(): ThreadMemory {
    const memory = threadMemory(this.#memoryAtOpenBytes);
    this.#live.setMemory(memory.heapUsedBytes, memory.arrayBuffersBytes);
    return memory;
  }

  #giveUp(slot: number, now: number): void {
    const { table, segment } = this.#trial!;
    const wasSent = table.stage[slot] === STAGE.inFlight;
    const connection = this.#sentOn(slot);
    table.epoch[slot]!++;
    if (wasSent && segment.connections === "exclusive") {
      // The late reply would be taken for the next entry's: a pool in this style closes the connection.
      this.#trial!.events.resetting(connection);
      this.#driver.reset(connection);
    }
    this.#fail(slot, "timeout", table.hasWritten[slot] === 1, now);
  }
}
