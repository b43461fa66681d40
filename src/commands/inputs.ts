import { Mistakes } from "../base/mistakes.js";
import { checkFaults } from "../faults/fitting.js";
import { parseThresholds, type Threshold } from "../report/thresholds.js";
import { endingsOf } from "../reporters/kinds.js";
import { checkReplicas } from "../scenario/replicas.js";
import type { Scenario } from "../scenario/scenario.js";
import type { TargetOptions } from "../targets/target.js";
import { checkTargetOptions } from "../targets/target-options.js";
import { parseRedisUrl } from "../targets/url.js";
import { placeOf, type RunOptions, runOptions } from "./options.js";
import { checkOutputs } from "./outputs.js";

type Opts = Readonly<Record<string, unknown>>;

/** What a command does to its target. */
interface TargetUse extends Pick<TargetOptions, "singleServerOnly"> {
  /** False: it only looks, and may look at servers on other machines. */
  readonly isLoaded?: boolean;
}

/**
 * The options of where to measure and what to do with the result, their target, URLs and paths checked.
 * @param kind of the report that this command makes: the files that it writes end as the formats of that do
 */
export function takeRunOptions(
  mistakes: Mistakes,
  opts: Opts,
  env: NodeJS.ProcessEnv,
  kind: string,
  { isLoaded = true, singleServerOnly }: TargetUse = {},
): RunOptions | undefined {
  const options = mistakes.take(() => runOptions(opts, env, process.stdout.isTTY === true));
  if (options === undefined) return undefined;
  const url = placeOf(opts, "url", env);
  const endpoints = options.urls.map((one) => mistakes.take(() => parseRedisUrl(one, url)));
  const readable = endpoints.filter((one) => one !== undefined);
  const asked = { ...options, allowRemote: options.allowRemote || !isLoaded, singleServerOnly };
  if (readable.length === endpoints.length) mistakes.take(() => checkTargetOptions(readable, asked));
  mistakes.take(() => checkOutputs(options.outputs, endingsOf(kind), placeOf(opts, "output", env)));
  return options;
}

/** What the options alone tell of a scenario that the target cannot be put through. @throws QbenchError (usage) that tells all of it */
export function checkFit(scenario: Scenario, { urls, cluster }: Pick<RunOptions, "urls" | "cluster">): void {
  const mistakes = new Mistakes();
  mistakes.take(() =>
    checkFaults(scenario.faults, {
      isForeign: urls.length > 0,
      isCluster: cluster !== undefined,
      isWatched: urls.some((url) => /^rediss?-sentinel:/i.test(url)),
      shape: cluster,
      isOpen: false,
    }),
  );
  // Of a server that is to be started all is known before.
  if (urls.length === 0) {
    mistakes.take(() => checkReplicas(scenario, cluster !== undefined, cluster?.replicasEach ?? 0));
  }
  mistakes.settle({});
}

/** `--fail-if`. @param strategies undefined: what is measured is not known */
export const takeThresholds = (
  mistakes: Mistakes,
  opts: Opts,
  env: NodeJS.ProcessEnv,
  failIf: readonly string[],
  strategies: readonly string[] | undefined,
): Threshold[] | undefined => mistakes.take(() => parseThresholds(failIf, strategies, placeOf(opts, "fail-if", env)));
