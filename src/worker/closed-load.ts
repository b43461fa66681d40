import type { LoadModel } from "./load.js";
import type { Users } from "./users.js";

/** The closed model: in each place the next user comes after the outcome of the last one, plus think time. */
export class ClosedLoad implements LoadModel {
  readonly dropped = 0;
  readonly planned = null;
  readonly #users: Users;
  readonly #thinkTimeUs: number;
  #begun = 0;
  #startUs = 0;
  #isStopped = false;

  constructor(users: Users, thinkTimeMs: number) {
    this.#users = users;
    this.#thinkTimeUs = thinkTimeMs * 1000;
  }

  get dueUs(): number {
    return this.#begun < this.#users.places ? this.#startUs : Number.POSITIVE_INFINITY;
  }

  begin(now: number): void {
    this.#startUs = now;
  }

  arrive(now: number): void {
    if (!this.#users.arrive(this.#begun++, now, now)) this.stop();
  }

  onGone(place: number, now: number): void {
    if (this.#isStopped) return;
    if (this.#thinkTimeUs === 0) this.#users.arrive(place, now, now);
    else this.#users.arriveAt(place, now + this.#thinkTimeUs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#begun = this.#users.places;
  }
}
