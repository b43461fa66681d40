import type { Pacer, PacerOptions } from "./pacer.js";
import { Profile, type Stage } from "./profile.js";

/**
 * Arrivals spaced evenly under a rate that changes: arrival k of the whole is due when the rate has come to k, and
 * segment i of n makes every n-th from the i-th on.
 */
export function even(stages: readonly Stage[], { index, count }: PacerOptions): Pacer {
  const profile = new Profile(stages);
  let arrival = index;
  return {
    nextUs() {
      const dueUs = profile.timeOfUs(arrival);
      arrival += count;
      return dueUs;
    },
  };
}
