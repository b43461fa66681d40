import { deriveSeed } from "../base/prng.js";
import type { Scenario } from "../scenario/scenario.js";
import { share, unevenShare } from "../scenario/shares.js";

/** Rates are split in thousandths of an entry a second, so that fractional ones add up too. */
export const shareOfRate = (ratePerSec: number, index: number, count: number): number =>
  share(Math.round(ratePerSec * 1000), index, count) / 1000;

/** What falls to one segment of a trial. Serialisable. */
export interface LoadShare {
  readonly index: number;
  readonly count: number;
  readonly vus: number;
  readonly entries: number | null;
  readonly ratePerSec: number | null;
  readonly maxInFlight: number;
  readonly seed: number;
}

/** Segment `index` of `count` of a trial whose seed is `seed`. */
export function loadShare(
  scenario: Pick<Scenario, "vus" | "entries" | "ratePerSec" | "maxInFlight" | "instanceShares">,
  seed: number,
  index: number,
  count: number,
): LoadShare {
  const { vus, entries, ratePerSec, maxInFlight, instanceShares } = scenario;
  return {
    index,
    count,
    vus: unevenShare(vus, index, count, instanceShares),
    entries: entries === null ? null : unevenShare(entries, index, count, instanceShares),
    ratePerSec: ratePerSec === null ? null : shareOfRate(ratePerSec, index, count),
    maxInFlight: share(maxInFlight, index, count),
    seed: deriveSeed(seed, "segment", index),
  };
}

/**
 * The number of a segment's k-th user (from 0): every `count`-th, so that no two segments share one however many they
 * come to use, and Redis' order among equal scores, which is by id, favours none of them.
 */
export const userNumber = ({ index, count }: Pick<LoadShare, "index" | "count">, k: number): number =>
  index + k * count;
