import type { Mistakes } from "../base/mistakes.js";
import { parseThresholds, type Threshold } from "../report/thresholds.js";
import { parseRedisUrl } from "../targets/url.js";
import { placeOf, type RunOptions, runOptions } from "./options.js";
import { checkOutputs } from "./outputs.js";

type Opts = Readonly<Record<string, unknown>>;

/**
 * The options of where to measure and what to do with the result, their URLs and paths checked.
 * @param endings of the files that this command writes
 */
export function takeRunOptions(
  mistakes: Mistakes,
  opts: Opts,
  env: NodeJS.ProcessEnv,
  endings: readonly string[],
): RunOptions | undefined {
  const options = mistakes.take(() => runOptions(opts, env, process.stdout.isTTY === true));
  if (options === undefined) return undefined;
  const url = placeOf(opts, "url", env);
  for (const one of options.urls) mistakes.take(() => parseRedisUrl(one, url));
  mistakes.take(() => checkOutputs(options.outputs, endings, placeOf(opts, "output", env)));
  return options;
}

/** `--fail-if`. @param strategies undefined: what is measured is not known */
export const takeThresholds = (
  mistakes: Mistakes,
  opts: Opts,
  env: NodeJS.ProcessEnv,
  failIf: readonly string[],
  strategies: readonly string[] | undefined,
): Threshold[] | undefined => mistakes.take(() => parseThresholds(failIf, strategies, placeOf(opts, "fail-if", env)));
