import { even } from "./even.js";
import type { Arrivals } from "./pacer.js";

/** Evenly spaced: arrival k of the whole is due at k / rate, and segment i of n makes every n-th from the i-th on. */
export const constant: Arrivals = {
  summary: "evenly spaced at the rate, or along the stages",
  takesStages: true,
  pace(options) {
    const { ratePerSec, stages, index, count } = options;
    if (stages !== null) return even(stages, options);
    let arrival = index;
    return {
      nextUs() {
        // Multiplied out each time: adding up a gap would add up its rounding error.
        const dueUs = (arrival * 1e6) / ratePerSec;
        arrival += count;
        return dueUs;
      },
    };
  },
};
