import type { AnomalyKind } from "../queue/anomaly.js";
import { USER_ID_WIDTH, userIdOf } from "../queue/keys.js";
import type { Outcome } from "../queue/outcome.js";
import { OPERATION, RESULT } from "./history.js";
import type { Rows } from "./rows.js";
import { KNOWN, MOST_USERS, placeOf, UserTable } from "./user-table.js";

/**
 * The model of one concert's queue, held against what its users were told and where they stand afterwards. Pure: the
 * caller feeds it entries and readings in any order, but readings of the waiting set from front to back, and asks for
 * its findings last.
 *
 * A user is NONE, waiting or active; entering takes NONE to waiting, an admission waiting to active, leaving any to NONE,
 * with which his stay is over; no token ends within a trial. `lost`, `phantom`, `double-new`, `wrong-outcome`,
 * `wait-and-active` and `order-broken` count users, once a stay; `no-position`, `total-below-position` and
 * `position-grew` count entries.
 */

/** Users that set-up put into each concert: 0 … waiting − 1 wait in that order, the next `active` ones hold tokens. */
export interface Prepared {
  readonly waiting: number;
  readonly active: number;
}

/** What the generator counted for one concert. `failed` includes the entries in doubt. */
export interface ConcertAnswers {
  readonly answers: Readonly<Record<Outcome, number>>;
  readonly failed: number;
  readonly inDoubt: number;
  /** Users who took themselves out, and those of whom nobody can say. */
  readonly left: number;
  readonly leavesInDoubt: number;
}

export interface Rules {
  readonly prepared: Prepared;
  /** Whether users may be moved from waiting to active during the trial. */
  readonly isAdmitting: boolean;
  /** Whether every entry is in the history; if not, answers nobody recorded are judged by their number. */
  readonly isComplete: boolean;
  /** Whether fewer users than answers may be two answers NEW to one user, rather than a user lost. */
  readonly mayAnswerNewTwice: boolean;
}

export type Tally = Partial<Record<AnomalyKind, number>>;

export class ConcertAudit {
  readonly #rules: Rules;
  readonly #rows: Rows;
  readonly #users = new UserTable();
  #tally: Tally = {};
  #strangers = 0;
  /** Leaves in the history that took somebody out, or may have. */
  #recordedLeaves = 0;
  /** By instance: when the latest entry of those who stand ahead of the reading was sent. */
  #aheadSentUs = new Map<number, number>();
  checked = 0;

  constructor(rules: Rules, rows: Rows) {
    this.#rules = rules;
    this.#rows = rows;
  }

  /** Begins a concert, forgetting the one before. @throws Error if its history and its counts disagree. */
  begin(concert: number, told: ConcertAnswers): void {
    this.#users.clear();
    this.#tally = {};
    this.#strangers = 0;
    this.#recordedLeaves = 0;
    this.#aheadSentUs = new Map();
    const { waiting } = this.#rules.prepared;
    for (let user = 0; user < waiting; user++) this.#users.learn(this.#users.page(user), user, KNOWN.prepared);
    const recorded = this.#readEntries(concert);
    if (this.#rules.isComplete) agree(concert, recorded, told);
  }

  /** Entries by code of `RESULT`. */
  #readEntries(concert: number): number[] {
    const rows = this.#rows;
    const recorded = [0, 0, 0, 0, 0];
    for (const number of rows.of(concert)) {
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      const result = chunk.result(row);
      this.checked++;
      if (chunk.operation(row) === OPERATION.leave) {
        this.#takeLeave(number);
        continue;
      }
      recorded[result]!++;
      if (result === RESULT.failed) continue;
      const user = chunk.user[row] as number;
      const page = this.#users.page(user);
      const place = placeOf(user);
      if (this.#isBeforeLeaving(number, page.leftRow[place] as number)) {
        this.#users.learn(page, user, KNOWN.unsure);
      }
      if (result === RESULT.NEW || result === RESULT.WAITING) {
        this.#checkPosition(number, page.lastRow[place] as number);
        page.lastRow[place] = number + 1;
        if (result === RESULT.NEW) page.newRow[place] = number + 1;
      }
      this.#users.learn(page, user, bitOf(result, page.known[place] as number));
    }
    return recorded;
  }

  /** A stay is over: what was told in it is judged now, and then forgotten. */
  #takeLeave(number: number): void {
    const chunk = this.#rows.chunkOf(number);
    const row = this.#rows.rowOf(number);
    const user = chunk.user[row] as number;
    const result = chunk.result(row);
    const page = this.#users.page(user);
    const place = placeOf(user);
    if (result === RESULT.failed) return;
    if (result !== RESULT.NEW) this.#recordedLeaves++;
    if (result === RESULT.inDoubt) {
      this.#users.learn(page, user, KNOWN.unsure);
      return;
    }
    const known = page.known[place] as number;
    const lastRow = page.lastRow[place] as number;
    // Beside an entry nobody can say which of them was first. Who leaves is a new user, and those keep to one thread.
    const isAlone =
      lastRow === 0 ||
      (this.#rows.chunkOf(lastRow - 1).repliedUs[this.#rows.rowOf(lastRow - 1)] as number) <=
        (chunk.sentUs[row] as number);
    if (isAlone && (known & KNOWN.unsure) === 0) {
      // Beside an admission nobody knows any more whether he held a token when he joined again.
      this.#judgeAnswers(user, known, this.#rules.isAdmitting && hasJoinedTwice(known));
      if (result === RESULT.NEW && (known & ACKNOWLEDGED) !== 0) this.#count("lost");
    }
    this.#users.learn(page, user, KNOWN.left | (isAlone ? 0 : KNOWN.unsure));
    page.known[place] = (page.known[place] as number) & (KNOWN.left | KNOWN.unsure | KNOWN.inDoubt);
    page.lastRow[place] = 0;
    page.newRow[place] = 0;
    page.leftRow[place] = number + 1;
  }

  /** Whether the entry was under way already when the user's leaving had its answer. */
  #isBeforeLeaving(number: number, leftRow: number): boolean {
    if (leftRow === 0) return false;
    const leftUs = this.#rows.chunkOf(leftRow - 1).repliedUs[this.#rows.rowOf(leftRow - 1)] as number;
    return (this.#rows.chunkOf(number).sentUs[this.#rows.rowOf(number)] as number) < leftUs;
  }

  /** `lastRow`: the user's answer before, plus 1; 0 if there was none. */
  #checkPosition(number: number, lastRow: number): void {
    const rows = this.#rows;
    const chunk = rows.chunkOf(number);
    const row = rows.rowOf(number);
    const position = chunk.position[row] as number;
    if (position === 0) this.#count("no-position");
    if ((chunk.total[row] as number) < position) this.#count("total-below-position");
    if (lastRow === 0 || position === 0 || rows.instanceOf(number) !== rows.instanceOf(lastRow - 1)) return;
    const before = rows.chunkOf(lastRow - 1);
    const rowBefore = rows.rowOf(lastRow - 1);
    const positionBefore = before.position[rowBefore] as number;
    // Of two entries that overlapped nobody can say which was first.
    const wasBefore = (before.repliedUs[rowBefore] as number) <= (chunk.sentUs[row] as number);
    if (wasBefore && positionBefore > 0 && position > positionBefore) this.#count("position-grew");
  }

  /** The next users of the waiting set, front to back. */
  seeWaiting(ids: readonly string[]): void {
    this.checked += ids.length;
    for (const id of ids) {
      const user = userOf(id);
      if (user < 0) {
        this.#strangers++;
        continue;
      }
      const page = this.#users.page(user);
      const known = page.known[placeOf(user)] as number;
      this.#checkOrder(known, page.newRow[placeOf(user)] as number);
      this.#users.learn(page, user, KNOWN.isWaiting);
    }
  }

  /** Somebody who had his answer before another one so much as asked must stand ahead of him. */
  #checkOrder(known: number, newRow: number): void {
    const ahead = this.#aheadSentUs;
    // Told NEW twice, or queued while active, he may have joined at another time than his answer's.
    if ((known & (KNOWN.toldNewAgain | KNOWN.isActive | KNOWN.unsure)) !== 0) return;
    if ((known & KNOWN.prepared) !== 0) {
      if (ahead.size > 0) this.#count("order-broken");
      return;
    }
    if (newRow === 0) return;
    const chunk = this.#rows.chunkOf(newRow - 1);
    const row = this.#rows.rowOf(newRow - 1);
    const instance = this.#rows.instanceOf(newRow - 1);
    const sentUs = chunk.sentUs[row] as number;
    const latestUs = ahead.get(instance) ?? Number.NEGATIVE_INFINITY;
    if ((chunk.repliedUs[row] as number) <= latestUs) this.#count("order-broken");
    if (sentUs > latestUs) ahead.set(instance, sentUs);
  }

  /** Users of the active set, or who hold a token. */
  seeActive(ids: readonly string[]): void {
    this.checked += ids.length;
    for (const id of ids) {
      const user = userOf(id);
      if (user >= 0) this.#users.learn(this.#users.page(user), user, KNOWN.isActive);
    }
  }

  /** Ids of those who should be somewhere and were not seen yet. */
  missing(): string[] {
    return this.#users.users.filter((user) => isLost(this.#knownOf(user))).map(userIdOf);
  }

  /** All anomalies of the concert. */
  findings(told: ConcertAnswers): Tally {
    const { isComplete, prepared, mayAnswerNewTwice } = this.#rules;
    let present = this.#strangers;
    let lost = 0;
    for (const user of this.#users.users) {
      const known = this.#knownOf(user);
      this.#judge(user, known);
      if (isLost(known)) lost++;
      if ((known & (KNOWN.isWaiting | KNOWN.isActive)) !== 0 && !this.#wasActive(user)) present++;
    }
    if (isComplete) {
      this.#count("lost", lost);
      this.#count("phantom", this.#strangers);
    } else {
      // Who seems lost may have left when nobody took it down any more.
      this.#count("lost", lost - (told.left + told.leavesInDoubt - this.#recordedLeaves));
      const least = prepared.waiting + told.answers.NEW - told.left;
      this.#count("phantom", present - least - told.inDoubt);
      const { lost: counted = 0, "double-new": doubled = 0 } = this.#tally;
      const missing = least - told.leavesInDoubt - present - counted - doubled;
      this.#count(mayAnswerNewTwice ? "double-new" : "lost", missing);
    }
    return this.#tally;
  }

  #judge(user: number, known: number): void {
    const { isAdmitting, isComplete } = this.#rules;
    const has = (bits: number): boolean => (known & bits) !== 0;
    const isWaiting = has(KNOWN.isWaiting);
    const isActive = has(KNOWN.isActive);
    // An admission took him out of the set and his entry put him in again, told NEW with a token in his hand.
    const joinedWhileActive = isAdmitting && isActive && hasJoinedTwice(known);

    if (isActive && (isWaiting || joinedWhileActive)) this.#count("wait-and-active");
    if (has(KNOWN.unsure)) return;
    if (isComplete && isWaiting && !isActive && !has(ACKNOWLEDGED | KNOWN.inDoubt)) this.#count("phantom");
    this.#judgeAnswers(user, known, joinedWhileActive);
  }

  /** What a user was told in one stay. */
  #judgeAnswers(user: number, known: number, joinedWhileActive: boolean): void {
    const { isAdmitting, isComplete } = this.#rules;
    const has = (bits: number): boolean => (known & bits) !== 0;
    const wasActive = this.#wasActive(user) && !has(KNOWN.left);
    const waitedAndJoined = has(KNOWN.prepared) && has(KNOWN.toldNew);
    if (has(KNOWN.toldNewAgain) && !joinedWhileActive) this.#count("double-new");
    const isWrong = wasActive
      ? has(KNOWN.toldNew | KNOWN.toldWaiting)
      : (has(KNOWN.toldActive) && !isAdmitting) ||
        (waitedAndJoined && !joinedWhileActive) ||
        (isComplete && has(KNOWN.toldWaiting) && !has(KNOWN.prepared | KNOWN.toldNew | KNOWN.inDoubt));
    if (isWrong) this.#count("wrong-outcome");
  }

  #wasActive(user: number): boolean {
    const { waiting, active } = this.#rules.prepared;
    return user >= waiting && user < waiting + active;
  }

  #knownOf(user: number): number {
    return this.#users.page(user).known[placeOf(user)] as number;
  }

  #count(kind: AnomalyKind, times = 1): void {
    if (times > 0) this.#tally[kind] = (this.#tally[kind] ?? 0) + times;
  }
}

function bitOf(result: number, known: number): number {
  if (result === RESULT.NEW) return (known & KNOWN.toldNew) === 0 ? KNOWN.toldNew : KNOWN.toldNewAgain;
  if (result === RESULT.WAITING) return KNOWN.toldWaiting;
  return result === RESULT.ACTIVE ? KNOWN.toldActive : KNOWN.inDoubt;
}

/** By set-up or by an answer: in the queue. */
const ACKNOWLEDGED = KNOWN.prepared | KNOWN.toldNew | KNOWN.toldWaiting;

const isLost = (known: number): boolean =>
  (known & ACKNOWLEDGED) !== 0 && (known & (KNOWN.isWaiting | KNOWN.isActive | KNOWN.unsure)) === 0;

const hasJoinedTwice = (known: number): boolean =>
  (known & KNOWN.toldNewAgain) !== 0 || ((known & KNOWN.prepared) !== 0 && (known & KNOWN.toldNew) !== 0);

/** The number of a user id, or −1 if no entry of ours can have had it. */
function userOf(id: string): number {
  if (id.length !== USER_ID_WIDTH) return -1;
  let user = 0;
  for (let at = 0; at < USER_ID_WIDTH; at++) {
    const digit = id.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    user = user * 10 + digit;
  }
  return user < MOST_USERS ? user : -1;
}

function agree(concert: number, recorded: readonly number[], told: ConcertAnswers): void {
  const { answers, failed, inDoubt } = told;
  const counted = [answers.NEW, answers.WAITING, answers.ACTIVE, failed - inDoubt, inDoubt];
  if (counted.every((count, code) => count === recorded[code])) return;
  throw new Error(
    `concert ${concert}: the generator counted ${counted.join(" / ")} entries ` +
      `(NEW / WAITING / ACTIVE / failed / in doubt) and recorded ${recorded.join(" / ")}`,
  );
}
