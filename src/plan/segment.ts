import { deriveSeed } from "../base/prng.js";
import type { Scenario } from "../scenario/scenario.js";

/**
 * Exact shares without a master: segment i of n computes its own from i and n alone, whether the segments are threads
 * or machines, and all of them together make the whole.
 */

/** The share of `total` (a whole number) that falls to segment `index` of `count`; shares differ by 1 at most. */
export const share = (total: number, index: number, count: number): number =>
  Math.floor((total * (index + 1)) / count) - Math.floor((total * index) / count);

/** The same by shares in per cent, which sum to 100; null: even ones. */
const unevenShare = (total: number, index: number, count: number, shares: readonly number[] | null): number => {
  if (shares === null) return share(total, index, count);
  const upTo = (end: number): number =>
    end === count ? total : Math.floor((total * shares.slice(0, end).reduce((sum, one) => sum + one, 0)) / 100 + 1e-9);
  return upTo(index + 1) - upTo(index);
};

/** Virtual users of each instance. */
export const usersByInstance = ({
  vus,
  instances,
  instanceShares,
}: Pick<Scenario, "vus" | "instances" | "instanceShares">): number[] =>
  Array.from({ length: instances }, (_, i) => unevenShare(vus, i, instances, instanceShares));

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
