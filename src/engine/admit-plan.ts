import { deriveSeed, prng, shuffled } from "../base/prng.js";

/** Why a cluster will not do. */
export const ADMIT_NEEDS = { singleServerOnly: "to see how long an admission keeps it from others" };

/** What `qbench admit` is asked for, every option resolved. Serialisable. */
export interface AdmitPlan {
  readonly designs: readonly string[];
  /** Users of one call. */
  readonly batches: readonly number[];
  /** Users waiting before each turn. */
  readonly waiting: number;
  /** Rounds; in each, every design has a turn with each batch, is killed, and every lock is tried. */
  readonly trials: number;
  /** Of a turn; it ends earlier if fewer users wait than a batch holds. */
  readonly durationMs: number;
  /** How often in a round each design's scheduler is killed. */
  readonly kills: number;
  readonly locks: readonly string[];
  /** Schedulers that share a lock. */
  readonly instances: number;
  readonly seed: number;
}

/** One design with one batch, in one round. */
export interface AdmitTurn {
  readonly round: number;
  /** Place within the round, from 0. */
  readonly order: number;
  readonly design: string;
  readonly batch: number;
}

/** Every turn in order: each round has an order of its own, so that what drifts falls on all alike. */
export function planAdmitTurns({
  designs,
  batches,
  trials,
  seed,
}: Pick<AdmitPlan, "designs" | "batches" | "trials" | "seed">): AdmitTurn[] {
  const pairs = designs.flatMap((design) => batches.map((batch) => ({ design, batch })));
  return Array.from({ length: trials }, (_, round) =>
    shuffled(pairs, prng(deriveSeed(seed, "admit", round))).map((pair, order) => ({ round, order, ...pair })),
  ).flat();
}
