/**
 * When arrivals of the open model are planned: a pure sequence of times, whatever the replies do. Segment i of n takes
 * its own part of the whole, so that the parts of all segments together are the whole rate exactly.
 */
export interface Pacer {
  /** µs since the start at which the next arrival is due; grows from call to call. */
  nextUs(): number;
}

export interface PacerOptions {
  /** Arrivals a second of all segments together. */
  readonly ratePerSec: number;
  readonly index: number;
  readonly count: number;
  readonly seed: number;
}
