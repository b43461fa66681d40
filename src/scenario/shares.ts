import type { Scenario } from "./scenario.js";

/**
 * Exact shares without a master: segment i of n computes its own from i and n alone, whether the segments are threads
 * or machines, and all of them together make the whole.
 */

/** The share of `total` (a whole number) that falls to segment `index` of `count`; shares differ by 1 at most. */
export const share = (total: number, index: number, count: number): number =>
  Math.floor((total * (index + 1)) / count) - Math.floor((total * index) / count);

/** The same by shares in per cent, which sum to 100; null: even ones. */
export const unevenShare = (total: number, index: number, count: number, shares: readonly number[] | null): number => {
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
