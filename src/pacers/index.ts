import { constant } from "./constant.js";
import type { Arrivals } from "./pacer.js";
import { poisson } from "./poisson.js";
import { ramp } from "./ramp.js";
import { spike } from "./spike.js";
import { step } from "./step.js";

/** `--arrival` by name. */
export const PACERS = { constant, poisson, ramp, step, spike } as const satisfies Readonly<Record<string, Arrivals>>;
export type Arrival = keyof typeof PACERS;
export const ARRIVALS = Object.keys(PACERS) as readonly Arrival[];
