import type { Pacer } from "../pacers/pacer.js";
import type { LoadModel } from "./load.js";
import type { PlannedArrivals } from "./segment.js";
import type { Users } from "./users.js";

/**
 * The open model: users arrive when they are planned, whatever the replies do. By how much a start is late is each
 * entry's start lag, and the response time counts from the plan. Places are taken in turns; whoever is still in one by
 * then has been away for as long as it took all the others to come, and is forgotten.
 */
export class OpenLoad implements LoadModel {
  readonly #users: Users;
  readonly #pacer: Pacer;
  readonly #stopAfterUs: number;
  #startUs = 0;
  /** From the start. */
  #nextUs = Number.POSITIVE_INFINITY;
  #place = 0;
  #isOver = false;
  #dropped = 0;
  #planned = 0;
  #lastUs = 0;

  /** `stopAfterUs`: arrivals planned from then on, counted from the start, do not belong to the trial. */
  constructor(users: Users, pacer: Pacer, stopAfterUs: number) {
    this.#users = users;
    this.#pacer = pacer;
    this.#stopAfterUs = stopAfterUs;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get planned(): PlannedArrivals {
    return { count: this.#planned, lastUs: this.#lastUs };
  }

  get dueUs(): number {
    return this.#isOver ? Number.POSITIVE_INFINITY : this.#startUs + this.#nextUs;
  }

  begin(now: number): void {
    this.#startUs = now;
    this.#plan();
  }

  arrive(now: number): void {
    if (!this.#users.arrive(this.#place, this.dueUs, now)) {
      // All entries are made, or the stop instant is past: then `stop` counts who did not come.
      this.#isOver = true;
      return;
    }
    this.#place = (this.#place + 1) % this.#users.places;
    this.#advance();
  }

  /** The arrival that is due counts as planned, whether it can start or not. */
  #advance(): void {
    this.#planned++;
    this.#lastUs = this.#nextUs;
    this.#plan();
  }

  #plan(): void {
    const nextUs = this.#pacer.nextUs();
    this.#nextUs = nextUs < this.#stopAfterUs ? nextUs : Number.POSITIVE_INFINITY;
  }

  onGone(): void {}

  /** Arrivals that were due before the stop instant and had not come are dropped, not forgotten. */
  stop(now: number): void {
    const elapsedUs = now - this.#startUs;
    for (; this.#nextUs < elapsedUs; this.#advance()) this.#dropped++;
    this.#isOver = true;
  }
}
