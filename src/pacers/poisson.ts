import { prng } from "../base/prng.js";
import type { Arrivals } from "./pacer.js";
import { held, Profile } from "./profile.js";

/**
 * A Poisson process: exponential gaps, measured in arrivals that the rate makes due, so that it holds under a rate that
 * changes too. Those of n segments, each with the n-th part of the rate, make the whole one.
 */
export const poisson: Arrivals = {
  summary: "at random at the rate, or along the stages, as independent users come",
  takesStages: true,
  pace({ ratePerSec, durationMs, stages, count, seed }) {
    const random = prng(seed);
    const profile = new Profile(stages ?? [held(ratePerSec, durationMs)]);
    let due = 0;
    return {
      nextUs() {
        due -= count * Math.log(1 - random.next());
        return profile.timeOfUs(due);
      },
    };
  },
};
