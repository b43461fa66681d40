import { prng } from "../base/prng.js";
import type { Direction } from "./comparison.js";
import { hodgesLehmann, signedRankBounds, signedRankP, smallestP } from "./signed-rank.js";

/**
 * The regression gate: has the candidate become slower than the base? Base and candidate run back to back, in pairs;
 * of each pair d = ln(how many times worse the candidate was). The pairs are looked at four times, and the first clear
 * answer ends it:
 *
 *   fail           the signed-rank p of "worse" is below the look's α, and the estimate is above 3 %
 *   pass           the one-sided 98.75 % bound of how much worse it may be lies below the threshold
 *   inconclusive   neither, after the last look: a result of its own
 *
 * The α sum to 1 %, so an unchanged candidate fails at most once in a hundred gates however many looks are taken; with
 * several metrics each gets its share of α (Bonferroni), while pass needs the bounds of all of them, which needs no
 * correction. Each look judges all pairs anew, none is ever dropped, and what counts as worse is symmetric: a factor.
 */

export const GATE_VERDICTS = ["pass", "fail", "inconclusive"] as const;
export type GateVerdict = (typeof GATE_VERDICTS)[number];

export interface Look {
  readonly pairs: number;
  /** One-sided, of all metrics together. */
  readonly alpha: number;
}

const LOOKS: readonly Look[] = [
  { pairs: 10, alpha: 0.002 },
  { pairs: 16, alpha: 0.002 },
  { pairs: 24, alpha: 0.003 },
  { pairs: 36, alpha: 0.003 },
];
export const FEWEST_PAIRS = 10;
export const MOST_PAIRS = 36;

/** A slowdown of less is no failure, however sure. */
export const SMALLEST_FAILURE = 0.03;
/** Of the bound that must lie below the threshold: four looks at 5 %. */
export const PASS_CONFIDENCE = 1 - 0.05 / 4;
/** With what chance `smallestEffect` would have been found. */
export const DETECTION_POWER = 0.9;
/** Gates that are simulated for it: so many tell its power to a per cent. */
const SIMULATED = 1000;
const SIMULATION_SEED = 1;

/** The looks of a gate that takes at most `maxPairs` pairs; the last look is at `maxPairs`. */
export function looksUpTo(maxPairs: number): Look[] {
  const before = LOOKS.filter(({ pairs }) => pairs < maxPairs);
  return [...before, { pairs: maxPairs, alpha: (LOOKS[before.length] as Look).alpha }];
}

/** d of one pair; what is worse is positive. */
export function worsening(base: number, candidate: number, direction: Direction): number {
  const worse = Math.log(candidate / base);
  return direction === "lower-is-better" ? worse : 0 - worse;
}

/** One metric at one look. Factors are in the worse direction: 1.1 is 10 % more time for each entry. */
export interface Judgement {
  readonly verdict: GateVerdict;
  readonly pairs: number;
  /** One-sided, for "worse". */
  readonly p: number;
  /** What p had to stay below for a failure. */
  readonly alpha: number;
  /** Hodges–Lehmann. */
  readonly estimate: number;
  /** One-sided 98.75 % bounds; null where so few pairs give none. */
  readonly low: number | null;
  readonly high: number | null;
  /** Standard deviation of d. */
  readonly pairSd: number;
}

/**
 * @param differences d of each pair so far
 * @param threshold the slowdown that must be ruled out for a pass: 0.1 is 10 %
 * @param metrics how many are gated
 */
export function judge(
  differences: readonly number[],
  { alpha: alphaOfLook }: Look,
  threshold: number,
  metrics: number,
): Judgement {
  const alpha = alphaOfLook / metrics;
  const p = signedRankP(differences);
  const estimate = hodgesLehmann(differences);
  const { low, high } = signedRankBounds(differences, PASS_CONFIDENCE);
  const isWorse = p < alpha && estimate > Math.log1p(SMALLEST_FAILURE);
  const isRuledOut = high < Math.log1p(threshold);
  return {
    // A candidate that is surely slower, but surely by less than the threshold, is slower.
    verdict: isWorse ? "fail" : isRuledOut ? "pass" : "inconclusive",
    pairs: differences.length,
    p,
    alpha,
    estimate: Math.exp(estimate),
    low: Number.isFinite(low) ? Math.exp(low) : null,
    high: Number.isFinite(high) ? Math.exp(high) : null,
    pairSd: standardDeviation(differences),
  };
}

/** One failure fails the gate; a pass needs all. */
export function overall(verdicts: readonly GateVerdict[]): GateVerdict {
  if (verdicts.includes("fail")) return "fail";
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === "pass") ? "pass" : "inconclusive";
}

/**
 * The smallest factor for which `pairs` pairs, whose d are normal with that spread, fail the gate nine times of ten; null
 * where so few fail it for none. There is no formula: at ten pairs the exact test has few values of p, and the estimate
 * must lie above 3 % besides. So gates are simulated, each of which tells by how much its pairs would have to be worse.
 */
export function smallestEffect({ pairs, alpha, pairSd }: Pick<Judgement, "pairs" | "alpha" | "pairSd">): number | null {
  if (smallestP(pairs) >= alpha) return null;
  const needed = gatesOfNothing(pairs, alpha).map(({ low, estimate }) =>
    Math.max(-low * pairSd, Math.log1p(SMALLEST_FAILURE) - estimate * pairSd),
  );
  needed.sort((a, b) => a - b);
  return Math.exp(needed[Math.ceil(DETECTION_POWER * SIMULATED) - 1] as number);
}

interface GateOfNothing {
  /** What it is surely not below, as p < α has it: p is below α where this is positive. */
  readonly low: number;
  readonly estimate: number;
}

/** By pairs and α: a report asks for each of its metrics. */
const simulated = new Map<string, readonly GateOfNothing[]>();

/** Gates of a thing with itself, their spread being 1. */
function gatesOfNothing(pairs: number, alpha: number): readonly GateOfNothing[] {
  const key = `${pairs} ${alpha}`;
  const known = simulated.get(key);
  if (known !== undefined) return known;
  const random = prng(SIMULATION_SEED);
  // Box and Muller, Ann. Math. Stat. 29 (1958).
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const gates = Array.from({ length: SIMULATED }, () => {
    const differences = Array.from({ length: pairs }, normal);
    return { low: signedRankBounds(differences, 1 - alpha).low, estimate: hodgesLehmann(differences) };
  });
  simulated.set(key, gates);
  return gates;
}

function standardDeviation(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1));
}
