import { even } from "./even.js";
import type { Arrivals } from "./pacer.js";

export const ramp: Arrivals = {
  summary: "from nothing up to the rate, in a straight line over the trial",
  takesStages: false,
  pace: (options) => even([{ fromPerSec: 0, toPerSec: options.ratePerSec, forMs: options.durationMs }], options),
};
