import type { Command } from "commander";
import { EXIT } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import type { Warning } from "../base/warning.js";
import type { Threshold } from "../report/thresholds.js";
import type { Scenario } from "../scenario/scenario.js";
import { type AgentsOptions, addAgentsOptions, agentsOptions, scenarioOfAgents } from "./agents-options.js";
import type { CommandResult } from "./command.js";
import { addLiveOptions, type LiveOptions, liveOptions } from "./live-options.js";
import {
  addRunOptions,
  addScenarioOptions,
  addThresholdOption,
  placeOf,
  type RunOptions,
  scenarioFlags,
} from "./options.js";
import { checkOutputs } from "./outputs.js";
import { describePlan } from "./plan-text.js";
import { tellWarnings } from "./warnings.js";

const EPILOG = `
Numbers take units: 10s, 500ms, 1m30s; 10k, 1.5M; 512MB.
Each option is also read from the environment, as QBENCH_VUS or QBENCH_MAX_IN_FLIGHT, and the scenario options from
the scenario file under their long names. Flags come before the environment, before the file, before the defaults.`;

/** What a roll-out is held to where nothing else is asked for: the published goal. */
const GOAL = ["successRate<99%", "p95>200ms"];

/** All that a run needs to know. */
export interface RunJob {
  readonly scenario: Scenario;
  /** On what was asked for; shown already, to be stored in the report. */
  readonly warnings: readonly Warning[];
  readonly options: RunOptions;
  readonly live: LiveOptions;
  /** Null: this process makes the load. */
  readonly agents: AgentsOptions | null;
  readonly thresholds: readonly Threshold[];
}

export function configure(command: Command): void {
  command.argument("[scenario]", "a scenario file, or the name of a shipped one; `qbench list scenarios` tells them");
  addScenarioOptions(command);
  addRunOptions(command);
  addThresholdOption(command);
  addLiveOptions(command);
  addAgentsOptions(command);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  await tellWarnings(job);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: describePlan(job) };
  const { executeRun } = await import("./execute-run.js");
  return executeRun(job);
}

async function jobOf(command: Command): Promise<RunJob> {
  // Not loaded for --help, which needs no schema, no YAML parser and no tables.
  const [{ resolveScenario }, { reporterFor }, { prepared }, inputs] = await Promise.all([
    import("../scenario/load.js"),
    import("../reporters/index.js"),
    import("./rendering.js"),
    import("./inputs.js"),
  ]);
  const opts = command.opts();
  const { env } = process;
  const mistakes = new Mistakes();
  const flags = scenarioFlags(opts);
  const agents = await mistakes.take(() => agentsOptions(opts, env));
  const machines = agents?.count ?? 1;
  const asked = mistakes.take(() => resolveScenario({ file: command.args[0], flags, env, machines }));
  const options = inputs.takeRunOptions(mistakes, opts, env, "run");
  const history = options?.dumpHistory;
  if (history !== undefined) {
    mistakes.take(() => checkOutputs([history], [".jsonl"], placeOf(opts, "dump-history", env)));
  }
  const isStaged = asked?.scenario.order === "staged";
  const failIf = options?.failIf.length === 0 && isStaged ? GOAL : (options?.failIf ?? []);
  const whole = mistakes.settle({
    asked,
    options,
    live: mistakes.take(() => liveOptions(opts, env)),
    agents,
    thresholds: inputs.takeThresholds(mistakes, opts, env, failIf, asked?.scenario.strategies),
  });
  // Each is right by itself; now, whether they go together.
  const { warnings, scenario: alone } = whole.asked;
  const { agents: them } = whole;
  mistakes.take(() => inputs.checkFit(alone, whole.options));
  const { scenario } = mistakes.settle({
    scenario: them === null ? alone : await mistakes.take(() => scenarioOfAgents(alone, them)),
  });
  // What a format lacks is told before anything is measured for it.
  for (const path of whole.options.outputs) prepared(reporterFor(path), { color: false });
  return { ...whole, scenario, warnings };
}
