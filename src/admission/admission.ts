import type { Redis } from "ioredis";
import type { AnomalyKind } from "../queue/anomaly.js";
import type { ConcertKeys } from "../queue/keys.js";
import type { Script } from "../strategies/script.js";

/**
 * A design moves users from the waiting set to the active set, those who have waited longest first, and gives each a
 * token to buy with. Designs differ in how many commands that takes, in how long nobody else is served meanwhile, and in
 * what is left of it when the scheduler dies in the middle.
 */
export interface AdmissionDesign {
  readonly name: string;
  /** One line for `qbench list`. */
  readonly summary: string;
  /** yes: all or nothing. slices: each slice is. no: a scheduler that dies loses users whom it has popped. */
  readonly atomic: "yes" | "slices" | "no";
  /** What a user's token is: a key of its own, or the member of the active set and no more. */
  readonly token: "hash" | "string" | "member";
  readonly script: Script | undefined;
  /** Anomalies that no strategy can promise never to show beside it. */
  readonly undoes: readonly AnomalyKind[];
  admit(redis: Redis, order: AdmissionOrder): Promise<Admitted>;
}

/** What a scheduler asks for at one tick. */
export interface AdmissionOrder {
  readonly keys: ConcertKeys;
  /** Most users to admit. */
  readonly count: number;
  /** When their tokens expire; also their score in the active set. */
  readonly expiresAtMs: number;
  readonly ttlSeconds: number;
  /** For designs that keep to a rate and a capacity themselves; the others trust their caller. */
  readonly ratePerSec: number;
  readonly capacity: number;
}

export interface Admitted {
  readonly users: number;
  /**
   * What the server counts for it, by lower-case name: the commands sent, and those inside scripts. Taken from its
   * counters, this leaves what the entries sent.
   */
  readonly commands: Readonly<Record<string, number>>;
}

/** A rate and a capacity that never hold anybody up. */
export const UNLIMITED = { ratePerSec: 1e9, capacity: 1e15 };

/** Users whom a script puts into one ZADD: unpack gives 7,999 values at most. */
export const USERS_A_ZADD = 1000;
