import { OPERATION, type OperationCode } from "../audit/history.js";
import { type Prng, prng } from "../base/prng.js";
import type { Behaviour, PollBy } from "../scenario/scenario.js";

/**
 * What a user does besides entering once, drawn from the seed: pure, so that the same seed gives the same crowd. Times
 * are µs.
 */

/** A second click comes within this. */
const DOUBLE_CLICK_US = 50_000;
/** A bot reloads this often, answered or not. */
export const RELOAD_EVERY_US = 100_000;
/** Pauses of those who poll adaptively: from … to at the front of the queue and at its back. */
const ADAPTIVE_US = { front: [1e6, 2e6], back: [8e6, 10e6] } as const;

const POLLING: Readonly<Record<PollBy, OperationCode>> = {
  entry: OPERATION.poll,
  read: OPERATION.read,
  replica: OPERATION.replicaRead,
};

export class Habits {
  readonly #behaviour: Behaviour;
  readonly #random: Prng;

  constructor(behaviour: Behaviour, seed: number) {
    this.#behaviour = behaviour;
    this.#random = prng(seed);
  }

  isBot(): boolean {
    return this.#happens(this.#behaviour.botsPercent);
  }

  /** From how many tabs he enters at once. */
  tabs(): number {
    return this.#happens(this.#behaviour.tabsPercent) ? 2 + this.#random.below(2) : 1;
  }

  /** How long after the first click the second one comes; null: there is none. */
  secondClickUs(): number | null {
    return this.#happens(this.#behaviour.doubleClickPercent) ? this.#random.next() * DOUBLE_CLICK_US : null;
  }

  leaves(): boolean {
    return this.#happens(this.#behaviour.leavePercent);
  }

  /** What whoever polls does. */
  get polling(): OperationCode {
    return POLLING[this.#behaviour.pollBy];
  }

  /** How long he waits before he asks again; null: he does not. Place and length of the queue as he was last told. */
  pollAfterUs(position: number, total: number): number | null {
    const { pollEvery } = this.#behaviour;
    if (pollEvery === null) return null;
    if (pollEvery !== "adaptive") {
      const { everyMs, jitterPercent } = pollEvery;
      return everyMs * 1000 * (1 + (jitterPercent / 100) * (2 * this.#random.next() - 1));
    }
    const behind = total === 0 ? 0 : Math.min(1, position / total);
    const { front, back } = ADAPTIVE_US;
    const from = front[0] + behind * (back[0] - front[0]);
    const to = front[1] + behind * (back[1] - front[1]);
    return from + this.#random.next() * (to - from);
  }

  #happens(percent: number): boolean {
    return percent > 0 && this.#random.next() * 100 < percent;
  }
}
