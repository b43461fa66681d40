import type { Command } from "commander";
import { usageError } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import { envNameOf, OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { addRunOptions, addScenarioOptions, scenarioFlags } from "./options.js";

/** What commands that predict by a model share: their options, and the scenarios that a model knows. */

/** How trials are taken unless the command line or the environment says so: many, so short ones. */
export interface TrialDefaults {
  readonly trials: string;
  readonly duration: string;
  readonly warmup: string;
}

/** `without`: flags of the scenario that make no sense here. */
export function addModelledOptions(command: Command, without: readonly string[], defaults: TrialDefaults): void {
  addScenarioOptions(
    command,
    OPTION_LIST.map(({ flag }) => flag).filter((flag) => !without.includes(flag)),
    { ...defaults },
  );
  addRunOptions(command, [
    "url",
    "redis-server",
    "allow-remote",
    "allow-nonempty",
    "output",
    "json",
    "quiet",
    "dry-run",
  ]);
}

/** For `--help`. */
export const defaultsText = ({ trials, duration, warmup }: TrialDefaults): string =>
  `Unless they are given here, --trials is ${trials}, --duration ${duration} and --warmup ${warmup}, whatever the scenario's file says.`;

interface Modelled {
  readonly scenario: Scenario;
  readonly warnings: readonly Warning[];
  /** The same with these values, by flag. @throws QbenchError (usage) */
  at(values: Readonly<Record<string, string>>): Scenario;
}

/** @throws QbenchError (usage), with `hint`, for a scenario of which the model knows nothing */
export async function modelledScenario(
  opts: Readonly<Record<string, unknown>>,
  file: string | undefined,
  defaults: TrialDefaults,
  hint: string,
): Promise<Modelled> {
  const [{ resolveScenario }, { notModelled }] = await Promise.all([
    import("../scenario/load.js"),
    import("../predict/grid.js"),
  ]);
  const { env } = process;
  const flags = scenarioFlags(opts);
  for (const [flag, value] of Object.entries(defaults)) {
    if (flags[flag] === undefined && !env[envNameOf(flag)]) flags[flag] = value;
  }
  const { scenario, warnings } = resolveScenario({ file, flags, env });
  const unknown = notModelled(scenario);
  if (unknown.length > 0) {
    throw usageError(`the model knows nothing of ${unknown.join(", ")}, which this scenario has`, hint);
  }
  const { seed } = scenario;
  return {
    scenario,
    warnings,
    at: (values) => resolveScenario({ file, flags: { ...flags, ...values, seed }, env }).scenario,
  };
}
