import { deriveSeed, prng, shuffled } from "../base/prng.js";
import { median } from "./median.js";

/**
 * Where a series of figures, one after another in time, changes its level: binary segmentation. Of every place that
 * leaves five figures on each side, the one where the rank sums of the two sides differ most (Wilcoxon–Mann–Whitney, in
 * standard deviations) is tried: it is a change if a series in random order hardly ever has a place as strong (p below
 * 1 %, from 999 shuffles, the same ones every time), and the medians of its sides differ by 3 %. Then both sides are
 * searched in the same way. Sources: Vostrikova, Soviet Math. Doklady 24 (1981); Pettitt, Applied Statistics 28 (1979).
 */
export interface ChangePoint {
  /** Index of the first figure on the new level. */
  readonly at: number;
  /** Median of the new level over that of the old one. */
  readonly ratio: number;
  /** Share of shuffled series with as strong a place. */
  readonly p: number;
}

const FEWEST_ON_A_SIDE = 5;
const SHUFFLES = 999;
const ALPHA = 0.01;
const SMALLEST_RATIO = 1.03;

/** In order of time. @param figures positive numbers */
export function changePoints(figures: readonly number[]): ChangePoint[] {
  return search(figures, 0, figures.length).sort((a, b) => a.at - b.at);
}

function search(figures: readonly number[], from: number, to: number): ChangePoint[] {
  const part = figures.slice(from, to);
  if (part.length < 2 * FEWEST_ON_A_SIDE) return [];
  const ranks = meanRanks(part);
  const best = strongestSplit(ranks);
  const random = prng(deriveSeed(part.length, "shuffles"));
  let asStrong = 0;
  for (let i = 0; i < SHUFFLES; i++) {
    if (strongestSplit(shuffled(ranks, random)).strength >= best.strength) asStrong++;
  }
  const p = (1 + asStrong) / (1 + SHUFFLES);
  const ratio = median(part.slice(best.at)) / median(part.slice(0, best.at));
  if (p >= ALPHA || Math.max(ratio, 1 / ratio) < SMALLEST_RATIO) return [];
  const at = from + best.at;
  return [{ at, ratio, p }, ...search(figures, from, at), ...search(figures, at, to)];
}

function strongestSplit(ranks: readonly number[]): { at: number; strength: number } {
  const n = ranks.length;
  let best = { at: FEWEST_ON_A_SIDE, strength: -1 };
  let sum = 0;
  for (let at = 1; at <= n - FEWEST_ON_A_SIDE; at++) {
    sum += ranks[at - 1] as number;
    if (at < FEWEST_ON_A_SIDE) continue;
    const sd = Math.sqrt((at * (n - at) * (n + 1)) / 12);
    const strength = Math.abs(sum - (at * (n + 1)) / 2) / sd;
    if (strength > best.strength) best = { at, strength };
  }
  return best;
}

/** Equal figures share the mean of their ranks. */
function meanRanks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}
