import { usageError } from "../base/errors.js";
import { didYouMean } from "../base/suggest.js";
import { dedup } from "./dedup.js";
import { individual } from "./individual.js";
import { lua } from "./lua.js";
import { multi } from "./multi.js";
import { pipeline } from "./pipeline.js";
import { pipelineBlind } from "./pipeline-blind.js";
import type { Strategy } from "./strategy.js";

/** Every strategy, in the order of tables and lists. A new one is a file and a line here. */
export const STRATEGIES: readonly Strategy[] = [individual, dedup, pipeline, lua, pipelineBlind, multi];

export const STRATEGY_NAMES: readonly string[] = STRATEGIES.map((strategy) => strategy.name);

/** Compared when nothing is asked for. */
export const DEFAULT_STRATEGIES: readonly Strategy[] = STRATEGIES.filter((strategy) => strategy.isDefault);

/** @throws QbenchError (usage) that lists the names. */
export function strategyNamed(name: string): Strategy {
  const found = STRATEGIES.find((strategy) => strategy.name === name);
  if (found !== undefined) return found;
  throw usageError(
    `unknown strategy "${name}"${didYouMean(name, STRATEGY_NAMES)}`,
    `strategies are ${STRATEGY_NAMES.join(", ")}`,
  );
}
