import type { AnomalyKind } from "../queue/anomaly.js";
import type { Population } from "../queue/population.js";
import type { Clock } from "./clocks.js";
import type { Forgetting } from "./user-check.js";

/** By a clock that is compared with those of the users. */
export interface TimedForgetting extends Forgetting {
  readonly clock: Clock;
}

/** What holds for every concert of a trial. */
export interface Rules {
  readonly population: Population;
  /** Whether users were moved from waiting to active by somebody who kept no record. */
  readonly isAdmitting: boolean;
  /** Whether every entry is in the history; if not, answers nobody recorded are judged by their number. */
  readonly isComplete: boolean;
  /** Kinds that the strategy promises never to show: they are found only where nothing else explains what happened. */
  readonly promises: readonly AnomalyKind[];
  /** When the server may have forgotten everybody, in order of time; none: it did not restart. */
  readonly forgettings: readonly TimedForgetting[];
  /** How long after the threads' line-up this is, µs, or more. */
  readonly elapsedUs: () => number;
}
