import type { Clock } from "./clocks.js";
import type { FinalState } from "./final-state.js";

/**
 * What admission did during a trial: the record that the audit reads beside the entries' history. One object a call. An
 * entry that overlaps a call may have come before it or after it, one that does not may not.
 *
 * Who was admitted: scripts reply with a number, and should, since a list of names would cost the server what is to be
 * measured. But a member of the active set has the expiry as its score; so if every call (of a concert) is given an
 * expiry of its own, a millisecond apart at least, the active set tells afterwards whom each call took. Users who are
 * not there any more (over, left, admitted again) are then known by number only.
 *
 * Times are µs on the clock of the thread that made the call, counted from the start of its trial, as in a history.
 */
export interface AdmissionCall {
  /** Number n of the concert `qbench:<run>:<n>`. */
  readonly concert: number;
  /** When the (first) command was handed to the connection. */
  readonly sentUs: number;
  /** When the last reply came, or the call was given up. */
  readonly repliedUs: number;
  /** The expiry that the call gave, ms: the score of whom it admitted. No two calls of a concert share one. */
  readonly expiresAtMs: number;
  /** How long the tokens live; null: for longer than the trial. */
  readonly tokenTtlMs: number | null;
  /** How many were admitted; of a call in doubt, how many for sure. */
  readonly count: number;
  /** Failed or given up: it may have admitted others, then or later. */
  readonly isInDoubt: boolean;
  /** How many a call in doubt can have admitted; absent: nobody knows. */
  readonly most?: number;
  /** Numbers of the users, in any order, where they are known; those who were gone before anybody looked may be missing. */
  readonly users?: Uint32Array;
}

/** The calls of one thread, in order of their replies. */
export interface AdmissionLog {
  /** Whose clock the times are of: one of the histories' instances, or a number of its own. */
  readonly instance: number;
  readonly calls: readonly AdmissionCall[];
}

/** How far the server's idea of a token's life may be from ours: its clock goes in ms, and may be stepped. */
export const CLOCK_STEP_US = 10_000;

/** One call as the audit of its concert sees it; a call in doubt may have taken effect at any time since. */
export interface CallTimes {
  readonly sentUs: number;
  readonly repliedUs: number;
  readonly clock: Clock;
  readonly tokenTtlUs: number;
}

/** Since when somebody may have been admitted of whom only the number is known. */
export interface UnknownAdmissions {
  readonly fromUs: number;
  readonly clock: Clock;
  /** Of the shortest-lived token among them. */
  readonly tokenTtlUs: number;
  /** How many there can be, at most. */
  readonly users: number;
}

const NOBODY_KNOWS = Number.POSITIVE_INFINITY;

/** The admissions of one concert: who was taken by which call, as far as it can be known. */
export class ConcertCalls {
  readonly calls: readonly CallTimes[];
  /** Users admitted in all, known or not. */
  readonly count: number;
  /** Who was admitted, and by which of `calls`. */
  readonly admitted: { readonly users: Uint32Array; readonly calls: Uint32Array };
  readonly unknown: UnknownAdmissions | null;

  constructor(calls: readonly (AdmissionCall & { readonly clock: Clock })[], final: FinalState) {
    this.calls = calls.map(({ sentUs, repliedUs, isInDoubt, clock, tokenTtlMs }) => ({
      sentUs,
      repliedUs: isInDoubt ? Number.POSITIVE_INFINITY : repliedUs,
      clock,
      tokenTtlUs: tokenTtlMs === null ? Number.POSITIVE_INFINITY : tokenTtlMs * 1000,
    }));
    const known = new Array<number>(calls.length).fill(0);
    const byExpiry = new Map<number, number>();
    const named = calls.reduce((sum, { users }) => sum + (users?.length ?? 0), 0);
    const users = new Uint32Array(named + final.active.length);
    const ofCall = new Uint32Array(named + final.active.length);
    let length = 0;
    const note = (user: number, call: number): void => {
      users[length] = user;
      ofCall[length++] = call;
      known[call]!++;
    };
    calls.forEach((call, index) => {
      if (call.users === undefined) byExpiry.set(call.expiresAtMs, index);
      else for (const user of call.users) note(user, index);
    });
    for (let index = 0; byExpiry.size > 0 && index < final.active.length; index++) {
      const call = byExpiry.get(final.expiresAtMs[index]!);
      if (call !== undefined) note(final.active[index]!, call);
    }
    this.admitted = { users: users.subarray(0, length), calls: ofCall.subarray(0, length) };
    this.count = calls.reduce((sum, { count }, index) => sum + Math.max(count, known[index]!), 0);
    const most = calls.map(({ count, isInDoubt, most = NOBODY_KNOWS }) => (isInDoubt ? most : count));
    this.unknown = this.#unknownAmong(most.map((users, index) => Math.max(0, users - known[index]!)));
  }

  /** `users`: how many each call may have taken of whom it does not tell. */
  #unknownAmong(users: readonly number[]): UnknownAdmissions | null {
    const calls = this.calls.filter((_, index) => users[index]! > 0);
    const startOf = ({ sentUs, clock }: CallTimes): number => sentUs + clock.offsetUs;
    const [first] = [...calls].sort((a, b) => startOf(a) - startOf(b));
    if (first === undefined) return null;
    return {
      fromUs: first.sentUs,
      clock: first.clock,
      tokenTtlUs: Math.min(...calls.map((call) => call.tokenTtlUs)),
      users: users.reduce((sum, one) => sum + one, 0),
    };
  }

  callOf(admission: number): number {
    return this.admitted.calls[admission]!;
  }

  timesOf(admission: number): CallTimes {
    return this.calls[this.callOf(admission)]!;
  }
}
