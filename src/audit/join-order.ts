import type { ConcertCalls } from "./admissions.js";
import type { Clock } from "./clocks.js";
import type { Rows } from "./rows.js";

/**
 * Whether users stand, and were admitted, in the order in which they entered. The line of a concert: those whom the first
 * admission took, the second, …, then those who still wait, front to back. Somebody who had his answer before another
 * one so much as asked must stand ahead of him; of two entries that overlapped nobody can say which was first. Calls
 * that overlapped are not compared, nor users of one call: nobody tells in which order it took them.
 */

/** A user who stands behind one who entered after him. A row of −1: waiting since before the trial. */
export interface BrokenOrder {
  readonly user: number;
  readonly row: number;
  readonly aheadRow: number;
}

const UNKNOWN = 0;
const FOREHAND = -1;

export class JoinOrder {
  readonly #rows: Rows;
  /** By rank: the row that answered NEW, plus 1. */
  #waiting = new Int32Array(0);
  #users = new Uint32Array(0);
  #ranks = 0;
  /** By admission, likewise. */
  #admitted = new Int32Array(0);
  #calls: ConcertCalls | null = null;
  /** Users whose place and entry are both known. */
  known = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  begin(ranks: number, calls: ConcertCalls | null): void {
    if (this.#waiting.length < ranks) {
      this.#waiting = new Int32Array(ranks);
      this.#users = new Uint32Array(ranks);
    } else this.#waiting.fill(UNKNOWN, 0, ranks);
    this.#ranks = ranks;
    this.#admitted = new Int32Array(calls?.admitted.users.length ?? 0);
    this.#calls = calls;
    this.known = 0;
  }

  /** `row`: the entry that was answered NEW; −1: he waited before the trial. */
  waits(rank: number, user: number, row: number): void {
    this.#waiting[rank] = markOf(row);
    this.#users[rank] = user;
    this.known++;
  }

  wasAdmitted(admission: number, row: number): void {
    this.#admitted[admission] = markOf(row);
    this.known++;
  }

  *broken(): Generator<BrokenOrder> {
    const ahead = new Ahead(this.#rows);
    yield* this.#brokenAmongAdmitted(ahead);
    for (let rank = 0; rank < this.#ranks; rank++) {
      const mark = this.#waiting[rank]!;
      if (mark === UNKNOWN) continue;
      const row = rowOf(mark);
      const user = this.#users[rank]!;
      const aheadRow = ahead.laterThan(user, row);
      if (aheadRow !== null) yield { user, row, aheadRow };
      ahead.add(user, row);
    }
  }

  /** @param ahead is given all who were admitted. */
  *#brokenAmongAdmitted(ahead: Ahead): Generator<BrokenOrder> {
    const calls = this.#calls;
    if (calls === null) return;
    const { users, calls: callOf } = calls.admitted;
    const clocks = new Set(calls.calls.map(({ clock }) => clock));
    const doubtUs = clocks.size < 2 ? 0 : 2 * Math.max(...[...clocks].map(({ uncertaintyUs }) => uncertaintyUs));
    const sentUs = calls.calls.map((call) => call.sentUs + call.clock.offsetUs);
    const repliedUs = calls.calls.map((call) => call.repliedUs + call.clock.offsetUs + doubtUs);
    const { starts, admissions } = byCall(callOf, calls.calls.length);
    const bySending = sentUs.map((_, call) => call).sort((a, b) => sentUs[a]! - sentUs[b]!);
    const byReply = sentUs.map((_, call) => call).sort((a, b) => repliedUs[a]! - repliedUs[b]! || 0);
    const marks = this.#admitted;
    let ended = 0;
    const letPass = (call: number): void => {
      for (let at = starts[call]!; at < starts[call + 1]!; at++) {
        const admission = admissions[at]!;
        if (marks[admission] !== UNKNOWN) ahead.add(users[admission]!, rowOf(marks[admission]!));
      }
    };
    for (const call of bySending) {
      for (; ended < byReply.length && repliedUs[byReply[ended]!]! < sentUs[call]!; ended++) letPass(byReply[ended]!);
      for (let at = starts[call]!; at < starts[call + 1]!; at++) {
        const admission = admissions[at]!;
        if (marks[admission] === UNKNOWN) continue;
        const row = rowOf(marks[admission]!);
        const user = users[admission]!;
        const aheadRow = ahead.laterThan(user, row);
        if (aheadRow !== null) yield { user, row, aheadRow };
      }
    }
    // The data were read when all had ended, or after whatever one in doubt may have done.
    for (; ended < byReply.length; ended++) letPass(byReply[ended]!);
  }
}

/** Admissions in order of their calls: those of call n are `admissions[starts[n]]` up to `admissions[starts[n + 1]]`. */
function byCall(callOf: Uint32Array, calls: number): { starts: Uint32Array; admissions: Uint32Array } {
  const starts = new Uint32Array(calls + 1);
  for (const call of callOf) starts[call + 1]!++;
  for (let call = 0; call < calls; call++) starts[call + 1]! += starts[call]!;
  const next = starts.slice();
  const admissions = new Uint32Array(callOf.length);
  callOf.forEach((call, admission) => {
    admissions[next[call]!++] = admission;
  });
  return { starts, admissions };
}

const markOf = (row: number): number => (row < 0 ? FOREHAND : row + 1);
const rowOf = (mark: number): number => (mark === FOREHAND ? -1 : mark - 1);

/** Of those who stand ahead: the latest entry, by the clock that it was timed with. */
class Ahead {
  readonly #rows: Rows;
  readonly #byClock = new Map<Clock, { sentUs: number; row: number }>();
  #latestUs = Number.NEGATIVE_INFINITY;
  #lastForehand = -1;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  add(user: number, row: number): void {
    if (row < 0) {
      if (user > this.#lastForehand) this.#lastForehand = user;
      return;
    }
    const clock = this.#rows.clockOf(row);
    const sentUs = this.#rows.chunkOf(row).sentUs[this.#rows.rowOf(row)]! + clock.offsetUs;
    const latest = this.#byClock.get(clock);
    if (latest === undefined) this.#byClock.set(clock, { sentUs, row });
    else if (sentUs > latest.sentUs) {
      latest.sentUs = sentUs;
      latest.row = row;
    }
    if (sentUs > this.#latestUs) this.#latestUs = sentUs;
  }

  /** The row of one who is ahead and certainly entered later than `row`, −1 if he waited before the trial; null: nobody. */
  laterThan(user: number, row: number): number | null {
    if (row < 0) {
      if (this.#lastForehand > user) return -1;
      return this.#byClock.size > 0 ? [...this.#byClock.values()][0]!.row : null;
    }
    const clock = this.#rows.clockOf(row);
    const repliedUs = this.#rows.chunkOf(row).repliedUs[this.#rows.rowOf(row)]! + clock.offsetUs;
    if (repliedUs > this.#latestUs) return null;
    for (const [other, latest] of this.#byClock) {
      const doubtUs = other === clock ? 0 : other.uncertaintyUs + clock.uncertaintyUs;
      if (repliedUs + doubtUs <= latest.sentUs) return latest.row;
    }
    return null;
  }
}
