import { even } from "./even.js";
import type { Arrivals } from "./pacer.js";
import { held } from "./profile.js";

/** The opening of a ticket sale: half of all users come within this (DOMAIN: load that is real). */
const SPIKE_MS = 5000;
/** In a trial so short that this would be no spike, within this share of it. */
const LONGEST_SHARE = 1 / 4;

export const spike: Arrivals = {
  summary: "half of all within the first 5 s (a quarter of the trial, if that is less), the others after it",
  takesStages: false,
  pace(options) {
    const { ratePerSec, durationMs } = options;
    const spikeMs = Math.min(SPIKE_MS, durationMs * LONGEST_SHARE);
    const half = ((ratePerSec / 1000) * durationMs) / 2;
    const rateOver = (ms: number): number => (half / ms) * 1000;
    const restMs = durationMs - spikeMs;
    return even([held(rateOver(spikeMs), spikeMs), held(rateOver(restMs), restMs)], options);
  },
};
