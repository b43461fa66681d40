import { MIN_ROUNDS } from "../stats/comparison.js";
import type { Stage } from "./stages.js";

/** What a measured gain says of a claim. By intervals: a claim holds, or not, where the whole interval says so. */
export const JUDGEMENTS = ["holds", "holds-and-more", "fails", "unclear", "too-few-rounds"] as const;
export type Judgement = (typeof JUDGEMENTS)[number];

export interface Gain {
  readonly ratio: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly rounds: number;
}

export type Claim = NonNullable<Stage["claim"]>;

export function judgeGain({ atLeast, expectedUpTo, below }: Claim, { low, high, rounds }: Gain): Judgement {
  if (rounds < MIN_ROUNDS || low === null || high === null) return "too-few-rounds";
  if (below !== undefined) return high < below ? "holds" : low >= below ? "fails" : "unclear";
  if (atLeast === undefined || high < atLeast) return "fails";
  if (low < atLeast) return "unclear";
  return expectedUpTo !== undefined && low > expectedUpTo ? "holds-and-more" : "holds";
}

export const VERDICTS_ON_CLAIMS = [
  "confirmed",
  "refuted",
  "depends",
  "unclear",
  "too-few-rounds",
  "not-measured",
  "no-claim",
] as const;
export type ClaimVerdict = (typeof VERDICTS_ON_CLAIMS)[number];

/** Over all variants: where they differ, it depends on what they differ in. */
export function verdictOf(judgements: readonly Judgement[]): ClaimVerdict {
  if (judgements.length === 0) return "not-measured";
  const some = (...wanted: readonly Judgement[]): boolean => judgements.some((one) => wanted.includes(one));
  if (some("too-few-rounds")) return "too-few-rounds";
  const [holds, fails] = [some("holds", "holds-and-more"), some("fails")];
  if (holds && fails) return "depends";
  if (!some("unclear")) return holds ? "confirmed" : "refuted";
  return holds || fails ? "depends" : "unclear";
}

/** Days of a month, on the mean of 400 years of the calendar. */
const SECONDS_A_MONTH = (146_097 / 4800) * 86_400;

/** At this rate all month. */
export const usdPerMillion = (usdPerMonth: number, tps: number): number =>
  (usdPerMonth / (tps * SECONDS_A_MONTH)) * 1e6;
