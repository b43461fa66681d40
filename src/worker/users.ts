import { isEntry, OPERATION, type OperationCode, RESULT, type ResultCode } from "../audit/history.js";
import { Agenda } from "./agenda.js";
import { type Habits, RELOAD_EVERY_US } from "./behaviour.js";
import type { EntryStarter } from "./load.js";
import type { UserCounts } from "./segment.js";
import type { Workload } from "./workload.js";

/**
 * The users who are present, one place each, and what each does next:
 *
 *   arrives ──enter (tabs, a second click, reloads beside it)──► answered ──► polls after a pause ──┐
 *      ▲                                                             │  ▲──────────────────────────┘
 *      └── comes back after a pause ◄── leaves ◄─────────────────────┤
 *                                                                    └──► is done: holds a token, or does nothing else
 *
 * Without habits a user is done with his first outcome. A place holds one user, one pending step of his and a count of
 * what he has under way: about 35 bytes, however late things run.
 */
export class Users {
  /** How many may be present. */
  readonly places: number;
  readonly user: Uint32Array;
  readonly concert: Int32Array;
  readonly prepared: Uint8Array;
  /** Grows with each arrival: what belongs to the one before is then nobody's. */
  readonly visit: Int32Array;
  /** Arrivals, polls, repeats and leaves that found no slot. */
  dropped = 0;
  readonly #underWay: Uint8Array;
  readonly #isBot: Uint8Array;
  readonly #next: Uint8Array;
  readonly #agenda: Agenda;
  readonly #workload: Workload;
  readonly #starter: EntryStarter;
  readonly #habits: Habits | null;
  readonly #isOpen: boolean;
  readonly #returnAfterUs: number | null;
  readonly #onGone: (place: number, nowUs: number) => void;
  readonly #counts = { arrivals: 0, polls: 0, repeats: 0, returns: 0 };

  constructor(options: {
    readonly places: number;
    readonly workload: Workload;
    readonly starter: EntryStarter;
    readonly habits: Habits | null;
    readonly returnAfterMs: number | null;
    /** Whether starts are planned, so that one that is late counts from the plan. */
    readonly isOpen: boolean;
    readonly onGone: (place: number, nowUs: number) => void;
  }) {
    const { places, returnAfterMs } = options;
    this.places = places;
    this.user = new Uint32Array(places);
    this.concert = new Int32Array(places);
    this.prepared = new Uint8Array(places);
    this.visit = new Int32Array(places);
    this.#underWay = new Uint8Array(places);
    this.#isBot = new Uint8Array(places);
    this.#next = new Uint8Array(places);
    this.#agenda = new Agenda(places);
    this.#workload = options.workload;
    this.#starter = options.starter;
    this.#habits = options.habits;
    this.#isOpen = options.isOpen;
    this.#returnAfterUs = returnAfterMs === null ? null : returnAfterMs * 1000;
    this.#onGone = options.onGone;
  }

  get counts(): UserCounts {
    return this.#counts;
  }

  /** When the next step of somebody present is due; Infinity if none is. */
  get dueUs(): number {
    return this.#agenda.dueUs;
  }

  /** A user comes and takes `place`, from whoever has it. @returns false if no more entries are to be made. */
  arrive(place: number, plannedUs: number, now: number): boolean {
    const room = this.#starter.room(now);
    if (room === "full") this.dropped++;
    if (room !== "free") return room === "full";
    const workload = this.#workload;
    workload.draw();
    this.user[place] = workload.user;
    this.concert[place] = workload.concert;
    this.prepared[place] = workload.prepared;
    this.visit[place]!++;
    this.#underWay[place] = 0;
    this.#agenda.remove(place);
    this.#counts.arrivals++;
    this.#enter(place, plannedUs, now);
    return true;
  }

  /** The next user comes at `dueUs`. */
  arriveAt(place: number, dueUs: number): void {
    this.#plan(place, STEP.arrive, dueUs);
  }

  #enter(place: number, plannedUs: number, now: number): void {
    this.#start(place, OPERATION.enter, plannedUs, now);
    const habits = this.#habits;
    if (habits === null) return;
    this.#isBot[place] = habits.isBot() ? 1 : 0;
    if (this.#isBot[place] === 1) {
      this.#plan(place, STEP.reload, plannedUs + RELOAD_EVERY_US);
      return;
    }
    for (let tab = habits.tabs(); tab > 1; tab--) this.#repeat(place, plannedUs, now);
    const secondClickUs = habits.secondClickUs();
    if (secondClickUs !== null) this.#plan(place, STEP.click, plannedUs + secondClickUs);
  }

  /** Takes the step that is due first. */
  act(now: number): void {
    const dueUs = this.#agenda.dueUs;
    const place = this.#agenda.shift();
    const plannedUs = this.#isOpen ? dueUs : now;
    switch (this.#next[place]) {
      case STEP.arrive:
        this.arrive(place, plannedUs, now);
        break;
      case STEP.click:
        this.#repeat(place, plannedUs, now);
        break;
      case STEP.reload:
        if (this.#repeat(place, plannedUs, now)) this.#plan(place, STEP.reload, dueUs + RELOAD_EVERY_US);
        break;
      case STEP.comeBack:
        if (this.#mayStart(now)) {
          this.#counts.returns++;
          this.#enter(place, plannedUs, now);
        } else this.#onGone(place, now);
        break;
      default:
        if (this.#mayStart(now)) {
          const polling = this.#habits!.polling;
          if (isEntry(polling)) this.#counts.polls++;
          this.#start(place, polling, plannedUs, now);
        } else this.#pollLater(place, 0, 0, now);
    }
  }

  /** An operation has its outcome, or has failed. `visit`: as it was when it started. */
  onEnded(
    place: number,
    visit: number,
    operation: number,
    result: ResultCode,
    position: number,
    total: number,
    now: number,
  ): void {
    if (this.visit[place] !== visit) return;
    const underWay = --this.#underWay[place]!;
    if (this.#habits === null) {
      this.#onGone(place, now);
      return;
    }
    if (underWay > 0) return;
    if (operation === OPERATION.leave) {
      if (this.#returnAfterUs === null) this.#onGone(place, now);
      else this.#plan(place, STEP.comeBack, now + this.#returnAfterUs);
    } else if (result === RESULT.ACTIVE) {
      this.#agenda.remove(place);
      this.#onGone(place, now);
    } else if (!this.#agenda.has(place)) this.#goOn(place, position, total, now);
  }

  /** What a user does who has his answers and waits, or got none. Whom set-up put into the queue never leaves it. */
  #goOn(place: number, position: number, total: number, now: number): void {
    if (this.prepared[place] === RESULT.NEW && this.#habits!.leaves() && this.#mayStart(now)) {
      this.#start(place, OPERATION.leave, now, now);
    } else this.#pollLater(place, position, total, now);
  }

  #pollLater(place: number, position: number, total: number, now: number): void {
    const pauseUs = this.#habits!.pollAfterUs(position, total);
    if (pauseUs === null) this.#onGone(place, now);
    else this.#plan(place, STEP.poll, now + pauseUs);
  }

  /** @returns false if no more entries are to be made. */
  #repeat(place: number, plannedUs: number, now: number): boolean {
    if (this.#underWay[place]! >= MOST_UNDER_WAY) return true;
    if (!this.#mayStart(now)) return this.#starter.room(now) !== "over";
    this.#counts.repeats++;
    this.#start(place, OPERATION.repeat, plannedUs, now);
    return true;
  }

  #mayStart(now: number): boolean {
    const room = this.#starter.room(now);
    if (room === "full") this.dropped++;
    return room === "free";
  }

  #start(place: number, operation: OperationCode, plannedUs: number, now: number): void {
    const lane = place + this.#underWay[place]!++;
    this.#starter.start(place, operation, lane, plannedUs, now);
  }

  #plan(place: number, step: number, dueUs: number): void {
    this.#next[place] = step;
    this.#agenda.set(place, dueUs);
  }
}

/** Entries that one user may have under way: three tabs and a second click. */
export const MOST_UNDER_WAY = 4;

const STEP = { arrive: 0, poll: 1, click: 2, reload: 3, comeBack: 4 } as const;
