import type { Stage } from "./profile.js";

/**
 * When arrivals of the open model are planned: a pure sequence of times, whatever the replies do. Segment i of n takes
 * its own part of the whole, so that the parts of all segments together are the whole rate exactly.
 */
export interface Pacer {
  /** µs since the start at which the next arrival is due; never goes back. Infinity: there are no more. */
  nextUs(): number;
}

export interface PacerOptions {
  /** Arrivals a second of all segments together. */
  readonly ratePerSec: number;
  /** Of the trial: shapes are laid over it. Beyond it a shape goes on as it ended. */
  readonly durationMs: number;
  /** Rates that were laid down stage by stage; the arrival then says only how arrivals are spaced. */
  readonly stages: readonly Stage[] | null;
  readonly index: number;
  readonly count: number;
  readonly seed: number;
}

/** A way to space arrivals. */
export interface Arrivals {
  /** One line for `qbench list`. */
  readonly summary: string;
  /** Whether `stages` can take the place of its own rates. */
  readonly takesStages: boolean;
  pace(options: PacerOptions): Pacer;
}
