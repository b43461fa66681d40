import type { Population } from "../queue/population.js";
import type { CallTimes, ConcertCalls } from "./admissions.js";
import { Scratch, UserOrder } from "./by-user.js";
import type { FinalState } from "./final-state.js";
import { STATE, type State } from "./queue-model.js";
import type { Rows } from "./rows.js";

/** One user of a concert and where all that belongs to him is. */
export interface UserSpan {
  user: number;
  /** Where he stood before the trial. */
  start: State;
  /** His entries, leaves and readings: `numbers[from]` up to `numbers[to]`. */
  from: number;
  to: number;
  /** His admissions, for `admissionAt` and `callAt`. */
  admissionsFrom: number;
  admissionsTo: number;
  /** His place in the waiting set, 0 in front, and where he is among the members of the active set; −1: he is not there. */
  rank: number;
  member: number;
}

const NOTHING: FinalState = {
  waiting: new Uint32Array(0),
  strangers: 0,
  active: new Uint32Array(0),
  expiresAtMs: new Float64Array(0),
  hasToken: new Uint8Array(0),
  holders: new Set(),
};
const NOBODY = new Uint32Array(0);
const NEVER = Number.POSITIVE_INFINITY;

/**
 * All that is known of a concert (entries, admissions, both sets) in the order of the users, so that one walk meets all
 * that belongs to a user at once and nothing has to be looked up.
 */
export class ConcertUsers {
  readonly rows: Rows;
  readonly #population: Population;
  readonly #scratch = new Scratch();
  readonly #entries = new UserOrder();
  readonly #waiting = new UserOrder();
  readonly #active = new UserOrder();
  readonly #admissions = new UserOrder();
  concert = 0;
  final: FinalState = NOTHING;
  /** Null: nobody kept a record. */
  calls: ConcertCalls | null = null;

  constructor(population: Population, rows: Rows) {
    this.#population = population;
    this.rows = rows;
  }

  /** Goes on to another concert. */
  begin(concert: number, final: FinalState, calls: ConcertCalls | null): void {
    this.concert = concert;
    this.final = final;
    this.calls = calls;
    const { rows } = this;
    const numbers = rows.of(concert);
    const scratch = this.#scratch;
    this.#entries.sort(
      numbers.length,
      (index) => rows.chunkOf(numbers[index]!).user[rows.rowOf(numbers[index]!)]!,
      (index) => numbers[index]!,
      scratch,
    );
    const { waiting, active } = final;
    const itself = (index: number): number => index;
    this.#waiting.sort(waiting.length, (index) => waiting[index]!, itself, scratch);
    this.#active.sort(active.length, (index) => active[index]!, itself, scratch);
    const admitted = calls?.admitted.users ?? NOBODY;
    this.#admissions.sort(admitted.length, (index) => admitted[index]!, itself, scratch);
  }

  /** The numbers of the rows, user by user. */
  get numbers(): Uint32Array {
    return this.#entries.values;
  }

  /** An admission by the number that `calls` knows it by. */
  admissionAt(at: number): number {
    return this.#admissions.values[at]!;
  }

  callAt(at: number): CallTimes {
    return this.calls!.timesOf(this.#admissions.values[at]!);
  }

  /** The calls that admitted one user. */
  callsOf({ admissionsFrom, admissionsTo }: UserSpan): CallTimes[] {
    return Array.from({ length: admissionsTo - admissionsFrom }, (_, index) => this.callAt(admissionsFrom + index));
  }

  /**
   * Every user who was prepared, entered, was admitted, waits or is active, in order of their numbers. The span is one and
   * the same for all of them: copy what is to outlive the visit.
   */
  walk(visit: (span: UserSpan) => void): void {
    const entries = this.#entries;
    const admissions = this.#admissions;
    const waiting = this.#waiting;
    const active = this.#active;
    const prepared = this.#population.waiting + this.#population.active;
    const span: UserSpan = {
      user: 0,
      start: STATE.NONE,
      from: 0,
      to: 0,
      admissionsFrom: 0,
      admissionsTo: 0,
      rank: -1,
      member: -1,
    };
    let [entry, admission, waits, acts, ready] = [0, 0, 0, 0, 0];
    for (;;) {
      let user = ready < prepared ? ready : NEVER;
      if (entry < entries.length && entries.users[entry]! < user) user = entries.users[entry]!;
      if (admission < admissions.length && admissions.users[admission]! < user) user = admissions.users[admission]!;
      if (waits < waiting.length && waiting.users[waits]! < user) user = waiting.users[waits]!;
      if (acts < active.length && active.users[acts]! < user) user = active.users[acts]!;
      if (user === NEVER) return;
      if (user === ready) ready++;
      span.user = user;
      span.start = this.#startOf(user);
      span.from = entry;
      while (entry < entries.length && entries.users[entry] === user) entry++;
      span.to = entry;
      span.admissionsFrom = admission;
      while (admission < admissions.length && admissions.users[admission] === user) admission++;
      span.admissionsTo = admission;
      span.rank = waits < waiting.length && waiting.users[waits] === user ? waiting.values[waits++]! : -1;
      span.member = acts < active.length && active.users[acts] === user ? active.values[acts++]! : -1;
      visit(span);
    }
  }

  #startOf(user: number): State {
    const { waiting, active } = this.#population;
    if (user < waiting) return STATE.FOREHAND;
    return user < waiting + active ? STATE.ACTIVE : STATE.NONE;
  }
}
