import type { ConcertKeys } from "../queue/keys.js";
import type { Batch } from "../strategies/command.js";
import type { Reply } from "../strategies/strategy.js";
import type { Proxies } from "./proxies.js";
import type { SlotRange } from "./slot-map.js";

/**
 * What carries batches to Redis and replies back. Two drivers stand behind this interface: `wire`, a lean RESP codec
 * over a socket, so that the generator is not what gets measured; and `ioredis`, which shows what an application on
 * ioredis gets. Callbacks rather than promises: a promise a step costs about a microsecond an entry.
 */

export const CLIENTS = ["wire", "ioredis"] as const;
export type Client = (typeof CLIENTS)[number];

/** How writes leave: those of one tick joined in one write a connection, or one write for each batch. */
export const WRITES = ["coalesced", "per-request"] as const;
export type Writes = (typeof WRITES)[number];

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Who knows where a primary is at any time. */
export interface Sentinels {
  /** What they call it. */
  readonly name: string;
  readonly at: readonly Address[];
  /** Those that may take its place, as they were known when somebody asked. */
  readonly replicas: readonly Address[];
  /** Nobody else is gone to, whatever they say later. */
  readonly isListComplete?: true;
}

/** One Redis server and how to log in to it. Never printed: it may hold a password. */
export interface Endpoint extends Address {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** What Sentinels call the primary; host and port are then those of a Sentinel that is to be asked where it is. */
  readonly primaryName?: string;
  /** Of a primary that was found by them: whoever takes its place is gone to, with the same login. */
  readonly sentinels?: Sentinels;
  /** What CLIENT LIST is to call the connections; absent: nothing. */
  readonly clientName?: string;
}

/** A round trip that is added to whatever lies between generator and Redis, ± so much, evenly distributed. */
export interface Rtt {
  readonly rttMs: number;
  readonly jitterMs: number;
}

/** Why a batch got no good answer. */
export interface Failure {
  /** "connection", "protocol", "reply", or the first word of the server's error: "NOSCRIPT", "OOM", "READONLY", "MOVED", … */
  readonly kind: string;
  readonly message: string;
  /** True if the server answered; false if the connection was lost while replies were due. */
  readonly answered: boolean;
  /** True if no command of the batch was carried out, so that it may be sent again, elsewhere or later. */
  readonly changedNothing: boolean;
}

export interface DriverEvents {
  /** All replies of the batch sent with `token`. The array is reused: read it before returning. */
  onReplies(token: number, replies: readonly Reply[], nowUs: number): void;
  onFailure(token: number, failure: Failure, nowUs: number): void;
  /** A connection is usable again, or is not any more (its batches have failed by then). */
  onConnection(connection: number, isUp: boolean, nowUs: number): void;
  /** Slots of a cluster are elsewhere now: `routeOf` answers differently. */
  onRoutes?(nowUs: number): void;
  /** Sentinels name another primary, and the connections go there. */
  onPrimary?(nowUs: number): void;
  /** Called once after all replies of a received chunk were handed over. */
  onChunkEnd(nowUs: number): void;
}

export interface DriverOptions {
  /** The nodes of the target, replicas included; a batch goes to one of them by its concert's keys. */
  readonly endpoints: readonly Endpoint[];
  /** Which slots of a cluster they hold; none: a single server. */
  readonly slots?: readonly SlotRange[] | undefined;
  /** Connections to each node. */
  readonly pool: number;
  /** Whether replicas are to be asked too; by the wire driver alone. */
  readonly readsReplicas?: boolean;
  readonly writes: Writes;
  /** Scripts that a NOSCRIPT answer is mended with. */
  readonly scripts: readonly { readonly sha1: string; readonly source: string }[];
  readonly connectTimeoutMs: number;
  /** They are connected to instead. */
  readonly proxies?: Proxies | undefined;
}

/** Totals since the driver was made. */
export interface DriverCounters {
  /** Commands handed to the connections, by lower-case name, retries and script loads included. */
  readonly commands: Readonly<Record<string, number>>;
  readonly socketWrites: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly reconnects: number;
  /** Scripts loaded again after NOSCRIPT. */
  readonly scriptReloads: number;
}

export interface Driver {
  /** Opens every connection. @throws QbenchError (environment) if the target cannot be reached or refuses. */
  open(): Promise<void>;
  /** Makes a concert known; the handle goes into `send`. Handles are 0, 1, 2, … and are forgotten by `forgetConcerts`. */
  addConcert(keys: ConcertKeys): number;
  forgetConcerts(): void;
  /** The node that holds a concert's keys; its connections are `route * pool … route * pool + pool - 1`. */
  routeOf(concert: number): number;
  /** A replica of that node which is up, each of them in turn; where there is none, the node itself. */
  replicaRouteOf(concert: number): number;
  /** Learns from a cluster's error where slots are now; where it does not say, other nodes are asked. */
  learn(failure: Failure): void;
  /** The node that an ASK error names; −1 if it is none that this driver is connected to. */
  askedRoute(failure: Failure): number;
  isUp(connection: number): boolean;
  /**
   * Sends a batch; `onReplies` or `onFailure` is called once for it, never before `send` returns.
   * `carried` fills the slot of that name, `timestampMs` and `user` theirs.
   */
  send(
    connection: number,
    batch: Batch,
    concert: number,
    user: number,
    timestampMs: number,
    carried: number,
    token: number,
  ): void;
  /** After a NOSCRIPT: loads the scripts ahead of whatever is sent next on this connection. */
  reloadScripts(connection: number): void;
  /** Drops a connection whose reply is overdue and opens it again; its batches fail as "connection". */
  reset(connection: number): void;
  counters(): DriverCounters;
  close(): Promise<void>;
}
