import { deriveSeed, prng } from "../base/prng.js";
import type { FigureName } from "../report/figures.js";
import type { Threshold } from "../report/thresholds.js";
import type { Behaviour, Mix, Scenario } from "../scenario/scenario.js";
import { FEWEST_PAIRS } from "../stats/gate.js";

/** What a gate does, resolved. */
export interface GatePlan {
  /** What is compared, one after another in each pair: usually one. */
  readonly cases: readonly GateCase[];
  /** The figures that are gated, of each case. */
  readonly metrics: readonly FigureName[];
  /** The slowdown that a pass must rule out: 0.1 is 10 %. */
  readonly threshold: number;
  readonly maxPairs: number;
  readonly seed: number;
  /** Who enters while what is exact is counted; null: whom each scenario says. */
  readonly countedMix: Mix | null;
  /** Exact figures of which the candidate may need more; with `anomalies` it may show new ones. */
  readonly allowMore: readonly FigureName[];
  /** Limits for the candidate. */
  readonly thresholds: readonly Threshold[];
}

export interface GateCase {
  readonly name: string;
  /** The strategy that each side runs. */
  readonly base: string;
  readonly candidate: string;
}

export const SIDES = ["base", "candidate"] as const;
export type SideName = (typeof SIDES)[number];

/** Exact figures of which a candidate may not need more than its base. */
export const EXACT_METRICS: readonly FigureName[] = [
  "executedPerEntry",
  "callsPerEntry",
  "roundTripsPerEntry",
  "errors",
];

/** Of which more may be allowed. */
export const ALLOWABLE_METRICS: readonly FigureName[] = [...EXACT_METRICS, "anomalies"];

/** The counting trial's mix where the scenario says none: mistakes with users who wait or may buy show with these alone. */
export const EVERY_KIND_OF_USER: Mix = { new: 70, waiting: 20, active: 10 };

/** Which side goes first in a pair and case: drawn from the seed, so that going first or second falls on both alike. */
export function orderOf(seed: number, pair: number, caseName: string): readonly SideName[] {
  return prng(deriveSeed(seed, "order", pair, caseName)).next() < 0.5 ? SIDES : ["candidate", "base"];
}

/** Both sides of a pair meet the same draws of users, concerts and arrivals. */
export const seedOf = (seed: number, pair: number): number => deriveSeed(seed, "pair", pair);

/** Entries of the trial that counts what is exact: enough for every kind of user to come, done in a blink. */
const EXACT_ENTRIES = 2000;
const EXACT_TIMEOUT_MS = 60_000;

const NOTHING_ELSE: Behaviour = {
  pollEvery: null,
  pollBy: "entry",
  leavePercent: 0,
  returnAfterMs: null,
  doubleClickPercent: 0,
  tabsPercent: 0,
  botsPercent: 0,
};

/**
 * The trial that counts what is exact: as many entries on both sides, drawn from one seed. Nothing of it depends on
 * time: no rate, no think time, no added delay, no warm-up, nobody who asks again or leaves.
 */
export const exactScenario = (scenario: Scenario, mix: Mix | null): Scenario => ({
  ...scenario,
  mix: mix ?? scenario.mix,
  entries: EXACT_ENTRIES,
  warmupMs: 0,
  thinkTimeMs: 0,
  rtt: null,
  ratePerSec: null,
  stages: null,
  faults: [],
  ...NOTHING_ELSE,
  // An entry that is given up has not sent what it would have: on a busy machine, waiting costs nothing here.
  timeoutMs: Math.max(scenario.timeoutMs, EXACT_TIMEOUT_MS),
});

/** What set-up, audit and clearing away take beside the load, roughly. */
const AROUND_TRIAL_MS = 150;
/** What a process of its own takes for a trial: starting, connecting, ending. */
const AROUND_PROCESS_MS = 1500;

/** How long the gate takes, from the first look to the last: a guess, to be told before it starts. */
export function estimateMs(
  plan: Pick<GatePlan, "cases" | "metrics" | "maxPairs">,
  scenarios: readonly Scenario[],
  isOwnProcess: boolean,
): { readonly shortest: number; readonly longest: number } {
  const around = AROUND_TRIAL_MS + (isOwnProcess ? AROUND_PROCESS_MS : 0);
  const pairMs = scenarios.reduce((sum, { durationMs, warmupMs }) => sum + durationMs + warmupMs + around, 0);
  const each = plan.cases.length * pairMs;
  if (plan.metrics.length === 0) {
    const counting = plan.cases.length * scenarios.length * around;
    return { shortest: counting, longest: counting };
  }
  return { shortest: FEWEST_PAIRS * each, longest: plan.maxPairs * each };
}
