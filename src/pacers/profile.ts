/** A rate that is held, or goes evenly from one value to another. */
export interface Stage {
  readonly fromPerSec: number;
  readonly toPerSec: number;
  readonly forMs: number;
}

/**
 * Rates over time, stage after stage, and then the last one for ever. Its inverse is what paces: the time at which so
 * many arrivals are due.
 */
export class Profile {
  readonly #stages: readonly Stage[];
  /** Of the stage that the last question fell into; questions come in ascending order, so the search goes on from there. */
  #at = 0;
  #startUs = 0;
  #before = 0;

  constructor(stages: readonly Stage[]) {
    this.#stages = stages;
  }

  /**
   * When the rate has come to `arrivals` in all, µs since the start; Infinity if it never does. `arrivals` never
   * descends from call to call.
   */
  timeOfUs(arrivals: number): number {
    for (; this.#at < this.#stages.length; this.#at++) {
      const stage = this.#stages[this.#at]!;
      const within = arrivals - this.#before;
      const all = arrivalsOf(stage);
      if (within < all) return this.#startUs + Math.min(timeWithinUs(stage, within), stage.forMs * 1000);
      this.#before += all;
      this.#startUs += stage.forMs * 1000;
    }
    const ratePerSec = this.#stages.at(-1)?.toPerSec ?? 0;
    return ratePerSec === 0 ? Number.POSITIVE_INFINITY : this.#startUs + ((arrivals - this.#before) * 1e6) / ratePerSec;
  }
}

/** Arrivals due in a whole stage. */
const arrivalsOf = ({ fromPerSec, toPerSec, forMs }: Stage): number => ((fromPerSec + toPerSec) / 2) * (forMs / 1000);

/** Solves from·t + (to − from)·t²/2T = arrivals for t, in the form that stays exact where from and to are alike. */
function timeWithinUs({ fromPerSec, toPerSec, forMs }: Stage, arrivals: number): number {
  if (arrivals <= 0) return 0;
  const growth = (toPerSec - fromPerSec) / (forMs / 1000);
  const root = Math.sqrt(Math.max(0, fromPerSec * fromPerSec + 2 * growth * arrivals));
  return (2e6 * arrivals) / (fromPerSec + root);
}

export const durationOf = (stages: readonly Stage[]): number => stages.reduce((sum, { forMs }) => sum + forMs, 0);

/** Arrivals a second over all stages. */
export function meanRateOf(stages: readonly Stage[]): number {
  return (stages.reduce((sum, stage) => sum + arrivalsOf(stage), 0) * 1000) / durationOf(stages);
}

export const held = (ratePerSec: number, forMs: number): Stage => ({
  fromPerSec: ratePerSec,
  toPerSec: ratePerSec,
  forMs,
});
