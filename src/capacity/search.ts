import type { StepOutcome } from "./service-level.js";

/**
 * The search for the highest rate at which a service level holds:
 *
 *   climb: double until it does not hold ──► bisect until the two ends are within the precision
 *     (or halve until it holds)                          │
 *                                                        ▼
 *   both ends must be confirmed: the lower one holds, the higher one does not, each by the majority of its trials;
 *   an end that is refuted becomes the other end, and the search goes on
 *
 * A trial that does not hold is repeated before it counts: a moment's disturbance of the machine is no capacity.
 * Pure: it is told outcomes and tells the next rate, so strategies can take turns.
 */
export interface SearchOptions {
  readonly startPerSec: number;
  readonly mostPerSec: number;
  /** The ends may be this factor apart, less 1: 0.05 is 5 %. */
  readonly precision: number;
  /** Trials that each end needs. */
  readonly confirmations: number;
  readonly maxSteps: number;
}

export const PHASES = ["climb", "bisect", "confirm"] as const;
export type Phase = (typeof PHASES)[number];

export interface NextStep {
  readonly ratePerSec: number;
  readonly phase: Phase;
}

/** How often a rate was tried, and how often the level held. */
export interface Tried {
  readonly ratePerSec: number;
  readonly outcomes: readonly StepOutcome[];
}

export const ENDS = ["found", "generator", "no-limit-met", "never-holds", "too-few-steps"] as const;
/**
 * found: both ends are confirmed. generator: the higher end is where the generator could not offer more. no-limit-met: it
 * held at the highest rate that may be tried. never-holds: not at the lowest either. too-few-steps: not done yet.
 */
export type SearchEnd = (typeof ENDS)[number];

/** Below this nothing is tried. */
const LEAST_PER_SEC = 1;

export class Search {
  readonly #options: SearchOptions;
  readonly #tried = new Map<number, StepOutcome[]>();
  #steps = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** In ascending order. */
  get tried(): readonly Tried[] {
    return [...this.#tried]
      .map(([ratePerSec, outcomes]) => ({ ratePerSec, outcomes }))
      .sort((a, b) => a.ratePerSec - b.ratePerSec);
  }

  record(ratePerSec: number, outcome: StepOutcome): void {
    this.#tried.set(ratePerSec, [...(this.#tried.get(ratePerSec) ?? []), outcome]);
    this.#steps += 1;
  }

  /** Null: the search is over. */
  next(): NextStep | null {
    if (this.#steps >= this.#options.maxSteps) return null;
    return this.#wanted();
  }

  get end(): SearchEnd {
    const { lower, higher } = this.ends;
    if (this.#wanted() !== null) return "too-few-steps";
    if (lower === null) return higher !== null && isNotOffered(higher) ? "generator" : "never-holds";
    if (higher === null) return "no-limit-met";
    return isNotOffered(higher) ? "generator" : "found";
  }

  /** The highest rate at which it held by majority, below the lowest at which it did not. */
  get ends(): { readonly lower: Tried | null; readonly higher: Tried | null } {
    const { tried } = this;
    const higher = tried.find((one) => !holds(one)) ?? null;
    const below = tried.filter((one) => holds(one) && (higher === null || one.ratePerSec < higher.ratePerSec));
    return { lower: below.at(-1) ?? null, higher };
  }

  #wanted(): NextStep | null {
    const { startPerSec, mostPerSec, precision, confirmations } = this.#options;
    const { lower, higher } = this.ends;
    if (lower === null && higher === null) return { ratePerSec: Math.min(startPerSec, mostPerSec), phase: "climb" };
    if (higher !== null && (higher.outcomes.length === 1 || isTied(higher))) {
      return { ratePerSec: higher.ratePerSec, phase: lower === null ? "climb" : "bisect" };
    }
    if (higher === null) {
      const { ratePerSec } = lower as Tried;
      if (ratePerSec < mostPerSec) return { ratePerSec: Math.min(2 * ratePerSec, mostPerSec), phase: "climb" };
      return this.#confirm(lower as Tried, confirmations);
    }
    if (lower === null) {
      if (higher.ratePerSec <= LEAST_PER_SEC) return this.#confirm(higher, confirmations);
      return { ratePerSec: rounded(Math.max(LEAST_PER_SEC, higher.ratePerSec / 2)), phase: "climb" };
    }
    const middle = rounded(Math.sqrt(lower.ratePerSec * higher.ratePerSec));
    const isBetween = middle > lower.ratePerSec && middle < higher.ratePerSec;
    if (higher.ratePerSec > lower.ratePerSec * (1 + precision) && isBetween) {
      return { ratePerSec: middle, phase: "bisect" };
    }
    return this.#confirm(lower, confirmations) ?? this.#confirm(higher, confirmations);
  }

  #confirm({ ratePerSec, outcomes }: Tried, confirmations: number): NextStep | null {
    return outcomes.length < confirmations ? { ratePerSec, phase: "confirm" } : null;
  }
}

const held = ({ outcomes }: Tried): number => outcomes.filter((outcome) => outcome === "holds").length;

/** By the majority of its trials; until two that disagree are told apart by a third, the level does not hold. */
const holds = (tried: Tried): boolean => held(tried) * 2 > tried.outcomes.length;

const isTied = (tried: Tried): boolean => held(tried) * 2 === tried.outcomes.length;

/** Of the trials at which it did not hold, most were the generator's. */
function isNotOffered({ outcomes }: Tried): boolean {
  const failed = outcomes.filter((outcome) => outcome !== "holds");
  return failed.filter((outcome) => outcome === "not-offered").length * 2 > failed.length;
}

/** Three digits: 41,234.567 says no more than 41,200. */
export const rounded = (ratePerSec: number): number => Number(ratePerSec.toPrecision(3));
