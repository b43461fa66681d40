import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import type { RunReport, StrategyReport } from "../report/schema.js";
import { listed } from "../report/words.js";

/** What the two formats of HdrHistogram share. */

/** The strategies that are wanted. @throws QbenchError (usage) where there is none of that name. */
export function chosen({ strategies }: RunReport, strategy: string | undefined): readonly StrategyReport[] {
  if (strategy === undefined) return strategies;
  const found = strategies.filter(({ name }) => name === strategy);
  if (found.length > 0) return found;
  const names = listed(strategies.map(({ name }) => printable(name, 40)));
  throw usageError(`there is no strategy "${printable(strategy, 40)}" in this report`, `it has ${names}`);
}

/** A name as a word of a line: these formats know no quotes. */
export const word = (name: string): string => printable(name, 80).replace(/[\s,"#=]/g, "_");
