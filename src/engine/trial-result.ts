import type { Audit } from "../audit/audit.js";
import type { ShardedOrder } from "../audit/shards.js";
import type { Warning } from "../base/warning.js";
import type { Availability } from "../measure/availability.js";
import type { HistogramCounts } from "../measure/histogram.js";
import type { Limiter } from "../measure/limiter.js";
import type { TimelineSecond } from "../measure/timeline.js";
import type { CommandCount } from "../targets/server-snapshot.js";
import type { EventKind } from "../worker/event-log.js";
import type { StruckFault } from "./faults.js";

export interface EntryCounts {
  readonly attempted: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failed entries of which nobody can say whether the server carried them out. */
  readonly inDoubt: number;
  /** Failed entries that never got a connection. */
  readonly unsent: number;
  /** Arrivals of the open model that found `maxInFlight` entries in flight. */
  readonly dropped: number;
  readonly new: number;
  readonly waiting: number;
  readonly active: number;
}

/**
 * How the entries of a trial whose users do more than enter once came about: `entries.attempted` = arrivals + polls +
 * repeats + returns. Leaving is no entry, nor is reading one's position.
 */
export interface UserFigures {
  readonly arrivals: number;
  /** Entries by users who had their answer and ask again. */
  readonly polls: number;
  /** Second clicks, further tabs, reloads: beside another entry of the same user, maybe. */
  readonly repeats: number;
  /** Entries by users who had left. */
  readonly returns: number;
  readonly leaves: number;
  readonly leavesFailed: number;
  /** Positions that were read without entering. */
  readonly reads: number;
  readonly readsFailed: number;
  /** Of `reads`: he stood nowhere. */
  readonly readsNowhere: number;
}

/** How far behind replicas were whom positions were read from; see actors/staleness.ts. */
export interface StalenessFigures {
  /** That were asked: those of the primary which holds the first concert. */
  readonly replicas: number;
  /** From one look to the next, on the mean; so much may be missing in each figure. */
  readonly everyUs: number;
  readonly reads: number;
  /** Of them, those that lacked something acknowledged. */
  readonly staleReads: number;
  readonly failed: number;
  /** How long ago the oldest write that was lacking had been acknowledged; 0 where none was. */
  readonly behind: {
    readonly unit: "us";
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
}

/** How closely an added round trip followed what was asked for. */
export interface NetworkFigures {
  readonly rttMs: number;
  readonly jitterMs: number;
  /** By how much what a socket had received was held back. */
  readonly added: {
    readonly unit: "us";
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /** Of the thread that wakes the others, which is in no other figure of a thread; null where it is not known. */
  readonly cpuUtilization: number | null;
}

/** How closely the arrivals of the open model followed their plan. */
export interface PacingFigures {
  /** Arrivals that were due, and those of them that started. */
  readonly planned: number;
  readonly started: number;
  readonly plannedPerSec: number;
  readonly achievedPerSec: number;
  /** Planned → started, of all entries. */
  readonly startLag: { readonly unit: "us"; readonly p50: number | null; readonly p99: number | null };
  /** Of the thread that paces, which is in no other figure of a thread; null where there is none. */
  readonly cpuUtilization: number | null;
}

/** Something that happened during a trial, and when. */
export interface TrialEvent {
  readonly atMs: number;
  readonly kind: EventKind | "fault";
  readonly message: string;
  /** How often at that moment: connections lost, entries that met NOSCRIPT. */
  readonly count: number;
  readonly lastedMs?: number;
}

/** What the server itself says about the trial: differences of INFO between its start and its end. */
export interface ServerFigures {
  /** By lower-case name; a script's inner calls and control commands included, as the server counts them. */
  readonly commands: Readonly<Record<string, CommandCount>>;
  /** Commands the server was sent, a script being one. */
  readonly callsSent: number;
  /** Of an entry that got a connection. */
  readonly callsPerEntry: number;
  /**
   * Whose count these two are: the server's `commands`, less control traffic and the scripts' declared inner calls; or, where
   * those cannot tell (entries failed, strategies are mixed, the server restarted), what the generator handed to connections.
   */
  readonly callsCountedBy: "server" | "generator";
  /** Of a cluster: each primary, the one with most to do first. */
  readonly nodes?: readonly NodeFigures[];
  /** Busy share of the main thread, in a cluster the busiest one: CPU / (wall − steal); null where the server does not tell. */
  readonly cpuUtilization: number | null;
  /** Replicas of a cluster that positions were read from, the one with most to do first. */
  readonly replicas?: readonly ReplicaFigures[];
  /** Of all main threads together. */
  readonly cpuUsPerEntry: number | null;
  readonly wallMs: number;
  /** Share of the wall time that the hypervisor kept from the main thread, as far as it can be told. */
  readonly stolenShare: number;
}

/** What a queue in parts did to order and places. */
export interface ShardingFigures extends ShardedOrder {
  readonly shards: number;
}

/** What one replica of a cluster had to do beside following its primary. */
export interface ReplicaFigures {
  /** Its place in the target's list of nodes, from 0; −1 for one that joined later. */
  readonly node: number;
  /** Positions that it told, by its own count. */
  readonly reads: number;
  readonly cpuUtilization: number | null;
}

/** What one primary of a cluster did of it. */
export interface NodeFigures {
  /** Its place in the target's list of nodes, from 0; −1 for one that joined later. */
  readonly node: number;
  /** Commands for entries, and what scripts called for them. */
  readonly calls: number;
  /** Of all primaries' calls. */
  readonly share: number;
  readonly cpuUtilization: number | null;
}

export interface GeneratorFigures {
  /** CPU of the whole process / (wall × instances): above 1 where garbage collection runs beside. */
  readonly cpuUtilization: number;
  /** CPU of the whole process per succeeded entry. */
  readonly cpuUsPerEntry: number;
  /** The busiest thread's. */
  readonly eventLoopUtilization: number;
  /** The latest thread's: by how much a timer fired late. */
  readonly loopLagMs: { readonly p99: number; readonly max: number };
  readonly gcMs: number;
  readonly stolenShare: number;
  readonly threads: readonly {
    readonly instance: number;
    readonly cpuUtilization: number | null;
    readonly eventLoopUtilization: number;
  }[];
  readonly commands: Readonly<Record<string, number>>;
  readonly socketWrites: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly reconnects: number;
  readonly scriptReloads: number;
  /** Entries whose events are in the history, and its size. */
  readonly historyEntries: number;
  readonly historyBytes: number;
  readonly memory: GeneratorMemory;
}

/** The measuring process when the trial's last entry had ended, before its history was read. */
export interface GeneratorMemory {
  /** Of the whole process. */
  readonly rssBytes: number;
  /** Objects of the measuring threads, those included that wait for garbage collection. */
  readonly heapUsedBytes: number;
  /** Typed arrays of the measuring threads, the history included. */
  readonly arrayBuffersBytes: number;
  /**
   * What both have grown by since the threads began, less the history, for each user (in the open model: for each entry
   * that may be in flight). An upper bound: garbage that nobody has collected yet is in it, and so are the histograms and
   * buffers that any number of users needs, which is most of it where users are few.
   */
  readonly bytesPerUser: number;
}

export interface WaitingSet {
  /** Of each concert when the trial began and the longest at its end. */
  readonly atStart: number;
  readonly atEnd: number;
  /** Length that a new user met, on the mean. */
  readonly mean: number;
  /** New users after which entries went on to a fresh concert. */
  readonly limit: number;
  /** Concerts used, one after another or side by side. */
  readonly concerts: number;
}

/** What users' being admitted beside the entries came to. */
export interface AdmissionFigures {
  readonly design: string;
  readonly everyMs: number;
  readonly batch: number;
  readonly calls: number;
  readonly failedCalls: number;
  /** Ticks that were due while an earlier one was at work. */
  readonly skippedTicks: number;
  /** Users, by the replies. */
  readonly admitted: number;
  /** Users whom the data show as admitted by these calls. */
  readonly found: number;
  /** Of a call, as its scheduler sees it; null without calls. */
  readonly callMs: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  /** Mean time in which one script let nobody else be served, by the server's count; null where there is no script. */
  readonly stallMs: number | null;
  /** Share of the trial's time that was spent so. */
  readonly stallShare: number | null;
}

/** A fault that was planned, when it happened, and what it did to the entries. */
export interface FaultFigures extends StruckFault, Availability {
  /** Of the entries that ended from when it began until the next one did, or the trial was over; null: none did. */
  readonly successRate: number | null;
}

/** How entries went on, moment by moment, in a trial with faults. */
export interface Moments {
  /** Length of each, in order from the start. */
  readonly everyMs: number;
  readonly succeeded: readonly number[];
  readonly failed: readonly number[];
  /** Entries a second before the first fault, median; null: too little lies before it. */
  readonly beforePerSec: number | null;
}

/** What one of several strategies over the same keys came to. */
export interface PartResult {
  readonly strategy: string;
  /** Of the entries, in per cent. */
  readonly share: number;
  readonly entries: {
    readonly succeeded: number;
    readonly failed: number;
    readonly new: number;
    readonly waiting: number;
    readonly active: number;
  };
  readonly entry: HistogramCounts;
}

/** What one agent of a distributed run contributed to a trial. */
export interface AgentFigures {
  readonly agent: string;
  readonly instances: readonly number[];
  /** Why what it did is missing. */
  readonly lost?: string;
  readonly entries: Pick<EntryCounts, "attempted" | "succeeded" | "failed" | "dropped">;
  /** Of its entries: `response` in the open model, else `entry`. */
  readonly latency: {
    readonly unit: "us";
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /** Of its busiest thread, CPU / (wall − stolen); null where its system does not tell. */
  readonly threadUtilization: number | null;
  /** Of its busiest thread; null where it is not known. */
  readonly eventLoopUtilization: number | null;
  readonly stolenShare: number;
  /** Its own threads were its limit. */
  readonly generatorBound: boolean;
  /** When its last thread began, after the planned start; below 0 within the uncertainty. Null: not known. */
  readonly startedLateUs: number | null;
  /** How far its times may be off the control Redis' clock. */
  readonly clockUncertaintyUs: number | null;
}

export type { Audit, Warning };

/** One strategy, one load point, once. Serialisable. */
export interface TrialResult {
  readonly strategy: string;
  readonly round: number;
  /** Place within the round, from 0. */
  readonly order: number;
  readonly seed: number;
  readonly complete: boolean;
  /** The server was another process at the end: it forgot what it knew, its counters too. */
  readonly serverRestarted?: true;
  /** From the barrier to the end of the last entry, and at least as long as the plan says. */
  readonly durationMs: number;
  readonly entries: EntryCounts;
  readonly failures: Readonly<Record<string, number>>;
  /** What a failure of a kind was told by, where it was told in words. */
  readonly failureExamples?: Readonly<Record<string, string>>;
  readonly latency: {
    readonly entry: HistogramCounts;
    readonly service: HistogramCounts;
    readonly poolWait: HistogramCounts;
    readonly failed: HistogramCounts;
    readonly response?: HistogramCounts;
    readonly startLag?: HistogramCounts;
    /** Of the polls alone, whether they are entries or readings, as `entry`. */
    readonly poll?: HistogramCounts;
  };
  /** Every interval up to the last in which an entry ended. */
  readonly timeline: readonly TimelineSecond[];
  /** Length of the timeline's intervals where they are longer than a second: a long trial has coarser ones. */
  readonly timelineWidthSec?: number;
  /** In order of time; empty if nothing happened. */
  readonly events: readonly TrialEvent[];
  /** Those that happened, in order of time; absent where none was planned. */
  readonly faults?: readonly FaultFigures[];
  readonly moments?: Moments;
  readonly server: ServerFigures;
  readonly generator: GeneratorFigures;
  readonly pacing?: PacingFigures;
  /** Where a round trip is added. */
  readonly network?: NetworkFigures;
  readonly users?: UserFigures;
  /** Where positions were read from replicas. */
  readonly staleness?: StalenessFigures;
  readonly waitingSet: WaitingSet;
  readonly admission?: AdmissionFigures;
  /** Where the queue was in parts, and everybody's history is known. */
  readonly sharding?: ShardingFigures;
  /** Where strategies are mixed. */
  readonly parts?: readonly PartResult[];
  /** Where agents on other machines made the load. */
  readonly agents?: readonly AgentFigures[];
  /** Mean waits in sequence per succeeded entry. */
  readonly roundTripsPerEntry: number;
  /** Of an entry that got a connection. */
  readonly socketWritesPerEntry: number;
  readonly limiter: Limiter;
  /** Little's law: entries in progress as rate × latency has it, and as they were counted, so often. */
  readonly inProgress: { readonly expected: number; readonly counted: number; readonly samples: number };
  /** Why: figures against thresholds, in words. */
  readonly limiterEvidence: readonly string[];
  readonly audit: Audit;
  readonly warnings: readonly Warning[];
}
