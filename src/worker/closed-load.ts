import { nowUs } from "../base/clock.js";
import type { EntryStarter, LoadModel } from "./load.js";

/** Users that begin in one turn of the event loop: more would sit in the generator and call that latency. */
const BEGINNERS_A_TURN = 512;

/** The closed model: a virtual user starts its next entry after the outcome of the last one, plus think time. */
export class ClosedLoad implements LoadModel {
  readonly dropped = 0;
  readonly #starter: EntryStarter;
  readonly #users: number;
  readonly #thinkTimeMs: number;
  #begun = 0;
  #isStopped = false;

  constructor(starter: EntryStarter, users: number, thinkTimeMs: number) {
    this.#starter = starter;
    this.#users = users;
    this.#thinkTimeMs = thinkTimeMs;
  }

  begin(now: number): void {
    const until = Math.min(this.#users, this.#begun + BEGINNERS_A_TURN);
    while (this.#begun < until) {
      if (this.#isStopped || !this.#starter.start(this.#begun, now, now)) return;
      this.#begun++;
    }
    if (this.#begun < this.#users) setImmediate(() => this.begin(nowUs()));
  }

  onFinished(slot: number, now: number): void {
    if (this.#isStopped) return;
    if (this.#thinkTimeMs === 0) {
      this.#starter.start(slot, now, now);
      return;
    }
    setTimeout(() => {
      if (this.#isStopped) return;
      const ready = nowUs();
      this.#starter.start(slot, ready, ready);
    }, this.#thinkTimeMs);
  }

  stop(): void {
    this.#isStopped = true;
  }
}
