import type { Arrival } from "../scenario/scenario.js";
import { constant } from "./constant.js";
import type { Pacer, PacerOptions } from "./pacer.js";
import { poisson } from "./poisson.js";

/** `--arrival` by name. */
export const PACERS: Readonly<Record<Arrival, (options: PacerOptions) => Pacer>> = { constant, poisson };
