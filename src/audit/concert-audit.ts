import type { AnomalyKind } from "../queue/anomaly.js";
import { userIdOf } from "../queue/keys.js";
import type { Outcome } from "../queue/outcome.js";
import type { ConcertCalls } from "./admissions.js";
import { Scratch, UserOrder } from "./by-user.js";
import { type Clock, shiftBetween } from "./clocks.js";
import { type EvidenceEvent, Examples, evidenceOf } from "./evidence.js";
import type { FinalState } from "./final-state.js";
import { isEntry, OPERATION, RESULT } from "./history.js";
import { JoinOrder } from "./join-order.js";
import { grownPositions } from "./positions.js";
import { OBSERVED, type Observed, READ, type Read, STATE, type State } from "./queue-model.js";
import type { Rows } from "./rows.js";
import { staleReads } from "./stale-reads.js";
import { type Explanation, type Freedom, NO_FREEDOM, UserCheck } from "./user-check.js";

/**
 * One concert held against the model of its queue: what its users were told, who was admitted, where they stand
 * afterwards. Pure. Everything is brought into the order of the users (entries, admissions, both sets), so that one walk
 * meets all that belongs to a user at once and nothing has to be looked up.
 *
 * Nearly every user is plain: he was told NEW once, then WAITING, then perhaps was admitted and told ACTIVE. That is seen
 * at a glance; the rest is put to user-check.ts. What replicas told may be out of date and is no part of it; stale-reads.ts
 * has that. `no-position`, `total-below-position` and `position-grew` count entries, `stale-read` readings,
 * `leaked-capacity` members of the active set, all other kinds users.
 */

/** Users that set-up put into each concert: 0 … waiting − 1 wait in that order, the next `active` ones hold tokens. */
export interface Prepared {
  readonly waiting: number;
  readonly active: number;
}

/** What the generator counted for one concert. `failed` includes the entries in doubt; leaves are no entries. */
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
  /** Whether users were moved from waiting to active by somebody who kept no record. */
  readonly isAdmitting: boolean;
  /** Whether every entry is in the history; if not, answers nobody recorded are judged by their number. */
  readonly isComplete: boolean;
  /** Kinds that the strategy promises never to show: they are found only where nothing else explains what happened. */
  readonly promises: readonly AnomalyKind[];
  /** How long after the threads' line-up this is, µs, or more. */
  readonly elapsedUs: () => number;
}

export type Tally = Partial<Record<AnomalyKind, number>>;

const NOTHING: FinalState = {
  waiting: new Uint32Array(0),
  strangers: 0,
  active: new Uint32Array(0),
  expiresAtMs: new Float64Array(0),
  hasToken: new Uint8Array(0),
  holders: new Set(),
};
const NOBODY = new Uint32Array(0);
const READ_TEXT = ["nowhere", "waiting", "active", "waiting and active"] as const;
/** How far the server's idea of a token's life may be from ours: its clock goes in ms, and may be stepped. */
const CLOCK_STEP_US = 10_000;
/** What a promised kind costs beside its weight. */
const BELIEVED_LAST = 100;
const NEVER = Number.POSITIVE_INFINITY;

/** A user who seems to be gone: whether he holds a token is asked before he is called lost. */
interface Suspect {
  readonly user: number;
  readonly from: number;
  readonly to: number;
  readonly admissionsFrom: number;
  readonly admissionsTo: number;
}

export class ConcertAudit {
  readonly #rules: Rules;
  readonly #rows: Rows;
  readonly #check: UserCheck;
  readonly #scratch = new Scratch();
  readonly #entries = new UserOrder();
  readonly #waiting = new UserOrder();
  readonly #active = new UserOrder();
  readonly #admissions = new UserOrder();
  readonly #order: JoinOrder;
  readonly examples = new Examples();
  /** Kinds that could have been seen. */
  readonly exercised = new Set<AnomalyKind>();
  checked = 0;
  /** Users of whom nothing can be said, since they had too much under way at once. */
  unjudged = 0;
  #tally: Tally = {};
  #concert = 0;
  #final: FinalState = NOTHING;
  #calls: ConcertCalls | null = null;
  /** Whether users may have left without a record of it. */
  #mayLeave = false;
  /** When the data were read, on the common clock, or later. */
  #readUs = NEVER;
  #suspects: Suspect[] = [];
  /** Users for whom the answers vouch and who are nowhere; of them `prepared.active` are not in the count of answers. */
  #lostWhoJoined = 0;

  constructor(rules: Rules, rows: Rows) {
    this.#rules = rules;
    this.#rows = rows;
    this.#check = new UserCheck((kind) => (rules.promises.includes(kind) ? BELIEVED_LAST : 0));
    this.#order = new JoinOrder(rows);
  }

  /**
   * Judges a concert, all but those who seem to be gone.
   * @returns these: who of them holds a token is told to `findings`.
   * @throws Error if its history and its counts disagree.
   */
  judge(concert: number, told: ConcertAnswers, final: FinalState, calls: ConcertCalls | null): number[] {
    this.#concert = concert;
    this.#final = final;
    this.#calls = calls;
    this.#tally = {};
    this.#suspects = [];
    this.#lostWhoJoined = 0;
    this.#readUs = this.#rules.elapsedUs();
    this.#mayLeave = !this.#rules.isComplete && told.left + told.leavesInDoubt > 0;
    this.#order.begin(final.waiting.length, calls);
    this.#sort(concert);
    const recorded = this.#readEntries();
    if (this.#rules.isComplete) agree(concert, recorded, told);
    this.checked += final.waiting.length + final.active.length + final.strangers;
    this.#noteExercised(told);
    this.#walk();
    return this.#suspects.map(({ user }) => user);
  }

  /** All anomalies of the concert. */
  findings(told: ConcertAnswers, holders: readonly number[]): Tally {
    const holding = new Set(holders);
    for (const { user, from, to, admissionsFrom, admissionsTo } of this.#suspects) {
      this.#user(user, from, to, admissionsFrom, admissionsTo, -1, -1, holding.has(user) ? READ.active : READ.nowhere);
    }
    if (this.#order.known > 1) this.exercised.add("order-broken");
    for (const broken of this.#order.broken()) {
      this.#count("order-broken");
      this.examples.add("order-broken", () => this.#orderExample(broken.user, broken.row, broken.aheadRow));
    }
    this.#countNumbers(told);
    return this.#tally;
  }

  #sort(concert: number): void {
    const rows = this.#rows;
    const numbers = rows.of(concert);
    const scratch = this.#scratch;
    this.#entries.sort(
      numbers.length,
      (index) => rows.chunkOf(numbers[index]!).user[rows.rowOf(numbers[index]!)]!,
      (index) => numbers[index]!,
      scratch,
    );
    const { waiting, active } = this.#final;
    const itself = (index: number): number => index;
    this.#waiting.sort(waiting.length, (index) => waiting[index]!, itself, scratch);
    this.#active.sort(active.length, (index) => active[index]!, itself, scratch);
    const known = this.#calls?.admitted.users ?? NOBODY;
    this.#admissions.sort(known.length, (index) => known[index]!, itself, scratch);
  }

  /** What a single entry tells. @returns entries by code of `RESULT`, leaves apart. */
  #readEntries(): number[] {
    const rows = this.#rows;
    const numbers = rows.of(this.#concert);
    const recorded = [0, 0, 0, 0, 0];
    for (let index = 0; index < numbers.length; index++) {
      const number = numbers[index]!;
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      const result = chunk.result(row);
      const operation = chunk.operation(row);
      if (operation === OPERATION.leave) this.#exerciseShrinking();
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
    return recorded;
  }

  #entryFault(kind: AnomalyKind, rule: string, number: number): void {
    this.#count(kind);
    this.examples.add(kind, () => ({
      rule,
      concert: this.#concert,
      user: this.#rows.at(number).user,
      events: [{ ...evidenceOf(this.#rows.at(number)), isToBlame: true }],
    }));
  }

  /** Every user who was prepared, entered, was admitted, waits or is active, in order of their numbers. */
  #walk(): void {
    const { prepared } = this.#rules;
    const entries = this.#entries;
    const { waiting, active } = this.#final;
    const everyone = prepared.waiting + prepared.active;
    let [entry, admission, waits, acts, ready] = [0, 0, 0, 0, 0];
    for (;;) {
      let user = ready < everyone ? ready : NEVER;
      if (entry < entries.length && entries.users[entry]! < user) user = entries.users[entry]!;
      if (admission < this.#admissions.length && this.#admissions.users[admission]! < user) {
        user = this.#admissions.users[admission]!;
      }
      if (waits < waiting.length && this.#waiting.users[waits]! < user) user = this.#waiting.users[waits]!;
      if (acts < active.length && this.#active.users[acts]! < user) user = this.#active.users[acts]!;
      if (user === NEVER) return;
      if (user === ready) ready++;
      const from = entry;
      while (entry < entries.length && entries.users[entry] === user) entry++;
      const admissionsFrom = admission;
      while (admission < this.#admissions.length && this.#admissions.users[admission] === user) admission++;
      let rank = -1;
      if (waits < waiting.length && this.#waiting.users[waits] === user) rank = this.#waiting.values[waits++]!;
      let member = -1;
      if (acts < active.length && this.#active.users[acts] === user) member = this.#active.values[acts++]!;
      this.#user(user, from, entry, admissionsFrom, admission, rank, member, null);
    }
  }

  /** `asked`: what was found when the data were asked for this user's token alone. */
  #user(
    user: number,
    from: number,
    to: number,
    admissionsFrom: number,
    admissionsTo: number,
    rank: number,
    member: number,
    asked: Read | null,
  ): void {
    const { isComplete } = this.#rules;
    const { hasToken, holders } = this.#final;
    const isMember = member >= 0;
    const lacksToken = isMember && hasToken[member] === 0;
    const isActive = isMember || (rank >= 0 && holders.size > 0 && holders.has(user));
    const read: Read = asked ?? (((rank >= 0 ? READ.waiting : 0) + (isActive ? READ.active : 0)) as Read);
    const start = this.#startOf(user);
    if (to - from > 1) this.exercised.add("double-new");
    if (!this.#isPlain(start, from, to, admissionsFrom, admissionsTo, read)) {
      const explanation = this.#explain(start, from, to, admissionsFrom, admissionsTo, read, lacksToken);
      if (!explanation.isJudged) this.unjudged++;
      const isGone = explanation.troubles.some(({ fault, event }) => event < 0 && fault.kind === "lost");
      if (isGone && read === READ.nowhere && asked === null) {
        this.#suspects.push({ user, from, to, admissionsFrom, admissionsTo });
        return;
      }
      if (explanation.troubles.length > 0) {
        this.#blame(user, from, to, admissionsFrom, admissionsTo, read, explanation);
        if (isGone && start !== STATE.ACTIVE) this.#lostWhoJoined++;
        this.#leaks(user, lacksToken && rank < 0);
        return;
      }
    }
    this.#leaks(user, lacksToken);
    if (to - from > 1) {
      this.#checkPositions(user, from, to, admissionsFrom, admissionsTo);
      this.#checkReplicas(user, from, to, admissionsFrom, admissionsTo);
    }
    // Without a record of all, he may have come, gone and come again.
    if (isComplete || (!this.#mayLeave && this.#calls === null))
      this.#noteJoin(user, start, from, to, admissionsFrom, admissionsTo, rank);
  }

  #startOf(user: number): State {
    const { waiting, active } = this.#rules.prepared;
    if (user < waiting) return STATE.FOREHAND;
    return user < waiting + active ? STATE.ACTIVE : STATE.NONE;
  }

  /** What is legal at a glance: NEW (unless prepared), then WAITING, then an admission, then ACTIVE, each in its time. */
  #isPlain(start: State, from: number, to: number, admissionsFrom: number, admissionsTo: number, read: Read): boolean {
    const admissions = admissionsTo - admissionsFrom;
    if (admissions > 1 || read === READ.both || this.#rules.isAdmitting) return false;
    const rows = this.#rows;
    let news = 0;
    let clock: Clock | null = null;
    // The latest that NEW, and the answers WAITING, allow the admission to be early; and so on.
    let newSentUs = -NEVER;
    let firstWaitingUs = NEVER;
    let lastWaitingUs = -NEVER;
    let firstActiveUs = NEVER;
    for (let at = from; at < to; at++) {
      const number = this.#entries.values[at]!;
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      const result = chunk.result(row);
      const operation = chunk.operation(row);
      if (result === RESULT.failed || operation === OPERATION.replicaRead) continue;
      if (result === RESULT.inDoubt || operation === OPERATION.leave) return false;
      // A reading that found him nowhere.
      if (operation === OPERATION.read && result === RESULT.NEW) return false;
      const itsClock = rows.clockOf(number);
      if (clock !== null && clock !== itsClock) return false;
      clock = itsClock;
      const sentUs = chunk.sentUs[row]!;
      const repliedUs = chunk.repliedUs[row]!;
      if (result === RESULT.NEW) {
        news++;
        newSentUs = sentUs;
        if (sentUs > lastWaitingUs) lastWaitingUs = sentUs;
      } else if (result === RESULT.WAITING) {
        if (sentUs > lastWaitingUs) lastWaitingUs = sentUs;
        if (repliedUs < firstWaitingUs) firstWaitingUs = repliedUs;
      } else if (repliedUs < firstActiveUs) firstActiveUs = repliedUs;
    }
    if (start === STATE.ACTIVE) {
      return admissions === 0 && news === 0 && lastWaitingUs === -NEVER && read === READ.active;
    }
    if (news !== (start === STATE.NONE ? 1 : 0) || firstWaitingUs < newSentUs) return false;
    if (admissions === 0) return read === READ.waiting && firstActiveUs === NEVER;
    if (read !== READ.active) return false;
    const call = this.#calls!.timesOf(this.#admissions.values[admissionsFrom]!);
    const { offsetUs, uncertaintyUs } = clock ?? call.clock;
    const doubtUs = clock === call.clock ? 0 : uncertaintyUs + call.clock.uncertaintyUs;
    const callSentUs = call.sentUs + call.clock.offsetUs - offsetUs - doubtUs;
    const callRepliedUs = call.repliedUs + call.clock.offsetUs - offsetUs + doubtUs;
    return lastWaitingUs <= callRepliedUs && callSentUs <= firstActiveUs && lastWaitingUs <= firstActiveUs;
  }

  /** All that happened to one user, on the clock of his first entry; what other clocks say is taken with their doubt. */
  #explain(
    start: State,
    from: number,
    to: number,
    admissionsFrom: number,
    admissionsTo: number,
    read: Read,
    lacksToken: boolean,
  ): Explanation {
    const check = this.#check;
    const rows = this.#rows;
    const { isComplete, isAdmitting } = this.#rules;
    const readUs = this.#readUs;
    const clock = from < to ? rows.clockOf(this.#entries.values[from]!) : null;
    const free: Freedom = { ...NO_FREEDOM };
    if (!isComplete) free.mayJoinFromUs = -NEVER;
    if (this.#mayLeave) free.mayLeaveFromUs = -NEVER;
    if (isAdmitting) free.mayBeAdmittedFromUs = -NEVER;
    check.clear();
    for (let at = from; at < to; at++) {
      const number = this.#entries.values[at]!;
      const chunk = rows.chunkOf(number);
      const row = rows.rowOf(number);
      const result = chunk.result(row);
      if (result === RESULT.failed) continue;
      const shift = shiftBetween(rows.clockOf(number), clock);
      const sentUs = chunk.sentUs[row]! + shift.byUs - shift.doubtUs;
      const operation = chunk.operation(row);
      if (operation === OPERATION.replicaRead) continue;
      const isLeave = operation === OPERATION.leave;
      if (result === RESULT.inDoubt) {
        if (isLeave) free.mayLeaveFromUs = Math.min(free.mayLeaveFromUs, sentUs);
        else free.mayJoinFromUs = Math.min(free.mayJoinFromUs, sentUs);
      } else {
        check.add(observedOf(result, operation), sentUs, chunk.repliedUs[row]! + shift.byUs + shift.doubtUs);
      }
    }
    let mayHaveEnded = false;
    for (let at = admissionsFrom; at < admissionsTo; at++) {
      const call = this.#calls!.timesOf(this.#admissions.values[at]!);
      const shift = shiftBetween(call.clock, clock);
      const sentUs = call.sentUs + shift.byUs - shift.doubtUs;
      const repliedUs = call.repliedUs + shift.byUs + shift.doubtUs;
      const mayEndUs = endOf(sentUs - CLOCK_STEP_US, call.tokenTtlUs);
      check.add(OBSERVED.admitted, sentUs, repliedUs, mayEndUs, endOf(repliedUs + CLOCK_STEP_US, call.tokenTtlUs));
      if (mayEndUs <= readUs - (clock?.offsetUs ?? 0)) mayHaveEnded = true;
    }
    const unknown = this.#calls?.unknown ?? null;
    if (unknown !== null) {
      const shift = shiftBetween(unknown.clock, clock);
      free.mayBeAdmittedFromUs = unknown.fromUs + shift.byUs - shift.doubtUs;
      free.admissionMayEndUs = endOf(free.mayBeAdmittedFromUs - CLOCK_STEP_US, unknown.tokenTtlUs);
      if (free.admissionMayEndUs <= readUs - (clock?.offsetUs ?? 0)) mayHaveEnded = true;
    }
    // A place in the active set that outlived its token: the user is not active any more.
    const withoutPlace = read === READ.both ? READ.waiting : READ.nowhere;
    const reads = lacksToken && mayHaveEnded ? [read, withoutPlace] : [read];
    return check.explain(start, reads, readUs - (clock?.offsetUs ?? 0), free);
  }

  #blame(
    user: number,
    from: number,
    to: number,
    admissionsFrom: number,
    admissionsTo: number,
    read: Read,
    { troubles }: Explanation,
  ): void {
    for (const kind of new Set(troubles.map(({ fault }) => fault.kind))) {
      this.#count(kind);
      this.examples.add(kind, () => {
        const { fault, event } = troubles.find((trouble) => trouble.fault.kind === kind)!;
        const events = this.#eventsOf(from, to, admissionsFrom, admissionsTo, read, event);
        return { rule: fault.rule, concert: this.#concert, user, events };
      });
    }
  }

  /** All that is known of a user, in order of time on the common clock. `blamed`: place among the events that were judged. */
  #eventsOf(
    from: number,
    to: number,
    admissionsFrom: number,
    admissionsTo: number,
    read: Read,
    blamed: number,
  ): EvidenceEvent[] {
    const rows = this.#rows;
    const timed: { atUs: number; event: EvidenceEvent }[] = [];
    let judged = 0;
    const note = (atUs: number, event: EvidenceEvent, isJudged: boolean): void => {
      const isToBlame = isJudged && judged++ === blamed;
      timed.push({ atUs, event: isToBlame ? { ...event, isToBlame: true } : event });
    };
    for (let at = from; at < to; at++) {
      const entry = rows.at(this.#entries.values[at]!);
      const isJudged = entry.operation !== "replica-read" && entry.result !== "failed" && entry.result !== "in-doubt";
      note(entry.sentUs + rows.clockOf(this.#entries.values[at]!).offsetUs, evidenceOf(entry), isJudged);
    }
    for (let at = admissionsFrom; at < admissionsTo; at++) {
      const { sentUs, repliedUs, clock } = this.#calls!.timesOf(this.#admissions.values[at]!);
      const event = { what: "admission", result: "ADMITTED", instance: clock.instance, sentUs, repliedUs } as const;
      note(sentUs + clock.offsetUs, event, true);
    }
    timed.sort((a, b) => a.atUs - b.atUs);
    const result = READ_TEXT[read];
    const afterwards: EvidenceEvent = { what: "afterwards", result, instance: -1 };
    return [...timed.map(({ event }) => event), blamed < 0 ? { ...afterwards, isToBlame: true } : afterwards];
  }

  #leaks(user: number, isLeaking: boolean): void {
    if (!isLeaking) return;
    this.#count("leaked-capacity");
    this.examples.add("leaked-capacity", () => ({
      rule: "a member of the active set without a token",
      concert: this.#concert,
      user,
      events: [{ what: "afterwards", result: "active", instance: -1, isToBlame: true }],
    }));
  }

  #checkPositions(user: number, from: number, to: number, admissionsFrom: number, admissionsTo: number): void {
    if (this.#mayLeave) return;
    let tokenTtlUs = this.#calls?.unknown?.tokenTtlUs ?? NEVER;
    for (let at = admissionsFrom; at < admissionsTo; at++) {
      tokenTtlUs = Math.min(tokenTtlUs, this.#calls!.timesOf(this.#admissions.values[at]!).tokenTtlUs);
    }
    const mayComeAgain = tokenTtlUs !== NEVER;
    const grown = grownPositions(this.#rows, this.#entries.values, from, to, mayComeAgain);
    if (grown.hasSeveral) this.exercised.add("position-grew");
    for (const { number, before } of grown.found) {
      this.#count("position-grew");
      this.examples.add("position-grew", () => ({
        rule: "told a higher position than before, in one stay",
        concert: this.#concert,
        user,
        events: [evidenceOf(this.#rows.at(before)), { ...evidenceOf(this.#rows.at(number)), isToBlame: true }],
      }));
    }
  }

  #checkReplicas(user: number, from: number, to: number, admissionsFrom: number, admissionsTo: number): void {
    if (this.#mayLeave || (this.#calls !== null && this.#calls.unknown !== null)) return;
    const admissions = Array.from({ length: admissionsTo - admissionsFrom }, (_, i) =>
      this.#calls!.timesOf(this.#admissions.values[admissionsFrom + i]!),
    );
    const { found, compared } = staleReads(this.#rows, this.#entries.values.subarray(from, to), admissions);
    if (compared > 0) this.exercised.add("stale-read");
    for (const { number, before } of found) {
      this.#count("stale-read");
      this.examples.add("stale-read", () => ({
        rule: "told by a replica what had changed before he asked",
        concert: this.#concert,
        user,
        events: [
          ...(before === null ? [] : [evidenceOf(this.#rows.at(before))]),
          { ...evidenceOf(this.#rows.at(number)), isToBlame: true },
        ],
      }));
    }
  }

  /** When a user joined whose place in line is known: by the one answer NEW of the stay that he was admitted from, or is in. */
  #noteJoin(
    user: number,
    start: State,
    from: number,
    to: number,
    admissionsFrom: number,
    admissionsTo: number,
    rank: number,
  ): void {
    // Where some admissions are known by number only, the one that is known may not be his first.
    if (rank < 0 && (admissionsTo - admissionsFrom !== 1 || this.#calls?.unknown !== null)) return;
    const rows = this.#rows;
    let joined = -1;
    for (let at = from; at < to; at++) {
      const number = this.#entries.values[at]!;
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
    else this.#order.wasAdmitted(this.#admissions.values[admissionsFrom]!, joined);
  }

  #orderExample(user: number, row: number, aheadRow: number) {
    const events: EvidenceEvent[] = [];
    if (row >= 0) events.push({ ...evidenceOf(this.#rows.at(row)), isToBlame: true });
    if (aheadRow >= 0) events.push(evidenceOf(this.#rows.at(aheadRow)));
    const ahead = aheadRow >= 0 ? `user ${userIdOf(this.#rows.at(aheadRow).user)}, who entered later` : "a later one";
    return { rule: `stands or was admitted behind ${ahead}`, concert: this.#concert, user, events };
  }

  /** What numbers alone tell: of strangers, and of answers that are not in the history. */
  #countNumbers(told: ConcertAnswers): void {
    const { isComplete, prepared, promises } = this.#rules;
    const { strangers } = this.#final;
    this.#count("phantom", strangers);
    const { left, leavesInDoubt } = told;
    // Of those who left nobody says which of them had been admitted.
    if (isComplete || (this.#calls !== null && left + leavesInDoubt > 0)) return;
    const present = strangers + this.#present();
    const least = prepared.waiting + told.answers.NEW - left;
    const { phantom = 0, "double-new": doubled = 0 } = this.#tally;
    this.#count("phantom", present - least - told.inDoubt - phantom);
    const missing = least - leavesInDoubt - present - this.#lostWhoJoined - doubled;
    this.#count(promises.includes("double-new") ? "lost" : "double-new", missing);
  }

  /** Users who wait or are active and were not active before the trial; with a record of admissions, who ever was. */
  #present(): number {
    const { waiting, active } = this.#final;
    const { prepared } = this.#rules;
    const wasActive = (user: number): boolean => user >= prepared.waiting && user < prepared.waiting + prepared.active;
    if (this.#calls !== null) {
      let queued = this.#calls.count;
      for (const user of waiting) if (!wasActive(user)) queued++;
      return queued;
    }
    const everybody = new Set<number>();
    for (const user of waiting) if (!wasActive(user)) everybody.add(user);
    for (const user of active) if (!wasActive(user)) everybody.add(user);
    return everybody.size;
  }

  /** Which kinds the concert could have shown at all; the walk adds what depends on single users. */
  #noteExercised(told: ConcertAnswers): void {
    const entries = told.answers.NEW + told.answers.WAITING + told.answers.ACTIVE;
    const note = (condition: boolean, ...kinds: AnomalyKind[]): void => {
      for (const kind of condition ? kinds : []) this.exercised.add(kind);
    };
    const { isAdmitting, isComplete, prepared } = this.#rules;
    const admits = isAdmitting || (this.#calls !== null && this.#calls.count > 0);
    note(entries > 0, "lost", "phantom");
    note(entries > 0 && isComplete, "wrong-outcome");
    note(admits || (prepared.active > 0 && told.answers.ACTIVE > 0), "wait-and-active");
    note(admits, "double-admission", "leaked-capacity");
    if (admits) this.#exerciseShrinking();
  }

  /** Only where users are taken out of the waiting set can an answer find one gone. */
  #exerciseShrinking(): void {
    this.exercised.add("no-position");
    this.exercised.add("total-below-position");
  }

  #count(kind: AnomalyKind, times = 1): void {
    if (times > 0) this.#tally[kind] = (this.#tally[kind] ?? 0) + times;
  }
}

/** A token that does not end has no end, however little is known of its beginning. */
const endOf = (fromUs: number, ttlUs: number): number => (ttlUs === NEVER ? NEVER : fromUs + ttlUs);

function observedOf(result: number, operation: number): Observed {
  const isLeave = operation === OPERATION.leave;
  if (operation === OPERATION.read && result === RESULT.NEW) return OBSERVED.foundNowhere;
  if (result === RESULT.NEW) return isLeave ? OBSERVED.leftNowhere : OBSERVED.toldNew;
  if (result === RESULT.WAITING) return isLeave ? OBSERVED.leftWaiting : OBSERVED.toldWaiting;
  return isLeave ? OBSERVED.leftActive : OBSERVED.toldActive;
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
