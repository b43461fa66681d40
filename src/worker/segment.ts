import type { LineUp } from "../audit/clocks.js";
import type { ConcertCounts } from "../audit/concert-counts.js";
import type { HistoryTransfer } from "../audit/history.js";
import type { DriverCounters } from "../drivers/driver.js";
import type { HistogramData } from "../measure/histogram.js";
import type { MomentsData } from "../measure/moments.js";
import type { ThreadHealth } from "../measure/thread-health.js";
import type { SecondData } from "../measure/timeline.js";
import type { Arrival } from "../pacers/index.js";
import type { Stage } from "../pacers/profile.js";
import type { Outcome, Score } from "../queue/outcome.js";
import type { Population } from "../queue/population.js";
import type { Behaviour, Connections, Mix } from "../scenario/scenario.js";
import type { EventData } from "./event-log.js";

/** Arrivals of all segments together, and how many entries this segment may have in flight. */
export interface ArrivalPlan {
  readonly ratePerSec: number;
  readonly arrival: Arrival;
  readonly stages: readonly Stage[] | null;
  readonly maxInFlight: number;
}

/** What one instance does in one trial: its share of the load, by i of n. Serialisable. */
export interface Segment {
  readonly index: number;
  readonly count: number;
  readonly strategy: string;
  readonly score: Score;
  readonly connections: Connections;
  readonly vus: number;
  readonly thinkTimeMs: number;
  /** The open model; null: the closed one. */
  readonly arrivals: ArrivalPlan | null;
  readonly durationMs: number;
  readonly entries: number | null;
  readonly mix: Mix;
  /** What users do besides entering once; null: nothing. */
  readonly behaviour: Behaviour | null;
  readonly population: Population;
  readonly runId: string;
  /** Concert numbers: `firstConcert + c` for c < concerts, then as many again for each generation. */
  readonly firstConcert: number;
  readonly concerts: number;
  /** So many of them in a row are parts of one concert's queue; mostly 1. */
  readonly shards: number;
  /** Exponent of the Zipf law over concerts; 0 = uniform. */
  readonly zipf: number;
  /** New users of one concert from this segment before it goes on to the concert's next generation. */
  readonly newUsersPerGeneration: number;
  /** Generations that set-up has populated; the last one is stayed with. Infinity where nothing needs to be populated. */
  readonly generations: number;
  /** By concert, the generation that is entered now, written by all segments; not there where nobody asks. */
  readonly currentGenerations?: Int32Array<SharedArrayBuffer>;
  /** Replicas that must have a write before its entry goes on. */
  readonly waitReplicas: number;
  readonly timeoutMs: number;
  readonly seed: number;
  readonly historyBytes: number;
  /** Whether ends of entries are counted by moment: where faults are planned. */
  readonly keepsMoments: boolean;
}

/** Arrivals of the open model that were due, started or not, and when the last of them was, µs from the start. */
export interface PlannedArrivals {
  readonly count: number;
  readonly lastUs: number;
}

/** How entries came about: by arrivals, and by users who were here already. */
export interface UserCounts {
  readonly arrivals: number;
  readonly polls: number;
  readonly repeats: number;
  readonly returns: number;
}

/** Of a measuring thread; see `GeneratorMemory`. */
export interface ThreadMemory {
  readonly heapUsedBytes: number;
  readonly arrayBuffersBytes: number;
  /** What both have grown by since before the thread opened its connections. */
  readonly grownBytes: number;
}

/** What became of the entries of one of several strategies. */
export interface PartCounts {
  readonly answers: Readonly<Record<Outcome, number>>;
  /** Entries that had got a connection. */
  readonly failed: number;
  readonly entry: HistogramData;
}

/** Positions that were read without entering. */
export interface ReadCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** Of those that succeeded: he stood nowhere. */
  readonly nowhere: number;
  /** How often one was sent to the node that the slot is known to be of, and to replicas of it. */
  readonly sentToPrimary: number;
  readonly sentToReplica: number;
}

export interface SegmentResult {
  readonly index: number;
  /** From the barrier to the end of the last entry, and at least as long as the plan says. */
  readonly durationMs: number;
  readonly attempted: number;
  readonly answers: Readonly<Record<Outcome, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** Of kinds that say little by themselves: what the first of them was told by. */
  readonly failureExamples: Readonly<Record<string, string>>;
  readonly inDoubt: number;
  /** Failed entries that never got a connection. */
  readonly unsent: number;
  readonly dropped: number;
  /** Round trips of the succeeded entries. */
  readonly roundTrips: number;
  readonly entry: HistogramData;
  readonly service: HistogramData;
  readonly poolWait: HistogramData;
  readonly failed: HistogramData;
  readonly response: HistogramData | null;
  readonly startLag: HistogramData | null;
  /** Of the polls alone, whether they are entries or not, as `entry`; null where nobody polls. */
  readonly poll: HistogramData | null;
  /** By how much chunks were held back; null where no delay is added. */
  readonly addedDelay: HistogramData | null;
  readonly planned: PlannedArrivals | null;
  readonly users: UserCounts;
  /** Users' leaving, which is no entry. */
  readonly leaves: { readonly succeeded: number; readonly failed: number };
  /** Users' asking where they stand, which is none either. */
  readonly reads: ReadCounts;
  readonly seconds: readonly SecondData[];
  readonly moments: MomentsData | null;
  readonly events: readonly EventData[];
  /** Entries in progress, counted now and then: by Little's law it must be rate × latency. */
  readonly inProgress: { readonly mean: number; readonly samples: number };
  readonly health: ThreadHealth;
  readonly memory: ThreadMemory;
  /** What the driver did during the segment. */
  readonly driver: DriverCounters;
  /** What the audit holds against the data. */
  readonly concerts: readonly ConcertCounts[];
  /** By part, where strategies are mixed; else none. */
  readonly parts: readonly PartCounts[];
  readonly history: HistoryTransfer;
  /** Before the start, by which its times compare with other threads'. */
  readonly lineUps: readonly LineUp[];
  readonly aborted: boolean;
  /** No connection was up for so long that the instance gave the server up. */
  readonly serverLost: boolean;
}
