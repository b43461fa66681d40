import { usageError } from "../base/errors.js";
import { didYouMean } from "../base/suggest.js";
import { dedup } from "./dedup.js";
import { individual } from "./individual.js";
import { lua, luaFile } from "./lua.js";
import { type LuaFile, readLuaFile } from "./lua-file.js";
import { isMixName, mixed, sharesIn } from "./mixed.js";
import { multi } from "./multi.js";
import { pipeline } from "./pipeline.js";
import { pipelineBlind } from "./pipeline-blind.js";
import { sharded } from "./sharded.js";
import type { Strategy } from "./strategy.js";

/** Every strategy, in the order of tables and lists. A new one is a file and a line here. */
export const STRATEGIES: readonly Strategy[] = [individual, dedup, pipeline, lua, pipelineBlind, multi, sharded];

export const STRATEGY_NAMES: readonly string[] = STRATEGIES.map((strategy) => strategy.name);

/** Those that can be mixed over the same keys. */
export const MIXABLE_NAMES: readonly string[] = STRATEGIES.filter(({ isSharded }) => !isSharded).map(
  ({ name }) => name,
);

/** Compared when nothing is asked for. */
export const DEFAULT_STRATEGIES: readonly Strategy[] = STRATEGIES.filter((strategy) => strategy.isDefault);

/** Strategies that this process, or thread, has been given beside those of the registry. */
const added = new Map<string, Strategy>();

/** Makes strategies of scripts known under their names; each thread needs to be told. */
export function addLuaFiles(files: readonly LuaFile[]): void {
  for (const { name, source } of files) added.set(name, luaFile(name, source));
}

/** Reads the script that `lua:FILE` names, once, and makes it known. @returns what is wrong with it; undefined: nothing is. */
export function takeLuaFile(name: string): string | undefined {
  if (added.has(name)) return undefined;
  const read = readLuaFile(name);
  if (typeof read === "string") return read;
  addLuaFiles([read]);
  return undefined;
}

/** The scripts of the user's own among strategies and in mixes, each once. */
export function luaFilesAmong(names: readonly string[]): LuaFile[] {
  const strategies = names.map(strategyNamed).flatMap((one) => one.parts?.map(({ strategy }) => strategy) ?? [one]);
  const foreign = new Set(strategies.filter(({ isForeign }) => isForeign));
  return [...foreign].flatMap(({ scripts }) => scripts.map(({ name, source }) => ({ name, source })));
}

/** @throws QbenchError (usage) that lists the names. */
export function strategyNamed(name: string): Strategy {
  const found = STRATEGIES.find((strategy) => strategy.name === name) ?? added.get(name);
  if (found !== undefined) return found;
  if (isMixName(name)) {
    return mixed(
      name,
      sharesIn(name).map((part) => ({ strategy: strategyNamed(part.name), share: part.share })),
    );
  }
  throw usageError(
    `unknown strategy "${name}"${didYouMean(name, STRATEGY_NAMES)}`,
    `strategies are ${STRATEGY_NAMES.join(", ")}`,
  );
}
