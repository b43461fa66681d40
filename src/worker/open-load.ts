import { nowUs } from "../base/clock.js";
import type { Pacer } from "../pacers/pacer.js";
import type { EntryStarter, LoadModel } from "./load.js";

/**
 * The open model: arrivals come when they are planned, whatever the replies do. A timer of a millisecond starts what
 * has become due; by how much that is late is each entry's start lag, and the response time counts from the plan. The
 * thread neither spins nor sleeps, so its event loop stays a measure of its load. Arrivals that find all slots taken
 * are dropped and counted: memory is bounded however far the server falls behind.
 */
export class OpenLoad implements LoadModel {
  readonly #starter: EntryStarter;
  readonly #pacer: Pacer;
  readonly #stopAfterUs: number;
  readonly #free: Int32Array;
  #freeSlots: number;
  #startUs = 0;
  #dueUs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #dropped = 0;

  /** `stopAfterUs`: arrivals planned from then on, counted from the start, do not belong to the trial. */
  constructor(starter: EntryStarter, pacer: Pacer, slots: number, stopAfterUs: number) {
    this.#starter = starter;
    this.#pacer = pacer;
    this.#stopAfterUs = stopAfterUs;
    this.#free = Int32Array.from({ length: slots }, (_, slot) => slots - 1 - slot);
    this.#freeSlots = slots;
  }

  get dropped(): number {
    return this.#dropped;
  }

  begin(now: number): void {
    this.#startUs = now;
    this.#dueUs = this.#pacer.nextUs();
    this.#startDue(now);
  }

  #startDue(now: number): void {
    if (this.#isStopped) return;
    const elapsedUs = Math.min(now - this.#startUs, this.#stopAfterUs);
    while (this.#dueUs <= elapsedUs && this.#dueUs < this.#stopAfterUs) {
      if (!this.#arrive(this.#startUs + this.#dueUs, now)) return;
      this.#dueUs = this.#pacer.nextUs();
    }
    if (this.#dueUs >= this.#stopAfterUs) return;
    const waitMs = (this.#startUs + this.#dueUs - nowUs()) / 1000;
    this.#timer = setTimeout(() => this.#startDue(nowUs()), Math.max(1, Math.floor(waitMs)));
  }

  /** @returns false if no more entries are to be made. */
  #arrive(plannedUs: number, now: number): boolean {
    if (this.#freeSlots === 0) {
      this.#dropped++;
      return true;
    }
    const slot = this.#free[--this.#freeSlots]!;
    if (this.#starter.start(slot, plannedUs, now)) return true;
    this.#free[this.#freeSlots++] = slot;
    return false;
  }

  onFinished(slot: number): void {
    this.#free[this.#freeSlots++] = slot;
  }

  /** Arrivals that were due before the stop instant but whose timer came after it are dropped, not forgotten. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const elapsedUs = Math.min(nowUs() - this.#startUs, this.#stopAfterUs);
    for (; this.#dueUs < elapsedUs; this.#dueUs = this.#pacer.nextUs()) this.#dropped++;
  }
}
