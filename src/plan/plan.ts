import { deriveSeed, prng, shuffled } from "../base/prng.js";
import type { Scenario } from "../scenario/scenario.js";

/** One trial to come: one strategy, once. Rounds and orders count from 0. */
export interface TrialPlan {
  readonly round: number;
  /** Place within the round. */
  readonly order: number;
  readonly strategy: string;
  /** The strategy whose promises it must keep, where they are not its own. */
  readonly heldTo?: string;
  /** Of the whole round: each of its strategies meets the same draws of users, concerts and arrivals. */
  readonly seed: number;
}

/**
 * The trials in the order in which they run: rounds, in each of which every strategy runs once, in an order drawn from
 * the seed. Whatever changes slowly on the machine so falls on all strategies alike. Staged, all trials of one strategy
 * come before those of the next, in the order given.
 */
export function planRun({
  strategies,
  trials,
  seed,
  order: howOrdered = "interleaved",
}: Pick<Scenario, "strategies" | "trials" | "seed"> & Partial<Pick<Scenario, "order">>): TrialPlan[] {
  if (howOrdered === "staged") {
    return strategies.flatMap((strategy, order) =>
      Array.from({ length: trials }, (_, round) => ({
        round,
        order,
        strategy,
        seed: deriveSeed(seed, "round", round),
      })),
    );
  }
  return Array.from({ length: trials }, (_, round) => {
    const orderOfRound = shuffled(strategies, prng(deriveSeed(seed, "order", round)));
    const seedOfRound = deriveSeed(seed, "round", round);
    return orderOfRound.map((strategy, order) => ({ round, order, strategy, seed: seedOfRound }));
  }).flat();
}

/**
 * How long the plan's trials load the server, in ms; null if the number of entries decides. Set-up, drain and audit
 * come on top.
 */
export function loadTimeMs(
  scenario: Pick<Scenario, "strategies" | "trials" | "warmupMs" | "durationMs" | "entries">,
): number | null {
  if (scenario.entries !== null) return null;
  return scenario.trials * scenario.strategies.length * (scenario.warmupMs + scenario.durationMs);
}
