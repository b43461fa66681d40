import { Bench, type Statistics } from "tinybench";
import { environmentError, type QbenchError, throwIfAborted } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Outcome } from "../queue/outcome.js";
import { luaFilesAmong, strategyNamed } from "../strategies/index.js";
import { CONNECT_TIMEOUT_MS } from "../targets/control.js";
import { endEndlessScripts } from "../targets/endless-script.js";
import { loadScripts } from "../targets/primaries.js";
import { takeSnapshot } from "../targets/server-snapshot.js";
import type { Target } from "../targets/target.js";
import { asRunError, atPlace, notCleanedBeside, type Place, type PlaceOptions } from "./bench.js";
import { perEntry, serverFigures } from "./figures.js";
import { MICRO_NEEDS, type MicroPlan, planTurns, type Turn } from "./micro-plan.js";
import { OneAtATime } from "./one-at-a-time.js";
import { populate } from "./population.js";
import { asEnded, expectScripts } from "./trial-watch.js";

export interface TurnResult extends Turn {
  /** Entries that were measured. */
  readonly entries: number;
  /** Of one entry, from sending its first command to its answer. */
  readonly latencyUs: {
    readonly min: number;
    readonly mean: number;
    readonly p50: number;
    readonly p75: number;
    readonly p99: number;
    readonly max: number;
    readonly sd: number;
  };
  /** Entries in all, those of the warm-up too; the figures below are of these. */
  readonly entriesWithWarmup: number;
  /** Commands as the server counted them, a script being one. */
  readonly callsPerEntry: number;
  /** Commands as the client counted them. */
  readonly sentPerEntry: number;
  readonly roundTripsPerEntry: number;
  readonly socketWritesPerEntry: number;
  /** CPU of the server's main thread; null where it does not tell. */
  readonly serverCpuUsPerEntry: number | null;
}

export interface MicroObserver {
  targetOpened(target: Target): Promise<void> | void;
  turnStarted(turn: Turn, index: number, count: number): void;
}

export interface MicroOutcome {
  /** In the order in which they ran; whole ones only. */
  readonly turns: readonly TurnResult[];
  readonly complete: boolean;
  readonly warnings: readonly Warning[];
  /** What ended it early. */
  readonly error: QbenchError | undefined;
}

/** Users of each prepared kind; entries go through them in turn. */
const PREPARED = 100;
/** Share of a turn's time spent before it, to fill caches and let the compiler settle. */
const WARMUP_SHARE = 0.2;
const MIN_ITERATIONS = 16;

/**
 * Measures what one entry costs, one at a time, on a target that is opened for it and closed after it.
 * @throws QbenchError if nothing could be measured; later, what went wrong is in the outcome.
 */
export async function runMicro(
  plan: MicroPlan,
  options: PlaceOptions,
  observer: MicroObserver,
  signal: AbortSignal,
): Promise<MicroOutcome> {
  const where = { ...options, ...MICRO_NEEDS, signal };
  const { result, warnings, notCleaned } = await atPlace(where, plan.timeoutMs, async (place) => {
    await observer.targetOpened(place.target);
    return turnsAt(place, plan, observer, signal);
  });
  const error = result.error ?? notCleaned;
  return {
    ...result,
    warnings: [...warnings, ...notCleanedBeside(result.error, notCleaned)],
    complete: error === undefined,
    error,
  };
}

async function turnsAt(
  { target, runId }: Place,
  plan: MicroPlan,
  observer: MicroObserver,
  signal: AbortSignal,
): Promise<Omit<MicroOutcome, "warnings">> {
  const scripts = plan.strategies.flatMap((name) => strategyNamed(name).scripts);
  await loadScripts(target.control, scripts);
  expectScripts(target, luaFilesAmong(plan.strategies));
  const { client: name, timeoutMs } = plan;
  const options = { client: name, scripts, connectTimeoutMs: CONNECT_TIMEOUT_MS, timeoutMs, signal };
  const client = await OneAtATime.open(target, options);
  try {
    return await takeTurns(plan, { target, client, runId, signal }, observer);
  } finally {
    await client.close();
  }
}

interface Bed {
  readonly target: Target;
  readonly client: OneAtATime;
  readonly runId: string;
  readonly signal: AbortSignal;
}

async function takeTurns(plan: MicroPlan, bed: Bed, observer: MicroObserver): Promise<Omit<MicroOutcome, "warnings">> {
  const planned = planTurns(plan);
  const turns: TurnResult[] = [];
  try {
    for (const [index, turn] of planned.entries()) {
      throwIfAborted(bed.signal);
      observer.turnStarted(turn, index, planned.length);
      turns.push(await takeTurn(plan, turn, index, bed));
    }
    return { turns, complete: true, error: undefined };
  } catch (error) {
    const endless = await endEndlessScripts(bed.target, luaFilesAmong(plan.strategies));
    const failure = endless === undefined ? asRunError(error, bed.target) : asEnded(endless, bed.signal);
    if (turns.length === 0 && failure.kind !== "interrupted") throw failure;
    return { turns, complete: false, error: failure };
  }
}

async function takeTurn(plan: MicroPlan, turn: Turn, index: number, bed: Bed): Promise<TurnResult> {
  const { target, client, signal } = bed;
  const { control } = target;
  const strategy = strategyNamed(turn.strategy);
  const machine = strategy.machine(plan.score);
  // A concert of its own: no turn meets the queue that another one built.
  const keys = concertKeys(concertIdOf(bed.runId, index));
  await populate(control, [keys], { waiting: PREPARED, active: PREPARED });
  const concert = client.useConcert(keys);
  const userOf = USERS[turn.outcome];
  let entered = 0;
  let failure: unknown;
  const enter = async (): Promise<void> => {
    // After a failure the bench may come back for its next phase.
    if (failure !== undefined) throw failure;
    try {
      throwIfAborted(signal);
      const { outcome } = await client.enter(machine, concert, userOf(entered++));
      if (outcome !== turn.outcome) throw contradiction(turn, outcome);
    } catch (error) {
      failure ??= error;
      throw error;
    }
  };

  const timeMs = plan.durationMs / plan.trials;
  const bench = new Bench({
    time: timeMs,
    iterations: MIN_ITERATIONS,
    warmupTime: timeMs * WARMUP_SHARE,
    warmupIterations: MIN_ITERATIONS,
  });
  bench.add(turn.strategy, enter, { async: true });
  const serverBefore = await takeSnapshot(control);
  const clientBefore = client.counters();
  const tripsBefore = client.roundTrips;
  const [task] = await bench.run();
  const trips = client.roundTrips - tripsBefore;
  const clientAfter = client.counters();
  const serverAfter = await takeSnapshot(control);
  await control.unlink(keys.waiting, keys.active, keys.sequence);

  throwIfAborted(signal);
  if (failure !== undefined) throw failure;
  if (task === undefined || task.result.state !== "completed") {
    throw new Error(`a turn ended as ${task?.result.state}`, { cause: task?.result });
  }
  const entries = { attempted: entered, succeeded: entered, failed: 0, inDoubt: 0, unsent: 0, dropped: 0 };
  const answers = { new: 0, waiting: 0, active: 0, [turn.outcome.toLowerCase()]: entered };
  const snapshots = { before: serverBefore, after: serverAfter };
  const told = { entries: { ...entries, ...answers }, strategy, score: plan.score, machine: null };
  const server = serverFigures(snapshots, told);
  return {
    ...turn,
    entries: task.result.latency.samplesCount,
    latencyUs: inUs(task.result.latency),
    entriesWithWarmup: entered,
    callsPerEntry: server.callsPerEntry,
    sentPerEntry: perEntry(sumOf(clientAfter.commands) - sumOf(clientBefore.commands), entered),
    roundTripsPerEntry: perEntry(trips, entered),
    socketWritesPerEntry: perEntry(clientAfter.socketWrites - clientBefore.socketWrites, entered),
    serverCpuUsPerEntry: server.cpuUsPerEntry,
  };
}

/** The user of the n-th entry: prepared ones again and again, new ones never twice. */
const USERS: Readonly<Record<Outcome, (n: number) => number>> = {
  WAITING: (n) => n % PREPARED,
  ACTIVE: (n) => PREPARED + (n % PREPARED),
  NEW: (n) => 2 * PREPARED + n,
};

const inUs = ({ min, mean, p50, p75, p99, max, sd }: Statistics): TurnResult["latencyUs"] => {
  const us = (ms: number): number => ms * 1000;
  return { min: us(min), mean: us(mean), p50: us(p50), p75: us(p75), p99: us(p99), max: us(max), sd: us(sd) };
};

const sumOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

const contradiction = ({ strategy, outcome }: Turn, told: Outcome): QbenchError =>
  environmentError(
    `${strategy} told a user ${told} who was prepared to be told ${outcome}`,
    "nobody else enters these concerts: is another program changing qbench's keys, or is memory running out?",
  );
