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
import { environmentError, throwIfAborted } from "../base/errors.js";
import { deriveSeed } from "../base/prng.js";
import type { FaultSite } from "../faults/fault.js";
import { faultNamed } from "../faults/index.js";
import type { TrialPlan } from "../plan/plan.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import { loadScripts, refreshPrimaries } from "../targets/primaries.js";
import { commandsBetween, hasRestarted, lazyFreePending, takeSnapshot } from "../targets/server-snapshot.js";
import type { Target } from "../targets/target.js";
import { isHere } from "../targets/url.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import { admissionFigures, openAdmission, promisesBeside } from "./admission.js";
import { lostAgents, machineOf } from "./agent-figures.js";
import { evaluateTrial } from "./evaluate.js";
import { FaultSequence, type Struck } from "./faults.js";
import { CONTROL_COMMANDS } from "./figures.js";
import type { Generators } from "./generators.js";
import { mergeCounts } from "./merge.js";
import { populate } from "./population.js";
import { segmentsOf } from "./segments.js";
import { openStaleness } from "./staleness.js";
import { isFinal, isServerLost, lostServer, saysServerGone, TrialLost } from "./trial-lost.js";
import { between, type Reading, readHere, readServers } from "./trial-readings.js";
import type { Audit, ShardingFigures, TrialResult } from "./trial-result.js";

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

/** @throws TrialLost where the server, or an agent, went away for good, at whatever point of the trial */
export async function runTrial(context: TrialContext, plan: TrialPlan): Promise<TrialResult> {
  const kept: Kept = { partial: () => undefined };
  try {
    return await measuredTrial(context, plan, kept);
  } catch (error) {
    throw saysServerGone(error) ? lostServer(context, kept.partial()) : error;
  }
}

/** What there is to keep if the trial ends here. */
interface Kept {
  partial: () => TrialResult | undefined;
}

async function measuredTrial(context: TrialContext, plan: TrialPlan, kept: Kept): Promise<TrialResult> {
  const { target, signal, instances } = context;
  const warmUp = await warmUpTrial(context, plan);
  throwIfAborted(signal);
  const segments = segmentsOf(context, plan, context.concerts.next, warmUp.ratePerSec);
  await prepare(context, segments[0]!);
  throwIfAborted(signal);
  const taken = {} as { before: Reading; after: Reading };
  const admission = await openAdmission(context, segments[0]!);
  const staleness = await openStaleness(context, segments[0]!).catch((error: unknown) => {
    admission?.close();
    throw error;
  });
  const faults = new FaultSequence(context.scenario.faults, context.site, signal, () => instances.abort());
  let struck: Struck = { faults: [], failure: undefined };
  let isGone = false as boolean;
  let results: SegmentResult[];
  let admitted = undefined as AdmissionActed | undefined;
  let lagged = undefined as StalenessActed | undefined;
  let originUs = 0;
  let lineUps: readonly LineUp[] = [];
  let openedUs = 0;
  try {
    results = await runSegments(
      context,
      segments,
      async () => {
        const servers = await readServers(target, staleness !== undefined);
        taken.before = { ...servers, ...readHere(target, instances) };
        context.onMeasuring();
        originUs = nowUs();
        admission?.start(originUs);
        staleness?.start();
      },
      (own) => {
        lineUps = own.map((one) => sinceStart(one, originUs));
        openedUs = lineUps.at(-1)?.passedUs ?? 0;
        faults.start(originUs + openedUs);
      },
      async (isServerLost, own) => {
        context.onMeasured?.();
        if (own !== undefined) lineUps = own.map((one) => sinceStart(one, originUs));
        struck = await faults.stop();
        isGone = isServerLost || struck.faults.some(isFinal);
        if (!isGone) {
          admitted = await admission?.stop();
          lagged = await staleness?.stop();
          await refreshPrimaries(target.control);
        }
        taken.after = { server: taken.before.server, replicas: null, ...readHere(target, instances) };
        if (isGone) return;
        try {
          taken.after = { ...taken.after, ...(await readServers(target, lagged !== undefined)) };
        } catch (error) {
          // It went away so late that the entries were over before it had been waited for.
          if (!saysServerGone(error)) throw error;
          isGone = true;
        }
      },
    );
  } finally {
    await faults.stop();
    admission?.close();
    staleness?.close();
  }
  const { agents } = instances;
  const readings = between(taken.before, taken.after);
  const restarted = hasRestarted(taken.before.server, taken.after.server);
  const lost = lostAgents(agents ?? []);
  const snapshots = {
    ...readings,
    restarted,
    isCutShort: isGone || lost !== undefined,
    machine: agents === null ? readings.machine : machineOf(agents, readings.machine, isHere(target)),
  };
  const told = { segment: segments[0]!, results, snapshots, struck };
  let audit: Audit = NOT_AUDITED;
  kept.partial = () =>
    results.length === 0 ? undefined : evaluateTrial(context, plan, { ...told, audit, beside: {}, complete: false });
  if (isGone) throw lostServer(context, kept.partial(), struck);
  if (lost !== undefined) throw await withoutAgents(context, lost, kept.partial());
  if (struck.failure !== undefined) throw struck.failure;
  await settle(context, results);
  const record = recordOf(context, plan, results, lineUps, admitted);
  audit = await auditOf(context, plan, segments[0]!, results, record, {
    serverRestarted: restarted,
    ...forgettingsOf(context, struck, openedUs),
    // The first line-up began before the instant that times are counted from, so this is rather too much.
    ...(lineUps[0] === undefined ? {} : { elapsedUs: elapsedSince(originUs + lineUps[0].arrivedUs) }),
  });
  context.onRecord?.(record);
  const isMoved = admission !== undefined || restarted;
  const sharding = isMoved ? null : shardingOf(segments[0]!, record, audit);
  const figures = admitted && (await admissionFigures(context, segments[0]!, admitted, readings.server));
  await teardown(context);
  const complete = !signal.aborted && results.every((result) => !result.aborted);
  const beside = { ...(admitted && figures && { admission: { acted: admitted, figures } }), ...(lagged && { lagged }) };
  const result = evaluateTrial(context, plan, { ...told, audit, beside, complete });
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
  if (isServerLost(results)) throw lostServer(context, undefined);
  const lost = lostAgents(context.instances.agents ?? []);
  if (lost !== undefined) throw await withoutAgents(context, lost, undefined);
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

/** Whoever is not heard of may have gone on to fresh concerts, and adds to them if it wakes up: nobody else enters those. */
const CONCERTS_OF_LOST = 1_000_000;

/** What to throw where agents were lost; their keys are gone then, like everybody's. */
async function withoutAgents(
  context: TrialContext,
  lost: NonNullable<ReturnType<typeof lostAgents>>,
  partial: TrialResult | undefined,
): Promise<TrialLost> {
  const isClean = await teardown(context).then(
    () => true,
    () => false,
  );
  context.concerts.takeUpTo(context.concerts.next + CONCERTS_OF_LOST);
  return new TrialLost(environmentError(...lost), partial, isClean);
}

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

/** By the faults that make a server forget; where there was none, nobody knows when it restarted. `startUs`: theirs. */
function forgettingsOf(
  { scenario }: TrialContext,
  { faults }: Struck,
  startUs: number,
): Pick<TrialFacts, "forgettings"> {
  const spans = faults.flatMap(({ name, beganMs, endedMs }) => {
    const { forgets } = faultNamed(name);
    const untilUs = forgets === "meanwhile" ? startUs + endedMs * 1000 : Number.POSITIVE_INFINITY;
    return forgets === undefined ? [] : [{ fromUs: startUs + beganMs * 1000, untilUs }];
  });
  return spans.length === 0 ? {} : { forgettings: { instance: scenario.instances, spans } };
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
  more: Pick<TrialFacts, "serverRestarted" | "forgettings" | "elapsedUs">,
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
