import { deriveSeed, prng, shuffled } from "../base/prng.js";

/** Where a measurement stands: rounds and places in them count from 0. */
export interface Place {
  readonly round: number;
  readonly order: number;
}

/**
 * Measures every setting once a round, in an order drawn from the seed, so that whatever changes slowly on the machine
 * falls on all alike. `kept` is called after each whole round: a run that is cut short leaves its rounds behind.
 */
export async function runRounds<S extends { readonly name: string }, M>(
  settings: readonly S[],
  plan: { readonly seed: number; readonly first: number; readonly rounds: number },
  measure: (setting: S, place: Place) => Promise<M>,
  kept: (round: ReadonlyMap<string, M & Place>) => Promise<void>,
): Promise<void> {
  for (let round = plan.first; round < plan.first + plan.rounds; round++) {
    const measured = new Map<string, M & Place>();
    const inOrder = shuffled(settings, prng(deriveSeed(plan.seed, "order", round)));
    for (const [order, setting] of inOrder.entries()) {
      const place = { round, order };
      measured.set(setting.name, { ...(await measure(setting, place)), ...place });
    }
    await kept(measured);
  }
}
