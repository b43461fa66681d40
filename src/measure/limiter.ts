export type Limiter = "server" | "generator" | "pool" | "network" | "offered-load" | "unclear";

/** The evidence that a limiter is named from; all shares 0 … 1. */
export interface LimiterEvidence {
  /** Redis main thread: CPU / (wall − steal); null where the server does not tell. */
  readonly serverBusy: number | null;
  /** The busiest measuring thread: its CPU / (wall − steal), null where the system does not tell. */
  readonly threadBusy: number | null;
  /** Share of the time in which a measuring thread, on average, could have run but another had the core; null if unknown. */
  readonly coreWait: number | null;
  /** The same of Redis' main thread, where its process is known. */
  readonly serverCoreWait: number | null;
  /** The busiest thread's event loop. */
  readonly eventLoopBusy: number;
  /** By how much a timer of the latest thread was late, at the 99th percentile. */
  readonly loopLagMs: number;
  /** Share of the time in which the threads stood still for garbage collection. */
  readonly gcShare: number;
  readonly connections: "exclusive" | "shared";
  /** Connections of all instances. */
  readonly poolConnections: number;
  /** Entries that can be in progress at once. */
  readonly vus: number;
  readonly entriesPerSec: number;
  readonly meanEntryUs: number;
  readonly meanServiceUs: number;
  readonly meanPoolWaitUs: number;
  /** Why users are idle between entries, in words; null if they are not. */
  readonly pause: string | null;
  /** Offered rate of the open model; null in the closed one. */
  readonly offeredPerSec: number | null;
  /** Entries in progress, counted now and then; null where they were counted too seldom. */
  readonly countedInProgress: number | null;
}

/**
 * Thresholds, stated in the report with each verdict. A thread at 90 % is taken for the limit: the rest is lost to the
 * scheduler and to waiting for the next packet.
 */
export const THRESHOLDS = {
  serverBusy: 0.9,
  threadBusy: 0.9,
  eventLoopBusy: 0.95,
  /** Share of the connections that are in use, on average, above which an exclusive pool is exhausted. */
  poolInUse: 0.95,
  /** Below this share of a core, a thread is not a candidate. */
  idle: 0.6,
  /** Waiting for a core by more than this, a thread has been robbed: nothing that looks idle is. */
  coreWait: 0.15,
  /** Achieved / offered rate from which on the offer itself is the limit. */
  offered: 0.99,
} as const;

/** What kept the trial from being faster, and the figures that say so. */
export function findLimiter(evidence: LimiterEvidence): { limiter: Limiter; evidence: string[] } {
  const { serverBusy, threadBusy, eventLoopBusy, poolConnections, meanServiceUs, meanEntryUs } = evidence;
  const inService = (evidence.entriesPerSec * meanServiceUs) / 1e6;
  const inProgress = (evidence.entriesPerSec * meanEntryUs) / 1e6;
  const poolInUse = evidence.connections === "exclusive" ? inService / poolConnections : 0;
  const isServerBusy = serverBusy !== null && serverBusy >= THRESHOLDS.serverBusy;
  const isThreadBusy =
    (threadBusy !== null && threadBusy >= THRESHOLDS.threadBusy) || eventLoopBusy >= THRESHOLDS.eventLoopBusy;
  const counted =
    evidence.countedInProgress === null
      ? ""
      : ` by rate × latency, ${evidence.countedInProgress.toFixed(1)} by counting`;
  const said = [
    serverBusy === null
      ? "the server does not tell its main thread's CPU"
      : `Redis main thread ${percent(serverBusy)} busy (limit from ${percent(THRESHOLDS.serverBusy)})`,
    threadBusy === null
      ? `event loop ${percent(eventLoopBusy)} busy (limit from ${percent(THRESHOLDS.eventLoopBusy)})`
      : `busiest generator thread ${percent(threadBusy)} of a core (limit from ${percent(THRESHOLDS.threadBusy)}), event loop ${percent(eventLoopBusy)}`,
    `event loop late by ${evidence.loopLagMs.toFixed(1)} ms (p99), ${percent(evidence.gcShare)} of the time spent on garbage collection`,
    `Little's law: ${inProgress.toFixed(1)} entries in progress of ${evidence.vus}${counted}, ${inService.toFixed(1)} of them on ${poolConnections} connections`,
  ];
  if (evidence.offeredPerSec !== null && evidence.entriesPerSec >= THRESHOLDS.offered * evidence.offeredPerSec) {
    return { limiter: "offered-load", evidence: said };
  }
  if (isServerBusy && !isThreadBusy) return { limiter: "server", evidence: said };
  if (isThreadBusy && !isServerBusy) return { limiter: "generator", evidence: said };
  if (isServerBusy && isThreadBusy) {
    return { limiter: "unclear", evidence: [...said, "candidates: server, generator (both busy)"] };
  }
  const robbed = [
    { who: "the generator", share: evidence.coreWait },
    { who: "Redis", share: evidence.serverCoreWait },
  ].flatMap(({ who, share }) => (share === null ? [] : [{ who, share }]));
  if (robbed.some(({ share }) => share >= THRESHOLDS.coreWait)) {
    const waits = robbed.map(({ who, share }) => `${who} waited for a core ${percent(share)} of the time`).join(", ");
    return { limiter: "unclear", evidence: [...said, `candidates: too few free cores (${waits})`] };
  }
  const isIdle = (serverBusy ?? 1) < THRESHOLDS.idle && (threadBusy ?? eventLoopBusy) < THRESHOLDS.idle;
  if (isIdle && evidence.pause !== null && inProgress < 0.5 * evidence.vus) {
    return { limiter: "offered-load", evidence: [...said, evidence.pause] };
  }
  if (poolInUse >= THRESHOLDS.poolInUse && evidence.meanPoolWaitUs > meanServiceUs && isIdle) {
    return { limiter: "pool", evidence: [...said, `${percent(poolInUse)} of the connections in use, others wait`] };
  }
  if (isIdle && inProgress >= 0.9 * evidence.vus) return { limiter: "network", evidence: said };
  return { limiter: "unclear", evidence: [...said, `candidates: ${candidates(evidence, poolInUse).join(", ")}`] };
}

/** Whatever comes near its limit, the nearest first. */
function candidates(evidence: LimiterEvidence, poolInUse: number): string[] {
  const shares: [Limiter, number][] = [
    ["server", evidence.serverBusy ?? 0],
    ["generator", evidence.threadBusy ?? evidence.eventLoopBusy],
    ["pool", evidence.meanPoolWaitUs > evidence.meanServiceUs ? poolInUse : 0],
  ];
  return shares
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} (${percent(share)})`);
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
