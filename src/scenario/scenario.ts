import type { AuditDepth } from "../audit/audit-depth.js";
import type { Client, Rtt, Writes } from "../drivers/driver.js";
import type { PlannedFault } from "../faults/fault.js";
import type { Arrival } from "../pacers/index.js";
import type { Stage } from "../pacers/profile.js";
import type { Score } from "../queue/outcome.js";

export const CONNECTIONS = ["exclusive", "shared"] as const;
/** exclusive: a connection serves one entry at a time, others wait for one. shared: many entries in flight on each. */
export type Connections = (typeof CONNECTIONS)[number];

/** Shares of entries, in per cent, by what the user is before the entry. They sum to 100. */
export interface Mix {
  readonly new: number;
  readonly waiting: number;
  readonly active: number;
}

/** Pause before a waiting user asks again, ± so many per cent; "adaptive": the longer, the further back he stands. */
export type PollEvery = { readonly everyMs: number; readonly jitterPercent: number } | "adaptive";

export const POLL_BY = ["entry", "read", "replica"] as const;
/** entry: whoever polls enters again. read: he asks for his position only. replica: he asks that of a replica. */
export type PollBy = (typeof POLL_BY)[number];

/** What users do besides entering once. Shares in per cent. */
export interface Behaviour {
  /** null: nobody polls. */
  readonly pollEvery: PollEvery | null;
  readonly pollBy: PollBy;
  /** Share of answers upon which a waiting user leaves. */
  readonly leavePercent: number;
  /** Pause after which those who left come back; null: they do not. */
  readonly returnAfterMs: number | null;
  /** Shares of arriving users. */
  readonly doubleClickPercent: number;
  readonly tabsPercent: number;
  readonly botsPercent: number;
}

/** Whether replicas of the target are asked for positions. */
export const readsReplicas = ({ pollBy, pollEvery }: Pick<Behaviour, "pollBy" | "pollEvery">): boolean =>
  pollBy === "replica" && pollEvery !== null;

export const ORDERS = ["interleaved", "staged"] as const;
/** interleaved: rounds, in which every strategy runs once. staged: one strategy after another, until one crosses a limit. */
export type Order = (typeof ORDERS)[number];

/** What is to be measured, every option resolved: the file, the flags and the defaults in one. Serialisable. */
export interface Scenario extends Behaviour {
  readonly name: string;
  /** Names of strategies, or of mixes of them such as `individual=90+lua=10`. */
  readonly strategies: readonly string[];
  /** The name of the only one, where a mix was asked for by its shares. */
  readonly mixStrategies: string | null;
  readonly order: Order;
  readonly vus: number;
  /** Connections of each instance (to each node of the target). */
  readonly pool: number;
  readonly instances: number;
  /** Of the users and entries, in per cent, one for each instance; null: even ones. They sum to 100. */
  readonly instanceShares: readonly number[] | null;
  readonly connections: Connections;
  readonly client: Client;
  readonly writes: Writes;
  /** Added to every round trip; null: nothing is. */
  readonly rtt: Rtt | null;
  readonly score: Score;
  readonly durationMs: number;
  readonly warmupMs: number;
  /** Entries of each trial; null: as many as `durationMs` allows. */
  readonly entries: number | null;
  readonly trials: number;
  readonly concerts: number;
  /** Exponent of the Zipf law that picks a concert; 0 = uniform. */
  readonly zipf: number;
  readonly mix: Mix;
  /** Users waiting in each concert before the trial. */
  readonly prefill: number;
  /** New users of one concert after which entries go on to a fresh concert, so that a faster strategy does not meet a longer queue. */
  readonly maxWaiting: number;
  /** Replicas that must have a write before its entry goes on (WAIT); 0: none. */
  readonly waitReplicas: number;
  /** Parts of each concert's queue, for the strategy that has such. */
  readonly shards: number;
  /** The design by which users are admitted beside the entries; null: nobody is. */
  readonly admit: string | null;
  readonly admitEveryMs: number;
  /** Users of each concert at every tick. */
  readonly admitBatch: number;
  /** How long the tokens of admitted users live. */
  readonly admitTtlMs: number;
  /** What goes wrong in every trial, in order of time. */
  readonly faults: readonly PlannedFault[];
  readonly timeoutMs: number;
  readonly thinkTimeMs: number;
  /** Arrivals a second in all, the mean one where there are stages; null: the closed model. */
  readonly ratePerSec: number | null;
  readonly arrival: Arrival;
  /** Rates one after another, in place of the arrival's own; null: none. */
  readonly stages: readonly Stage[] | null;
  /** Entries in flight in all, in the open model. */
  readonly maxInFlight: number;
  /** How much of each trial is audited: every user's history, numbers alone, or nothing. */
  readonly audit: AuditDepth;
  /** Memory for the entries' history, all instances together. */
  readonly historyMb: number;
  readonly seed: number;
}
