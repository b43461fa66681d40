import { setTimeout as sleep } from "node:timers/promises";
import type { AdmissionActed } from "../actors/admission.js";
import type { StalenessActed } from "../actors/staleness.js";
import { auditTrial, NOT_AUDITED, type TrialFacts } from "../audit/audit.js";
import { clocksOf, type LineUp, sinceStart } from "../audit/clocks.js";
import type { TrialRecord } from "../audit/dump.js";
import { History } from "../audit/history.js";
import { Rows } from "../audit/rows.js";
import { shardedOrder } from "../audit/shards.js";
import { nowUs } from "../base/clock.js";
import { EXIT, QbenchError, throwIfAborted } from "../base/errors.js";
import { deriveSeed } from "../base/prng.js";
import type { FaultSite } from "../faults/fault.js";
import { faultNamed, faultText } from "../faults/index.js";
import { findLimiter } from "../measure/limiter.js";
import { type MachineSnapshot, machineSnapshot } from "../measure/machine-load.js";
import {
  commandsBetween,
  hasRestarted,
  lazyFreePending,
  type Snapshot,
  takeReplicaSnapshot,
  takeSnapshot,
} from "../measure/server-snapshot.js";
import { type ThreadSchedule, threadSchedule } from "../measure/thread-health.js";
import { mergeTimelines } from "../measure/timeline.js";
import type { TrialPlan } from "../plan/plan.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Score } from "../queue/outcome.js";
import type { Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import { loadScripts, refreshPrimaries } from "../targets/primaries.js";
import type { Target } from "../targets/target.js";
import { addressOf, isLoopback } from "../targets/url.js";
import { AWAY_TIMEOUTS } from "../worker/away.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import { admissionFigures, openAdmission, promisesBeside } from "./admission.js";
import { agentFigures, agentWarnings, lostAgents as lostAmong, machineOf } from "./agent-figures.js";
import { storyOf } from "./events.js";
import { faultFigures, faultWarnings } from "./fault-figures.js";
import { FaultSequence, type Struck, type StruckFault } from "./faults.js";
import {
  CONTROL_COMMANDS,
  entryCalls,
  generatorFigures,
  innerCalls,
  perEntry,
  readingCalls,
  replicaFigures,
  type Snapshots,
  sentToReplicas,
  serverFigures,
} from "./figures.js";
import type { Generators } from "./generators.js";
import { mergeCounts, mergeHistograms, mergeParts, mergeTallies, mergeUsers } from "./merge.js";
import { networkFigures, networkWarnings } from "./network.js";
import { offeredForMs } from "./offered.js";
import { pacingFigures, pacingWarnings } from "./pacing.js";
import { populate } from "./population.js";
import { newUsersLimit, segmentsOf } from "./segments.js";
import { openStaleness, stalenessFigures } from "./staleness.js";
import type {
  AdmissionFigures,
  Audit,
  PartResult,
  ReplicaFigures,
  ShardingFigures,
  TrialResult,
  Warning,
} from "./trial-result.js";

/**
 * One trial: set-up, warm-up, set-up again, measure, drain, audit, teardown. The measured time lies between the barrier
 * and the end of the last entry; everything else is outside of it.
 */
export interface TrialContext {
  readonly scenario: Scenario;
  readonly target: Target;
  readonly instances: Generators;
  /** What the scenario's faults may lay hands on. */
  readonly site: FaultSite;
  readonly runId: string;
  /** Hands out numbers n of `qbench:<run>:<n>`, none twice in a run. */
  readonly concerts: ConcertNumbers;
  readonly signal: AbortSignal;
  /** Called when the measured time begins. */
  readonly onMeasuring: () => void;
  /** Called when it is over; what follows is the audit. */
  readonly onMeasured?: () => void;
  /** Called after the audit, with all that it read. */
  readonly onRecord?: (record: TrialRecord) => void;
}

export class ConcertNumbers {
  #next = 0;

  get next(): number {
    return this.#next;
  }

  /** All numbers below `number` are taken. */
  takeUpTo(number: number): void {
    this.#next = Math.max(this.#next, number);
  }
}

/**
 * A pass after the first meets objects of the second trial's kind, at which V8 throws away what it had compiled for the
 * first: with one pass that fell into the first measured trial, whose Redis then had nothing to do for 50 to 100 ms.
 */
const WARM_UP_PASSES = 2;
const LAZY_FREE_POLLS = 200;
const SETTLE_POLLS = 100;
const SETTLE_EVERY_MS = 20;

export async function runTrial(context: TrialContext, plan: TrialPlan): Promise<TrialResult> {
  const { target, signal } = context;
  const warmUp = await warmUpTrial(context, plan);
  throwIfAborted(signal);
  const segments = segmentsOf(context, plan, context.concerts.next, warmUp.ratePerSec);
  await prepare(context, segments[0]!);
  throwIfAborted(signal);
  const pacingCpuMs = { before: 0, after: 0 };
  const machine = {} as { before: MachineSnapshot; after: MachineSnapshot };
  const server = {} as { before: Snapshot; after: Snapshot };
  const replicas = {} as { before: Snapshot; after: Snapshot };
  const serverThreads = {} as { before: readonly (ThreadSchedule | null)[]; after: readonly (ThreadSchedule | null)[] };
  const admission = await openAdmission(context, segments[0]!);
  const staleness = await openStaleness(context, segments[0]!);
  const faults = new FaultSequence(context.scenario.faults, context.site, signal, () => context.instances.abort());
  let struck: Struck = { faults: [], failure: undefined };
  let isGone = false as boolean;
  let results: SegmentResult[];
  let admitted = undefined as AdmissionActed | undefined;
  let lagged = undefined as StalenessActed | undefined;
  let originUs = 0;
  let lineUps: readonly LineUp[] = [];
  try {
    results = await runSegments(
      context,
      segments,
      async () => {
        server.before = await takeSnapshot(target.control);
        if (staleness !== undefined) replicas.before = await takeReplicaSnapshot(target.control);
        pacingCpuMs.before = context.instances.pacingCpuMs ?? 0;
        serverThreads.before = schedulesOf(target);
        machine.before = machineSnapshot();
        context.onMeasuring();
        originUs = nowUs();
        admission?.start(originUs);
        staleness?.start();
      },
      (own) => {
        lineUps = own.map((one) => sinceStart(one, originUs));
        faults.start(own.at(-1)?.passedUs ?? originUs);
      },
      async (isServerLost, own) => {
        context.onMeasured?.();
        if (own !== undefined) lineUps = own.map((one) => sinceStart(one, originUs));
        struck = await faults.stop();
        isGone = isServerLost || struck.faults.some(isFinal);
        if (!isGone) {
          admitted = await admission?.stop();
          lagged = await staleness?.stop();
        }
        machine.after = machineSnapshot();
        pacingCpuMs.after = context.instances.pacingCpuMs ?? 0;
        serverThreads.after = schedulesOf(target);
        server.after = isGone ? server.before : await takeSnapshot(target.control);
        if (lagged !== undefined) replicas.after = await takeReplicaSnapshot(target.control);
      },
    );
  } finally {
    await faults.stop();
    admission?.close();
    staleness?.close();
  }
  const pacedMs = context.instances.pacingCpuMs === null ? null : pacingCpuMs.after - pacingCpuMs.before;
  const { agents } = context.instances;
  const restarted = hasRestarted(server.before, server.after);
  const snapshots = {
    server,
    restarted,
    replicas: lagged === undefined ? null : replicas,
    machine: agents === null ? machine : machineOf(agents, machine, isHere(target)),
    serverThreads,
    pacedMs,
  };
  if (isGone || lostAgents(context) !== undefined) {
    const isEmpty = results.length === 0;
    const partial = isEmpty
      ? undefined
      : resultOf(context, plan, segments[0]!, results, snapshots, NOT_AUDITED, {}, struck, false);
    throw isGone ? lostServer(context, partial, struck) : await withoutAgents(context, partial);
  }
  if (struck.failure !== undefined) throw struck.failure;
  await settle(context, results);
  const record = recordOf(context, plan, results, lineUps, admitted);
  const audit = await auditOf(context, plan, segments[0]!, results, record, {
    serverRestarted: restarted,
    // The first line-up began before the instant that times are counted from, so this is rather too much.
    ...(lineUps[0] === undefined ? {} : { elapsedUs: elapsedSince(originUs + lineUps[0].arrivedUs) }),
  });
  context.onRecord?.(record);
  const isMoved = admission !== undefined || restarted;
  const sharding = isMoved ? null : shardingOf(segments[0]!, record, audit);
  const figures = admitted && (await admissionFigures(context, segments[0]!, admitted, server));
  await teardown(context);
  const complete = !signal.aborted && results.every((result) => !result.aborted);
  const beside = { ...(admitted && figures && { admission: { acted: admitted, figures } }), ...(lagged && { lagged }) };
  const result = resultOf(context, plan, segments[0]!, results, snapshots, audit, beside, struck, complete);
  return { ...result, ...(sharding === null ? {} : { sharding }) };
}

/**
 * Null where the queue is whole, or not everybody's history is known, or users leave and all places change; not to be asked
 * where places change otherwise, by admission or by a server that forgot.
 */
function shardingOf(
  { firstConcert, shards, population, behaviour }: Segment,
  { histories, clocks }: TrialRecord,
  { coverage }: Audit,
): ShardingFigures | null {
  if (shards === 1 || coverage !== "users" || (behaviour?.leavePercent ?? 0) > 0) return null;
  const order = shardedOrder(new Rows(histories, clocks), { firstConcert, shards, waiting: population.waiting });
  return { shards, ...order };
}

/** Only of servers that we have started ourselves are the processes known. */
const schedulesOf = ({ pids }: Target): readonly (ThreadSchedule | null)[] => pids.map(threadSchedule);

/** The server does not come back from it. */
const isFinal = ({ name }: StruckFault): boolean => faultNamed(name).serverIs === "gone";
const isHere = ({ endpoints }: Target): boolean => endpoints.every(isLoopback);

const isLost = (results: readonly SegmentResult[]): boolean => results.some((result) => result.serverLost);
const lostAgents = ({ instances }: TrialContext): ReturnType<typeof lostAmong> => lostAmong(instances.agents ?? []);

/** On concerts of its own, which are gone before the measuring starts. */
async function warmUpTrial(context: TrialContext, plan: TrialPlan): Promise<{ ratePerSec: number }> {
  const passMs = Math.floor(context.scenario.warmupMs / WARM_UP_PASSES);
  let warm = { ratePerSec: 0 };
  for (let pass = 0; pass < WARM_UP_PASSES && passMs > 0 && !context.signal.aborted; pass++) {
    warm = await warmUpPass(context, plan, passMs);
  }
  return warm;
}

async function warmUpPass(context: TrialContext, plan: TrialPlan, passMs: number): Promise<{ ratePerSec: number }> {
  const segments = segmentsOf(context, plan, context.concerts.next, 0).map((segment) => ({
    ...segment,
    seed: deriveSeed(segment.seed, "warm-up"),
    // At one rate: a shape over two seconds would be another load than the same shape over a minute.
    arrivals: segment.arrivals === null ? null : { ...segment.arrivals, arrival: "constant" as const, stages: null },
    durationMs: passMs,
    entries: null,
    historyBytes: segment.historyBytes,
    keepsMoments: false,
  }));
  await prepare(context, segments[0]!);
  const results = await runSegments(context, segments, async () => {});
  if (isLost(results)) throw lostServer(context, undefined);
  if (lostAgents(context) !== undefined) throw await withoutAgents(context, undefined);
  await settle(context, results);
  await teardown(context);
  const { succeeded } = mergeCounts(results);
  const durationMs = Math.max(...results.map((result) => result.durationMs));
  return { ratePerSec: durationMs === 0 ? 0 : (succeeded / durationMs) * 1000 };
}

async function prepare(context: TrialContext, segment: Segment): Promise<void> {
  const { control } = context.target;
  await loadScripts(control, strategyNamed(segment.strategy).scripts);
  if (!Number.isFinite(segment.generations)) return;
  const concerts = Array.from({ length: segment.concerts * segment.generations }, (_, i) =>
    concertKeys(concertIdOf(segment.runId, segment.firstConcert + i)),
  );
  context.concerts.takeUpTo(segment.firstConcert + concerts.length);
  await populate(control, concerts, segment.population, context.signal);
}

async function runSegments(
  context: TrialContext,
  segments: readonly Segment[],
  whenReady: () => Promise<void>,
  whenOpen?: (lineUps: readonly LineUp[]) => void,
  whenEnded?: Parameters<Generators["run"]>[3],
): Promise<SegmentResult[]> {
  const { instances, signal, concerts } = context;
  const abort = (): void => instances.abort();
  signal.addEventListener("abort", abort);
  try {
    const running = instances.run(segments, whenReady, whenOpen, whenEnded);
    if (signal.aborted) abort();
    const results = await running;
    for (const { number } of results.flatMap((result) => result.concerts)) concerts.takeUpTo(number + 1);
    return results;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The server, or an agent, went away for good. */
export class TrialLost extends QbenchError {
  /** What was measured until then; undefined if it was in the warm-up, or nothing is known. Never complete. */
  readonly partial: TrialResult | undefined;
  /** Nothing is left of it, and only an agent is missing: another one may take its place. */
  readonly isRepeatable: boolean;

  constructor(message: string, hint: string, partial: TrialResult | undefined, isRepeatable = false) {
    super("environment", EXIT.environment, message, hint);
    this.partial = partial;
    this.isRepeatable = isRepeatable;
  }
}

/** Whoever is not heard of may have gone on to fresh concerts, and adds to them if it wakes up: nobody else enters those. */
const CONCERTS_OF_LOST = 1_000_000;

/** What to throw where agents were lost; their keys are gone then, like everybody's. */
async function withoutAgents(context: TrialContext, partial: TrialResult | undefined): Promise<TrialLost> {
  const isClean = await teardown(context).then(
    () => true,
    () => false,
  );
  context.concerts.takeUpTo(context.concerts.next + CONCERTS_OF_LOST);
  return new TrialLost(...lostAgents(context)!, partial, isClean);
}

const lostServer = (
  { target, scenario }: TrialContext,
  partial: TrialResult | undefined,
  { faults, failure }: Struck = { faults: [], failure: undefined },
): TrialLost => {
  if (failure !== undefined) return new TrialLost(failure.message, failure.hint ?? "", partial);
  const end = faults.find(isFinal);
  if (end !== undefined) {
    const message = `${target.name} was ended by the fault ${faultText(end)}, as it was planned, and the run with it`;
    return new TrialLost(message, "what was measured until then is kept; --fault restart@… starts it again", partial);
  }
  return new TrialLost(
    `${target.name} went away during a trial and did not come back within five timeouts (${AWAY_TIMEOUTS * scenario.timeoutMs} ms)`,
    "its own log says why; --timeout says how long an entry, and so the run, waits for it",
    partial,
  );
};

/**
 * Commands of entries that were given up may still lie before the server: they are carried out before the audit looks,
 * and before the keys go, or they would make new ones.
 */
async function settle({ target }: TrialContext, results: readonly SegmentResult[]): Promise<void> {
  const leavesInDoubt = results.some(({ concerts }) => concerts.some((one) => one.leavesInDoubt > 0));
  if (mergeCounts(results).inDoubt === 0 && !leavesInDoubt) return;
  let before = await takeSnapshot(target.control);
  for (let poll = 0; poll < SETTLE_POLLS; poll++) {
    await sleep(SETTLE_EVERY_MS);
    const now = await takeSnapshot(target.control);
    const others = Object.keys(commandsBetween(before, now)).filter((name) => !CONTROL_COMMANDS.has(name));
    if (others.length === 0) return;
    before = now;
  }
}

/** Removes the trial's keys and waits until the server has freed them, so that the next trial does not pay for it. */
async function teardown(context: TrialContext): Promise<void> {
  const { target } = context;
  await target.cluster?.repair();
  await target.watched?.repair();
  await refreshPrimaries(target.control);
  await target.removeKeys();
  for (let poll = 0; poll < LAZY_FREE_POLLS; poll++) {
    if (lazyFreePending(await takeSnapshot(target.control)) === 0) return;
    await sleep(5);
  }
}

const elapsedSince = (startUs: number) => (): number => nowUs() - startUs;

/** What threads wrote down, and how their clocks compare; the main thread admits users, by yet another clock. */
function recordOf(
  { scenario, instances }: TrialContext,
  { strategy, round }: TrialPlan,
  results: readonly SegmentResult[],
  ownLineUps: readonly LineUp[],
  admitted: AdmissionActed | undefined,
): TrialRecord {
  const { agents } = instances;
  const threads = results.map(({ index, lineUps }) => ({ instance: index, lineUps }));
  const own = { instance: scenario.instances, lineUps: ownLineUps };
  const ofAdmission = admitted === undefined ? [] : clocksOf([own]);
  return {
    strategy,
    round,
    histories: results.map((result) => History.fromTransfer(result.history)),
    clocks: agents === null ? clocksOf([...threads, own]) : [...agents.flatMap(({ clocks }) => clocks), ...ofAdmission],
    admissions: admitted === undefined ? [] : [{ instance: own.instance, calls: admitted.log }],
  };
}

async function auditOf(
  { scenario, target, runId }: TrialContext,
  { strategy, heldTo = strategy }: TrialPlan,
  { population, score }: Segment,
  results: readonly SegmentResult[],
  { histories, clocks, admissions }: TrialRecord,
  more: Pick<TrialFacts, "serverRestarted" | "elapsedUs">,
): Promise<Audit> {
  if (scenario.audit === "off") return NOT_AUDITED;
  return auditTrial({
    control: target.control,
    runId,
    population,
    concerts: results.flatMap((result) => result.concerts),
    histories: scenario.audit === "full" ? histories : null,
    clocks,
    promises: promisesBeside(scenario, strategyNamed(heldTo).promises(score)),
    ...(admissions.length === 0 ? {} : { admissions }),
    ...more,
  });
}

function resultOf(
  context: TrialContext,
  plan: TrialPlan,
  segment: Segment,
  results: readonly SegmentResult[],
  snapshots: {
    server: Snapshots<Snapshot>;
    restarted: boolean;
    /** Null where positions are not read from them. */
    replicas: Snapshots<Snapshot> | null;
    machine: Snapshots<MachineSnapshot>;
    pacedMs: number | null;
    serverThreads: Snapshots<readonly (ThreadSchedule | null)[]>;
  },
  audit: Audit,
  beside: {
    readonly admission?: { readonly acted: AdmissionActed; readonly figures: AdmissionFigures };
    readonly lagged?: StalenessActed;
  },
  struck: Struck,
  complete: boolean,
): TrialResult {
  const { scenario } = context;
  const strategy = strategyNamed(plan.strategy);
  const entries = mergeCounts(results);
  const durationMs = Math.max(...results.map((result) => result.durationMs));
  const users = scenario.ratePerSec === null ? scenario.vus : scenario.maxInFlight;
  const generator = generatorFigures(results, snapshots.machine, snapshots.server, entries.succeeded, users);
  const parts = mergeParts(strategy, results);
  const addresses = context.target.endpoints.map(addressOf);
  const reading = readingCalls(results);
  const counted = serverFigures(
    snapshots.server,
    entries,
    strategy,
    segment.score,
    isHere(context.target) ? snapshots.machine : null,
    {
      ...beside.admission?.acted.commands,
      ...beside.lagged?.commands,
      ...innerCallsOf(parts, segment.score),
      "positions read": reading.primaries,
    },
    addresses,
  );
  const replicas =
    snapshots.replicas === null ? null : replicaFigures(snapshots.replicas, counted.stolenShare, addresses);
  // Where strategies are mixed the driver knows what it sent, and the server can only check the sum; a server that restarts
  // forgets its counters, and one that refuses commands does not count them.
  const sent = entryCalls(generator.commands) - reading.all;
  const { restarted } = snapshots;
  const isDisturbed = struck.faults.length > 0;
  // What somebody else's script calls inside the server cannot be told from what was sent beside it.
  const isCheckable = !isDisturbed && (strategy.isForeign === undefined || parts.length === 0);
  const disturbed = faultFigures(results, struck.faults, scenario.durationMs);
  const server =
    parts.length === 0 && !isDisturbed && !restarted
      ? counted
      : { ...counted, callsSent: sent, callsPerEntry: perEntry(sent, entries.attempted) };
  const latency = {
    entry: mergeHistograms(results.map((result) => result.entry)),
    service: mergeHistograms(results.map((result) => result.service)),
    poolWait: mergeHistograms(results.map((result) => result.poolWait)),
    failed: mergeHistograms(results.map((result) => result.failed)),
    ...openLatencies(results),
    ...pollLatency(results),
  };
  const planMs = scenario.entries === null ? scenario.durationMs : null;
  const pacing = pacingFigures(results, latency.startLag, planMs, snapshots.pacedMs);
  const wallMs = snapshots.machine.after.atMs - snapshots.machine.before.atMs;
  const network = networkFigures(scenario, results, snapshots.pacedMs, wallMs);
  const inProgress = inProgressOf(results, perEntry(latency.entry.sumUs + latency.failed.sumUs, durationMs * 1000));
  // By one that was there before, not by a process that knows nothing.
  const isReplaced =
    context.target.kind === "cluster" ||
    results.some(({ events }) => events.some(({ kind }) => kind === "primary-replaced"));
  const mean = (histogram: { sumUs: number }): number => perEntry(histogram.sumUs, entries.succeeded);
  const threadBusy = generator.threads.map((thread) => thread.cpuUtilization);
  const agents = context.instances.agents === null ? [] : agentFigures(context.instances.agents, results);
  const limiter = findLimiter({
    serverBusy: server.cpuUtilization,
    threadBusy: threadBusy.includes(null) ? null : Math.max(...(threadBusy as number[])),
    coreWait: coreWaitShare(results),
    serverCoreWait: restarted ? null : coreWaitOfServers(snapshots.serverThreads, wallMs),
    eventLoopBusy: generator.eventLoopUtilization,
    loopLagMs: generator.loopLagMs.p99,
    gcShare: generator.gcMs / (wallMs * results.length),
    connections: scenario.connections,
    poolConnections: scenario.pool * scenario.instances * Math.max(1, snapshots.server.before.size),
    vus: users,
    entriesPerSec: (entries.succeeded / durationMs) * 1000,
    meanEntryUs: mean(latency.entry),
    meanServiceUs: mean(latency.service),
    meanPoolWaitUs: mean(latency.poolWait),
    pause: pauseOf(scenario),
    offeredPerSec:
      scenario.ratePerSec === null
        ? null
        : (entries.attempted + entries.dropped) / (offeredForMs(planMs, durationMs) / 1000),
    countedInProgress: inProgress.samples < FEWEST_SAMPLES ? null : inProgress.counted,
  });
  return {
    strategy: plan.strategy,
    round: plan.round,
    order: plan.order,
    seed: plan.seed,
    complete,
    ...(restarted ? { serverRestarted: true } : {}),
    durationMs,
    entries,
    failures: mergeTallies(results.map((result) => result.failures)),
    latency,
    ...timelineOf(results),
    events: storyOf(
      results.map((result) => result.events),
      restarted && !isReplaced,
      durationMs,
      struck.faults,
    ),
    ...disturbed,
    server: replicas === null ? server : { ...server, replicas },
    generator,
    ...(pacing === null ? {} : { pacing }),
    ...(network === null ? {} : { network }),
    ...(segment.behaviour === null ? {} : { users: mergeUsers(results) }),
    waitingSet: waitingSetOf(segment, results, newUsersLimit(scenario)),
    ...(beside.admission === undefined ? {} : { admission: beside.admission.figures }),
    ...(beside.lagged === undefined ? {} : { staleness: stalenessFigures(beside.lagged) }),
    ...(parts.length === 0 ? {} : { parts }),
    ...(agents.length === 0 ? {} : { agents }),
    roundTripsPerEntry: perEntry(
      results.reduce((sum, result) => sum + result.roundTrips, 0),
      entries.succeeded,
    ),
    socketWritesPerEntry: perEntry(generator.socketWrites, entries.attempted),
    inProgress,
    limiter: limiter.limiter,
    limiterEvidence: limiter.evidence,
    audit,
    warnings: [
      ...(isLost(results)
        ? []
        : warningsOf(
            entries,
            { ours: perEntry(sent, entries.attempted), theirs: isCheckable ? counted.callsPerEntry : null },
            snapshots,
            isReplaced,
          )),
      ...(pacing === null ? [] : pacingWarnings(pacing)),
      ...(network === null ? [] : networkWarnings(network)),
      ...faultWarnings(disturbed, scenario.durationMs),
      ...(beside.admission?.acted.warnings ?? []),
      ...(replicas === null || isDisturbed ? [] : replicaWarnings(replicas, sentToReplicas(results))),
      ...hotConcertWarnings(context, segment, results),
      ...agentWarnings(agents),
      // Leaving and reading are no entries, but are in progress too.
      ...((segment.behaviour?.leavePercent ?? 0) > 0 || reading.all > 0 ? [] : littlesLawWarnings(inProgress)),
    ],
  };
}

/** `timelineWidthSec` is told where it is not one second. */
function timelineOf(results: readonly SegmentResult[]): Pick<TrialResult, "timeline" | "timelineWidthSec"> {
  const { timeline, widthSec } = mergeTimelines(results.map((result) => result.seconds));
  return widthSec === 1 ? { timeline } : { timeline, timelineWidthSec: widthSec };
}

/** Calls inside the scripts of mixed strategies, by part. */
const innerCallsOf = (parts: readonly PartResult[], score: Score): Record<string, number> =>
  Object.fromEntries(
    parts.map(({ strategy, entries }) => [`inside ${strategy}`, innerCalls(strategyNamed(strategy), score, entries)]),
  );

/** Kept in the open model only: from the planned start to the outcome, and how late entries started. */
function openLatencies(results: readonly SegmentResult[]): Pick<TrialResult["latency"], "response" | "startLag"> {
  const response = results.flatMap((result) => result.response ?? []);
  const startLag = results.flatMap((result) => result.startLag ?? []);
  if (response.length === 0) return {};
  return { response: mergeHistograms(response), startLag: mergeHistograms(startLag) };
}

function pollLatency(results: readonly SegmentResult[]): Pick<TrialResult["latency"], "poll"> {
  const poll = results.flatMap((result) => result.poll ?? []);
  return poll.length === 0 ? {} : { poll: mergeHistograms(poll) };
}

/** One hot concert stays where it is; a fresh one after so many new users lies where its own id says. */
function hotConcertWarnings(
  { target, scenario }: TrialContext,
  { concerts }: Segment,
  results: readonly SegmentResult[],
): Warning[] {
  const entered = new Set(results.flatMap((result) => result.concerts.map(({ number }) => number))).size;
  if (target.kind !== "cluster" || entered <= concerts || concerts >= MANY_CONCERTS) return [];
  const message =
    `after every ${scenario.maxWaiting} new users entries went on to a fresh concert, ${entered} in all, and each lies on a ` +
    "primary of its own: a higher --max-waiting keeps a hot concert where it is";
  return [{ code: "hot-concert-moved", message }];
}

/** Of so many some lie on every primary anyway. */
const MANY_CONCERTS = 12;

/** Why users in the closed model are idle, in words; null if they never are. */
function pauseOf({ thinkTimeMs, pollEvery }: Scenario): string | null {
  if (thinkTimeMs > 0) return `users think for ${thinkTimeMs} ms`;
  return pollEvery === null ? null : "users wait before they poll again";
}

/** Fewer samples than this say nothing. */
const FEWEST_SAMPLES = 50;
/** Apart by more than this share, and by more than one entry, rate, latency and count cannot all be right. */
const LITTLE_APART = 0.25;

function inProgressOf(results: readonly SegmentResult[], expected: number): TrialResult["inProgress"] {
  return {
    expected,
    counted: results.reduce((sum, result) => sum + result.inProgress.mean, 0),
    samples: Math.min(...results.map((result) => result.inProgress.samples)),
  };
}

function littlesLawWarnings({ expected, counted, samples }: TrialResult["inProgress"]): Warning[] {
  const apart = Math.abs(expected - counted);
  if (samples < FEWEST_SAMPLES || apart <= 1 || apart <= LITTLE_APART * Math.max(expected, counted)) return [];
  return [
    {
      code: "littles-law",
      message:
        `by rate × latency ${expected.toFixed(1)} entries were in progress, by counting ${counted.toFixed(1)}: ` +
        "what was measured does not hold together",
    },
  ];
}

/** Of the server that waited most. */
function coreWaitOfServers(
  { before, after }: Snapshots<readonly (ThreadSchedule | null)[]>,
  wallMs: number,
): number | null {
  const waits = after.flatMap((now, index) => {
    const then = before[index];
    return now === null || !then ? [] : [(now.coreWaitMs - then.coreWaitMs) / wallMs];
  });
  return waits.length === 0 ? null : Math.max(...waits);
}

function coreWaitShare(results: readonly SegmentResult[]): number | null {
  const shares = results.map(({ health }) => (health.coreWaitMs === null ? null : health.coreWaitMs / health.wallMs));
  return shares.includes(null) ? null : Math.max(...(shares as number[]));
}

function waitingSetOf(segment: Segment, results: readonly SegmentResult[], limit: number): TrialResult["waitingSet"] {
  const newUsers = new Map<number, number>();
  for (const { number, answers, left } of results.flatMap((result) => result.concerts)) {
    newUsers.set(number, (newUsers.get(number) ?? 0) + answers.NEW - left);
  }
  const atStart = segment.population.waiting;
  const grown = [...newUsers.values()];
  const joined = grown.reduce((sum, users) => sum + users, 0);
  // The k-th new user of a concert meets k - 1 others: on the mean, half of those who came in all.
  const met = grown.reduce((sum, users) => sum + (users * users) / 2, 0);
  return {
    atStart,
    atEnd: atStart + Math.max(0, ...grown),
    mean: Math.max(0, atStart + (joined === 0 ? 0 : met / joined)),
    limit,
    concerts: newUsers.size,
  };
}

function whatChanged(primaries: number, isReplaced: boolean): string {
  if (primaries > 1) return "a primary of the cluster was replaced";
  return isReplaced ? "the primary was replaced by one of its replicas" : "the server restarted";
}

function warningsOf(
  entries: TrialResult["entries"],
  /** Of an entry, as the generator and as the server counted; null: it was disturbed. */
  calls: { readonly ours: number; readonly theirs: number | null },
  { server, restarted }: { readonly server: Snapshots<Snapshot>; readonly restarted: boolean },
  /** By another server, which was there before. */
  isReplaced: boolean,
): Warning[] {
  const warnings: Warning[] = [];
  if (restarted) {
    warnings.push({
      code: "server-restarted",
      message: `${whatChanged(server.before.size, isReplaced)} during the trial: the server's own counters say nothing about it`,
    });
  } else if (
    calls.theirs !== null &&
    entries.attempted > 0 &&
    Math.abs(calls.ours - calls.theirs) > CALLS_APART * calls.theirs
  ) {
    warnings.push({
      code: "counters-disagree",
      message:
        `the server counted ${calls.theirs.toFixed(3)} calls an entry and the generator sent ` +
        `${calls.ours.toFixed(3)}: is another client using this server?`,
    });
  }
  return warnings;
}

/** Counts that are further apart are not of the same calls. */
const CALLS_APART = 0.005;

function replicaWarnings(replicas: readonly ReplicaFigures[], sent: number): Warning[] {
  const told = replicas.reduce((sum, { reads }) => sum + reads, 0);
  if (Math.abs(told - sent) <= CALLS_APART * sent) return [];
  const message =
    `replicas counted ${told} positions that were read, and the generator asked them for ${sent}: is another client ` +
    "reading from them, or did one restart?";
  return [{ code: "counters-disagree", message }];
}
