import type { AdmissionActed } from "../actors/admission.js";
import type { StalenessActed } from "../actors/staleness.js";
import { findLimiter } from "../measure/limiter.js";
import type { ThreadSchedule } from "../measure/thread-health.js";
import { mergeTimelines } from "../measure/timeline.js";
import type { TrialPlan } from "../plan/plan.js";
import type { Score } from "../queue/outcome.js";
import type { Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import { addressOf, isHere } from "../targets/url.js";
import type { Segment, SegmentResult } from "../worker/segment.js";
import { agentFigures, agentWarnings } from "./agent-figures.js";
import { storyOf } from "./events.js";
import { faultFigures, faultWarnings } from "./fault-figures.js";
import type { Struck } from "./faults.js";
import {
  begun,
  callsInDoubt,
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
import { examplesOf, mergeCounts, mergeHistograms, mergeParts, mergeTallies, mergeUsers } from "./merge.js";
import { networkFigures, networkWarnings } from "./network.js";
import { offeredForMs } from "./offered.js";
import { pacingFigures, pacingWarnings, planOfArrivalsMs } from "./pacing.js";
import { newUsersLimit } from "./segments.js";
import { stalenessFigures } from "./staleness.js";
import type { TrialContext } from "./trial.js";
import { isServerLost } from "./trial-lost.js";
import type { TrialReadings } from "./trial-readings.js";
import type { AdmissionFigures, Audit, PartResult, ServerFigures, TrialResult } from "./trial-result.js";
import {
  counterWarnings,
  FEWEST_SAMPLES,
  hotConcertWarnings,
  littlesLawWarnings,
  readingWarnings,
  replicaWarnings,
} from "./trial-warnings.js";

/** From what threads, servers and the machine say of a trial to its figures. Pure. */

/** What was read right before the barrier opened and right after the last entry ended. */
export interface TrialSnapshots extends TrialReadings {
  /** The server was another process at the end. */
  readonly restarted: boolean;
  /** The server was gone, or an agent: what the one counted is not what the other sent. */
  readonly isCutShort: boolean;
}

/** All that is known of a trial when it is over. */
interface Told {
  /** Of the first instance; of what is said here, the others differ in nothing. */
  readonly segment: Segment;
  readonly results: readonly SegmentResult[];
  readonly snapshots: TrialSnapshots;
  readonly audit: Audit;
  /** What acted beside the entries. */
  readonly beside: {
    readonly admission?: { readonly acted: AdmissionActed; readonly figures: AdmissionFigures };
    readonly lagged?: StalenessActed;
  };
  readonly struck: Struck;
  readonly complete: boolean;
}

export function evaluateTrial(
  context: TrialContext,
  plan: TrialPlan,
  { segment, results, snapshots, audit, beside, struck, complete }: Told,
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
  const counted = serverFigures(snapshots.server, {
    entries,
    strategy,
    score: segment.score,
    machine: isHere(context.target) ? snapshots.machine : null,
    loadMs: durationMs,
    beside: {
      ...beside.admission?.acted.commands,
      ...beside.lagged?.commands,
      ...innerCallsOf(parts, segment.score),
      "positions read": reading.primaries,
    },
    addresses,
  });
  const replicas =
    snapshots.replicas === null ? null : replicaFigures(snapshots.replicas, durationMs, counted.stolenShare, addresses);
  // Where strategies are mixed the driver knows what it sent, and the server can only check the sum; a server that restarts
  // forgets its counters, one that refuses commands does not count them, and what became of an entry that failed it cannot tell.
  const sent = entryCalls(generator.commands) - reading.all;
  const inDoubt = callsInDoubt(strategy, segment.score, entries, mergeUsers(results).readsFailed);
  const { restarted, isCutShort } = snapshots;
  const isDisturbed = struck.faults.length > 0;
  // What somebody else's script calls inside the server cannot be told from what was sent beside it.
  const isCheckable = !isDisturbed && !isCutShort && (strategy.isForeign === undefined || parts.length === 0);
  const disturbed = faultFigures(results, struck.faults, scenario.durationMs);
  const server: ServerFigures =
    parts.length === 0 && inDoubt === 0 && !isDisturbed && !restarted && !isCutShort
      ? counted
      : { ...counted, callsSent: sent, callsPerEntry: perEntry(sent, begun(entries)), callsCountedBy: "generator" };
  const latency = {
    entry: mergeHistograms(results.map((result) => result.entry)),
    service: mergeHistograms(results.map((result) => result.service)),
    poolWait: mergeHistograms(results.map((result) => result.poolWait)),
    failed: mergeHistograms(results.map((result) => result.failed)),
    ...openLatencies(results),
    ...pollLatency(results),
  };
  const planMs = planOfArrivalsMs(results, scenario.entries === null ? scenario.durationMs : null);
  const wallMs = snapshots.machine.after.atMs - snapshots.machine.before.atMs;
  const pacing = pacingFigures(results, latency.startLag, planMs, snapshots.pacedMs, wallMs);
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
    serverCoreWait: restarted ? null : coreWaitOfServers(snapshots.serverThreads, durationMs),
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
      planMs === null ? null : (entries.attempted + entries.dropped) / (offeredForMs(planMs, durationMs) / 1000),
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
    ...examplesOf(results),
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
    socketWritesPerEntry: perEntry(generator.socketWrites, begun(entries)),
    inProgress,
    limiter: limiter.limiter,
    limiterEvidence: limiter.evidence,
    audit,
    warnings: [
      ...(isServerLost(results)
        ? []
        : counterWarnings(
            begun(entries),
            { sent, counted: isCheckable ? counted.callsSent : null, inDoubt },
            snapshots,
            isReplaced,
          )),
      ...(pacing === null ? [] : pacingWarnings(pacing)),
      ...(network === null ? [] : networkWarnings(network)),
      ...faultWarnings(disturbed, scenario.durationMs),
      ...(beside.admission?.acted.warnings ?? []),
      ...(replicas === null || isDisturbed ? [] : replicaWarnings(replicas, sentToReplicas(results))),
      ...readingWarnings(context.scenario, results),
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

/** Why users in the closed model are idle, in words; null if they never are. */
function pauseOf({ thinkTimeMs, pollEvery }: Scenario): string | null {
  if (thinkTimeMs > 0) return `users think for ${thinkTimeMs} ms`;
  return pollEvery === null ? null : "users wait before they poll again";
}

function inProgressOf(results: readonly SegmentResult[], expected: number): TrialResult["inProgress"] {
  return {
    expected,
    counted: results.reduce((sum, result) => sum + result.inProgress.mean, 0),
    samples: Math.min(...results.map((result) => result.inProgress.samples)),
  };
}

/** Of the server that waited most. */
function coreWaitOfServers(
  { before, after }: Snapshots<readonly (ThreadSchedule | null)[]>,
  loadMs: number,
): number | null {
  const waits = after.flatMap((now, index) => {
    const then = before[index];
    return now === null || !then ? [] : [(now.coreWaitMs - then.coreWaitMs) / loadMs];
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
