import { deriveSeed, prng, shuffled } from "../base/prng.js";
import type { Client } from "../drivers/driver.js";
import { OUTCOMES, type Outcome, type Score } from "../queue/outcome.js";

/** Why a cluster will not do. */
export const MICRO_NEEDS = { singleServerOnly: "to tell what one entry costs alone" };

/** What `qbench micro` is asked for, every option resolved. */
export interface MicroPlan {
  readonly strategies: readonly string[];
  readonly score: Score;
  readonly client: Client;
  /** Rounds; in each, every strategy has a turn with each kind of user. */
  readonly trials: number;
  /** Measured time of each strategy with each kind of user, all rounds together. */
  readonly durationMs: number;
  readonly timeoutMs: number;
  readonly seed: number;
}

/** One strategy with one kind of user, in one round. */
export interface Turn {
  readonly round: number;
  /** Place within the round, from 0. */
  readonly order: number;
  readonly strategy: string;
  /** What its users are before they enter, and so what they have to be told. */
  readonly outcome: Outcome;
}

/**
 * Every turn in order. Strategies meet one kind of user right after each other, so that what drifts falls on all of
 * them; each round has an order of its own, so that none always follows the same one.
 */
export function planTurns({ strategies, trials, seed }: Pick<MicroPlan, "strategies" | "trials" | "seed">): Turn[] {
  return Array.from({ length: trials }, (_, round) => {
    const random = prng(deriveSeed(seed, "micro", round));
    return shuffled(OUTCOMES, random)
      .flatMap((outcome) => shuffled(strategies, random).map((strategy) => ({ strategy, outcome })))
      .map((pair, order) => ({ round, order, ...pair }));
  }).flat();
}
