import { prng } from "../base/prng.js";
import type { Pacer, PacerOptions } from "./pacer.js";

/** A Poisson process: exponential gaps. Those of n segments, each with the n-th part of the rate, make the whole one. */
export function poisson({ ratePerSec, count, seed }: PacerOptions): Pacer {
  const random = prng(seed);
  const meanGapUs = (1e6 * count) / ratePerSec;
  let dueUs = 0;
  return {
    nextUs() {
      dueUs -= meanGapUs * Math.log(1 - random.next());
      return dueUs;
    },
  };
}
