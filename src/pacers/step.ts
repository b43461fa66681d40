import { even } from "./even.js";
import type { Arrivals } from "./pacer.js";
import { held } from "./profile.js";

const STEPS = 5;

export const step: Arrivals = {
  summary: "up to the rate in five equal steps, each a fifth of the trial long",
  takesStages: false,
  pace(options) {
    const { ratePerSec, durationMs } = options;
    const stages = Array.from({ length: STEPS }, (_, i) => held((ratePerSec * (i + 1)) / STEPS, durationMs / STEPS));
    return even(stages, options);
  },
};
