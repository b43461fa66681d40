import type { Alarm } from "../base/alarm.js";
import { nowUs, sharedNowUs } from "../base/clock.js";
import type { PaceBoard } from "./pace-board.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Node's own timer, of a millisecond: good enough for users' pauses, which nobody measures against. */
export class TimerAlarm implements Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #setForUs = Number.POSITIVE_INFINITY;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  set(dueUs: number): void {
    // Ringing too early costs less than another timer at each change.
    if (this.#setForUs <= dueUs) return;
    this.cancel();
    this.#setForUs = dueUs;
    const waitMs = Math.ceil((dueUs - nowUs()) / 1000);
    this.#timer = setTimeout(
      () => {
        this.#setForUs = Number.POSITIVE_INFINITY;
        this.#ring();
      },
      Math.min(Math.max(1, waitMs), LONGEST_TIMER_MS),
    );
  }

  cancel(): void {
    this.#setForUs = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
  }
}

/** The pacing thread: for arrivals that are measured against their plan, and for what a delayed network holds back. */
export class PacedAlarm implements Alarm {
  readonly #board: PaceBoard;
  readonly #waker: number;
  readonly #offsetUs = sharedNowUs() - nowUs();

  constructor(board: PaceBoard, waker: number, ring: () => void) {
    this.#board = board;
    this.#waker = waker;
    board.listen(waker, ring);
  }

  set(dueUs: number): void {
    this.#board.arm(this.#waker, dueUs + this.#offsetUs, nowUs() + this.#offsetUs);
  }

  cancel(): void {
    this.#board.disarm(this.#waker);
  }
}
