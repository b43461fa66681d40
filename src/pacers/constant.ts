import type { Pacer, PacerOptions } from "./pacer.js";

/** Evenly spaced: arrival k of the whole is due at k / rate, and segment i of n makes every n-th from the i-th on. */
export function constant({ ratePerSec, index, count }: PacerOptions): Pacer {
  let arrival = index;
  return {
    nextUs() {
      // Multiplied out each time: adding up a gap would add up its rounding error.
      const dueUs = (arrival * 1e6) / ratePerSec;
      arrival += count;
      return dueUs;
    },
  };
}
