import type { AnomalyKind } from "../queue/anomaly.js";
import type { ConcertCalls } from "./admissions.js";
import { agree, type ConcertAnswers, count, countNumbers, exercisedBy, type Tally } from "./concert-counts.js";
import {
  entryExample,
  grownExample,
  leakExample,
  orderExample,
  staleExample,
  troubleExample,
} from "./concert-examples.js";
import { ConcertUsers, type UserSpan } from "./concert-users.js";
import { type Example, Examples } from "./evidence.js";
import { type Circumstances, explainUser } from "./explain-user.js";
import type { FinalState } from "./final-state.js";
import { isEntry, OPERATION, RESULT } from "./history.js";
import { JoinOrder } from "./join-order.js";
import { isPlain } from "./plain-user.js";
import { grownPositions } from "./positions.js";
import { FAULTS, READ, type Read, STATE } from "./queue-model.js";
import type { Rows } from "./rows.js";
import type { Rules } from "./rules.js";
import { staleReads } from "./stale-reads.js";
import { type Explanation, NO_FREEDOM, UserCheck } from "./user-check.js";

/**
 * One concert held against the model of its queue: what its users were told, who was admitted, where they stand
 * afterwards. Pure.
 *
 * Nearly every user is plain (plain-user.ts): he was told NEW once, then WAITING, then perhaps was admitted and told
 * ACTIVE. The rest is put to user-check.ts. What replicas told may be out of date and is no part of it; stale-reads.ts
 * has that. `no-position`, `total-below-position` and `position-grew` count entries, `stale-read` readings,
 * `leaked-capacity` members of the active set, all other kinds users.
 */

/** What a promised kind costs beside its weight. */
const BELIEVED_LAST = 100;
const NEVER = Number.POSITIVE_INFINITY;

export class ConcertAudit {
  readonly #rules: Rules;
  readonly #users: ConcertUsers;
  readonly #check: UserCheck;
  readonly #order: JoinOrder;
  readonly examples = new Examples();
  /** Kinds that could have been seen. */
  readonly exercised = new Set<AnomalyKind>();
  checked = 0;
  /** Users of whom nothing can be said, since they had too much under way at once. */
  unjudged = 0;
  #tally: Tally = {};
  #circumstances: Circumstances = { freedom: NO_FREEDOM, forgettings: [], readUs: NEVER };
  /** Whether users may have left without a record of it. */
  #mayLeave = false;
  /** Users who seem to be gone: whether they hold a token is asked before they are called lost. */
  #suspects: UserSpan[] = [];
  /** Users whom a restart explains, but whom an admission may have taken that is known by number: judged at the end. */
  #forgotten: { readonly span: UserSpan; readonly asked: Read | null }[] = [];
  /** Users whom only an admission explains that is known by number: no more of them than that number are excused. */
  readonly #takenUnseen = new Set<number>();
  /** Users called lost who had waited before the trial or joined in it. */
  #lostWhoJoined = 0;

  constructor(rules: Rules, rows: Rows) {
    this.#rules = rules;
    this.#users = new ConcertUsers(rules.population, rows);
    this.#check = new UserCheck((kind) => (rules.promises.includes(kind) ? BELIEVED_LAST : 0));
    this.#order = new JoinOrder(rows);
  }

  /**
   * Judges a concert, all but those who seem to be gone.
   * @returns these: who of them holds a token is told to `findings`.
   * @throws Error if its history and its counts disagree.
   */
  judge(concert: number, told: ConcertAnswers, final: FinalState, calls: ConcertCalls | null): number[] {
    const { isComplete, isAdmitting, forgettings, elapsedUs } = this.#rules;
    this.#tally = {};
    this.#suspects = [];
    this.#lostWhoJoined = 0;
    this.#takenUnseen.clear();
    this.#forgotten = [];
    this.#mayLeave = !isComplete && told.left + told.leavesInDoubt > 0;
    this.#circumstances = {
      freedom: {
        ...NO_FREEDOM,
        ...(isComplete ? {} : { mayJoinFromUs: -NEVER }),
        ...(this.#mayLeave ? { mayLeaveFromUs: -NEVER } : {}),
        ...(isAdmitting ? { mayBeAdmittedFromUs: -NEVER } : {}),
      },
      forgettings,
      readUs: elapsedUs(),
    };
    this.#order.begin(final.waiting.length, calls);
    this.#users.begin(concert, final, calls);
    const { recorded, hasLeaves } = this.#readEntries();
    if (isComplete) agree(concert, recorded, told);
    this.checked += final.waiting.length + final.active.length + final.strangers;
    for (const kind of exercisedBy(told, hasLeaves, this.#rules, calls)) this.exercised.add(kind);
    this.#users.walk((span) => this.#judgeUser(span, null));
    return this.#suspects.map(({ user }) => user);
  }

  /** All anomalies of the concert. */
  findings(told: ConcertAnswers, holders: readonly number[]): Tally {
    const holding = new Set(holders);
    for (const span of this.#suspects) this.#judgeUser(span, holding.has(span.user) ? READ.active : READ.nowhere);
    for (const { span, asked } of this.#forgotten) this.#judgeUser(span, asked, true);
    if (this.#order.known > 1) this.exercised.add("order-broken");
    for (const broken of this.#order.broken()) this.#found("order-broken", () => orderExample(this.#users, broken));
    const { final, calls } = this.#users;
    countNumbers(this.#tally, told, this.#lostWhoJoined, this.#rules, final, calls);
    return this.#tally;
  }

  /** What a single entry tells. @returns entries by code of `RESULT`, leaves apart. */
  #readEntries(): { recorded: number[]; hasLeaves: boolean } {
    const { rows, concert } = this.#users;
    const numbers = rows.of(concert);
    const recorded = [0, 0, 0, 0, 0];
    let hasLeaves = false;
    for (let index = 0; index < numbers.length; index++) {
      const number = numbers[index]!;
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      const result = chunk.result(row);
      const operation = chunk.operation(row);
      if (operation === OPERATION.leave) hasLeaves = true;
      if (!isEntry(operation)) continue;
      recorded[result]!++;
      if (result !== RESULT.NEW && result !== RESULT.WAITING) continue;
      const position = chunk.position[row]!;
      if (position === 0) this.#entryFault("no-position", "queued, but told no position", number);
      if (chunk.total[row]! < position) {
        this.#entryFault("total-below-position", "told a total smaller than the position", number);
      }
    }
    this.checked += numbers.length;
    return { recorded, hasLeaves };
  }

  /** Apart from the loop, where a closure over the row would cost an allocation for each of them. */
  #entryFault(kind: AnomalyKind, rule: string, number: number): void {
    this.#found(kind, () => entryExample(this.#users, rule, number));
  }

  /**
   * `asked`: what was found when the data were asked for this user's token alone. `isLast`: all have been judged whom no
   * restart explains.
   */
  #judgeUser(span: UserSpan, asked: Read | null, isLast = false): void {
    const { user, start, rank, member } = span;
    const { isComplete, isAdmitting, forgettings } = this.#rules;
    const { final, calls } = this.#users;
    const isMember = member >= 0;
    const lacksToken = isMember && final.hasToken[member] === 0;
    const isActive = isMember || (rank >= 0 && final.holders.size > 0 && final.holders.has(user));
    const read: Read = asked ?? (((rank >= 0 ? READ.waiting : 0) + (isActive ? READ.active : 0)) as Read);
    const hasSeveral = span.to - span.from > 1;
    if (hasSeveral) this.exercised.add("double-new");
    if (isAdmitting || !isPlain(this.#users, span, read)) {
      const explanation = this.#explain(span, read, lacksToken, isLast);
      const isGone = explanation.troubles.some(({ fault, event }) => event < 0 && fault.kind === "lost");
      if (isGone && read === READ.nowhere && asked === null) {
        this.#suspects.push({ ...span });
        return;
      }
      if (!isLast && (calls?.unknown?.users ?? 0) > 0 && isForgotten(explanation)) {
        this.#forgotten.push({ span: { ...span }, asked });
        return;
      }
      if (!explanation.isJudged) this.unjudged++;
      if (explanation.troubles.length > 0) {
        this.#blame(span, read, explanation);
        if (isGone && start !== STATE.ACTIVE) this.#lostWhoJoined++;
        if (lacksToken && rank < 0) this.#leaks(user);
        return;
      }
    }
    if (lacksToken) this.#leaks(user);
    if (hasSeveral) {
      this.#checkPositions(span);
      this.#checkReplicas(span);
    }
    // Without a record of all, he may have come, gone and come again.
    if (isComplete || (!this.#mayLeave && calls === null && forgettings.length === 0)) this.#noteJoin(span);
  }

  /** Whom a restart explains takes no admission from those whom nothing else explains, until they have been judged. */
  #explain(span: UserSpan, read: Read, lacksToken: boolean, isLast: boolean): Explanation {
    const explain = (mayBeTakenUnseen: boolean): Explanation =>
      explainUser(this.#check, this.#users, span, read, lacksToken, this.#circumstances, mayBeTakenUnseen);
    const seen = explain(false);
    const unknown = this.#users.calls?.unknown ?? null;
    if (seen.troubles.length === 0 || unknown === null) return seen;
    const isGone = seen.troubles.every(({ fault, event }) => event < 0 && fault.kind === "lost");
    // Who was admitted twice is known by the later call alone: without a restart only those who are gone vie for the others.
    if (!isGone && this.#rules.forgettings.length === 0) return explain(true);
    if (isForgotten(seen) && !isLast) return seen;
    const isLeft = this.#takenUnseen.size < unknown.users || this.#takenUnseen.has(span.user);
    if (!isLeft) return seen;
    const unseen = explain(true);
    if (unseen.cost >= seen.cost) return seen;
    this.#takenUnseen.add(span.user);
    return unseen;
  }

  #blame(span: UserSpan, read: Read, { troubles }: Explanation): void {
    for (const kind of new Set(troubles.map(({ fault }) => fault.kind))) {
      const trouble = troubles.find(({ fault }) => fault.kind === kind)!;
      this.#found(kind, () => troubleExample(this.#users, span, read, trouble));
    }
  }

  #leaks(user: number): void {
    this.#found("leaked-capacity", () => leakExample(this.#users, user));
  }

  #checkPositions(span: UserSpan): void {
    if (this.#mayLeave) return;
    const { rows, numbers, calls } = this.#users;
    let tokenTtlUs = calls?.unknown?.tokenTtlUs ?? NEVER;
    for (let at = span.admissionsFrom; at < span.admissionsTo; at++) {
      tokenTtlUs = Math.min(tokenTtlUs, this.#users.callAt(at).tokenTtlUs);
    }
    const mayComeAgain = tokenTtlUs !== NEVER || this.#rules.forgettings.length > 0;
    const { found, hasSeveral } = grownPositions(rows, numbers, span.from, span.to, mayComeAgain);
    if (hasSeveral) this.exercised.add("position-grew");
    for (const one of found) this.#found("position-grew", () => grownExample(this.#users, span.user, one));
  }

  #checkReplicas(span: UserSpan): void {
    const { rows, numbers, calls } = this.#users;
    // Whom a server forgot, its replicas have forgotten too.
    if (this.#mayLeave || this.#rules.forgettings.length > 0 || (calls !== null && calls.unknown !== null)) return;
    const admissions = this.#users.callsOf(span);
    const { found, compared } = staleReads(rows, numbers.subarray(span.from, span.to), admissions);
    if (compared > 0) this.exercised.add("stale-read");
    for (const one of found) this.#found("stale-read", () => staleExample(this.#users, span.user, one));
  }

  /** When a user joined whose place in line is known: by the one answer NEW of the stay that he was admitted from, or is in. */
  #noteJoin(span: UserSpan): void {
    const { user, start, rank, admissionsFrom } = span;
    const { rows, numbers, calls } = this.#users;
    // Where some admissions are known by number only, the one that is known may not be his first.
    if (rank < 0 && (span.admissionsTo - admissionsFrom !== 1 || calls?.unknown !== null)) return;
    let joined = -1;
    for (let at = span.from; at < span.to; at++) {
      const number = numbers[at]!;
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      const result = chunk.result(row);
      // Of several stays nobody asks which one a place in line belongs to.
      if (result === RESULT.inDoubt || chunk.operation(row) === OPERATION.leave) return;
      if (result !== RESULT.NEW || !isEntry(chunk.operation(row))) continue;
      if (joined >= 0) return;
      joined = number;
    }
    if (joined < 0 !== (start === STATE.FOREHAND)) return;
    if (rank >= 0) this.#order.waits(rank, user, joined);
    else this.#order.wasAdmitted(this.#users.admissionAt(admissionsFrom), joined);
  }

  #found(kind: AnomalyKind, example: () => Omit<Example, "kind">): void {
    count(this.#tally, kind);
    this.examples.add(kind, example);
  }
}

/** Whether nothing is wrong but what a restart explains. */
const isForgotten = ({ troubles }: Explanation): boolean =>
  troubles.length > 0 && troubles.every(({ fault }) => fault === FAULTS.forgotten);
