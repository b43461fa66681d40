import { studentTQuantile } from "./student-t.js";

/**
 * Is one better than the other? Both ways work on logarithms, so that "twice" and "half" weigh the same, and give the
 * 95 % Student t interval of a ratio. Where one side served nobody there is no ratio, and the other rounds alone would
 * speak for the side that failed: not comparable. `comparePairs` is for trials of one run, which share a round (METHOD 13);
 * `compareSamples` for trials of different runs, which share nothing.
 */

export const VERDICTS = ["faster", "slower", "no-difference", "too-few-rounds", "not-comparable"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Throughput or latency. */
export type Direction = "higher-is-better" | "lower-is-better";

/** Below this there is no verdict. */
export const MIN_ROUNDS = 5;
/** A verdict needs this ratio at least, up or down: 1.03 or 1/1.03. */
export const MIN_EFFECT = 1.03;
export const CONFIDENCE = 0.95;

export interface Comparison {
  /** Geometric mean of the ratios; null if no round could be compared, or the two are not comparable. */
  readonly ratio: number | null;
  /** Ends of the 95 % interval; null with fewer than two rounds. */
  readonly low: number | null;
  readonly high: number | null;
  readonly verdict: Verdict;
  /** Rounds that have a ratio (of independent samples: the smaller number of trials that have a figure). */
  readonly rounds: number;
  /** Rounds that have none: a trial was not complete, or served nobody (of independent samples: trials). */
  readonly leftOut: number;
}

/** The figures of one round; 0 where the trial served nobody, null where it failed or was not complete. */
export interface Pair {
  readonly candidate: number | null;
  readonly baseline: number | null;
}

/** A figure that has a logarithm. */
const isUsable = (figure: number | null): figure is number => figure !== null && figure > 0 && Number.isFinite(figure);

/** The candidate's figure over the baseline's, round by round. */
export function comparePairs(pairs: readonly Pair[], direction: Direction): Comparison {
  const logRatios = logRatiosOf(pairs);
  const { n, mean, variance } = describe(logRatios);
  const counts = { rounds: n, leftOut: pairs.length - n };
  if (pairs.some(isOneSided)) return notComparable(counts);
  return conclude(mean, Math.sqrt(variance / n), n - 1, counts, direction);
}

/** ln of the candidate's figure over the baseline's, of the rounds in which both have one. */
export function logRatiosOf(pairs: readonly Pair[]): number[] {
  return pairs.flatMap(({ candidate, baseline }) =>
    isUsable(candidate) && isUsable(baseline) ? [Math.log(candidate / baseline)] : [],
  );
}

/** Whether one side alone served nobody. */
export const isOneSided = ({ candidate, baseline }: Pair): boolean =>
  candidate !== null && baseline !== null && (candidate === 0) !== (baseline === 0);

/**
 * The candidate's figures over the baseline's, the two having been measured apart.
 * Source: Welch, Biometrika 34 (1947); degrees of freedom after Satterthwaite, Biometrics Bulletin 2 (1946).
 */
export function compareSamples(
  candidate: readonly (number | null)[],
  baseline: readonly (number | null)[],
  direction: Direction,
): Comparison {
  const a = describe(candidate.filter(isUsable).map(Math.log));
  const b = describe(baseline.filter(isUsable).map(Math.log));
  const rounds = Math.min(a.n, b.n);
  const counts = { rounds, leftOut: candidate.length + baseline.length - a.n - b.n };
  if (candidate.includes(0) || baseline.includes(0)) return notComparable(counts);
  const ofA = a.variance / a.n;
  const ofB = b.variance / b.n;
  const degrees = (ofA + ofB) ** 2 / (ofA ** 2 / (a.n - 1) + ofB ** 2 / (b.n - 1));
  // Without any spread the quotient is 0/0, and any number of degrees gives the same interval: a point.
  const df = Number.isNaN(degrees) ? rounds - 1 : degrees;
  return conclude(a.mean - b.mean, Math.sqrt(ofA + ofB), df, counts, direction);
}

function describe(values: readonly number[]): { n: number; mean: number; variance: number } {
  const n = values.length;
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { n, mean, variance: squares / (n - 1) };
}

function conclude(
  logRatio: number,
  standardError: number,
  df: number,
  counts: Pick<Comparison, "rounds" | "leftOut">,
  direction: Direction,
): Comparison {
  const { rounds } = counts;
  if (rounds === 0) return { ratio: null, low: null, high: null, verdict: "too-few-rounds", ...counts };
  const ratio = Math.exp(logRatio);
  if (rounds === 1) return { ratio, low: null, high: null, verdict: "too-few-rounds", ...counts };
  const margin = standardError * studentTQuantile((1 + CONFIDENCE) / 2, df);
  const low = Math.exp(logRatio - margin);
  const high = Math.exp(logRatio + margin);
  return { ratio, low, high, verdict: verdictOf(logRatio, margin, rounds, direction), ...counts };
}

const notComparable = (counts: Pick<Comparison, "rounds" | "leftOut">): Comparison => ({
  ratio: null,
  low: null,
  high: null,
  verdict: "not-comparable",
  ...counts,
});

function verdictOf(logRatio: number, margin: number, rounds: number, direction: Direction): Verdict {
  if (rounds < MIN_ROUNDS) return "too-few-rounds";
  if (Math.abs(logRatio) <= margin || Math.abs(logRatio) < Math.log(MIN_EFFECT)) return "no-difference";
  return logRatio > 0 === (direction === "higher-is-better") ? "faster" : "slower";
}
