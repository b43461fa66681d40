import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { PredictPlan } from "../predict/plan.js";
import { TOOL } from "../report/tool.js";
import { envNameOf, OPTION_LIST } from "../scenario/options.js";
import type { CommandResult } from "./command.js";
import { addRunOptions, addScenarioOptions, type RunOptions, runOptions, scenarioFlags } from "./options.js";
import { checkOutputs } from "./outputs.js";

/** What a calibration takes, whatever the scenario's file says of its own trials. */
const DEFAULTS = { trials: "3", duration: "1s", warmup: "500ms" } as const;
const DEFAULT_AT = ["rtt=0,1ms,5ms"];

const EPILOG = `
Four short trials of each strategy say what a round trip costs Redis and the generator: for one user, for 200 on 20
exclusive connections, for 1000 on 20 shared ones, and for 20 users with a round trip of 2 ms added. A queueing network then tells throughput and
latency at any combination of the values after --at; --measure measures these too and says by how much it was off.
Unless they are given here, --trials is ${DEFAULTS.trials}, --duration ${DEFAULTS.duration} and --warmup ${DEFAULTS.warmup}, whatever the scenario's file says.`;

/** All that \`qbench predict\` needs to know. */
export interface PredictJob {
  readonly plan: PredictPlan;
  readonly options: RunOptions;
  readonly warnings: readonly Warning[];
}

export function configure(command: Command): void {
  const own = (flags: string, help: string): Option => new Option(flags, help).helpGroup("Prediction:");
  command.argument("[scenario]", "a scenario file, or the name of a shipped one; `qbench list scenarios` tells them");
  command.addOption(
    own("--at <NAME=V,V>", `an option and the values to predict; repeatable (${DEFAULT_AT.join(" ")})`).argParser(
      (value: string, before: readonly string[] = []): readonly string[] => [...before, value],
    ),
  );
  command.addOption(own("--measure", "measure what is predicted, and say by how much it is off"));
  addScenarioOptions(
    command,
    OPTION_LIST.map(({ flag }) => flag).filter((flag) => flag !== "order" && flag !== "entries"),
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
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: await describe(job) };
  const { executePredict } = await import("./execute-predict.js");
  return executePredict(job);
}

async function jobOf(command: Command): Promise<PredictJob> {
  const [{ resolveScenario }, { combinationsOf, notModelled, parseAt, splitAt }, { parseRedisUrl }] = await Promise.all(
    [import("../scenario/load.js"), import("../predict/grid.js"), import("../targets/url.js")],
  );
  const opts = command.opts();
  const { env } = process;
  const inEnvironment = (env[envNameOf("at")] ?? "").split(/\s+/).filter((text) => text !== "");
  const given = parseAt(opts.at ?? (inEnvironment.length > 0 ? inEnvironment : DEFAULT_AT));
  const flags = { ...scenarioFlags(opts) };
  for (const [flag, value] of Object.entries(DEFAULTS)) {
    if (flags[flag] === undefined && !env[envNameOf(flag)]) flags[flag] = value;
  }
  const file = command.args[0];
  const { scenario, warnings } = resolveScenario({ file, flags, env });
  const unknown = notModelled(scenario);
  if (unknown.length > 0) {
    throw usageError(
      `the model knows nothing of ${unknown.join(", ")}, which this scenario has`,
      "it predicts users who enter and enter again, or arrivals at one rate; measure others by `qbench run`",
    );
  }
  const cells = combinationsOf(given).map((at) => {
    const { flags: own, primaries } = splitAt(at);
    const resolved = resolveScenario({ file, flags: { ...flags, ...own, seed: scenario.seed }, env });
    return { at, primaries, scenario: resolved.scenario };
  });
  if (opts.measure === true && cells.some(({ primaries }) => primaries !== undefined)) {
    throw usageError(
      "--measure: a cluster with a core for each thread is only predicted",
      "leave primaries out of --at",
    );
  }
  const options = runOptions(opts, env, process.stdout.isTTY === true);
  options.urls.forEach(parseRedisUrl);
  checkOutputs(options.outputs, [".json", ".md", ".csv", ".txt"]);
  return { plan: { scenario, cells, isMeasured: opts.measure === true }, options, warnings };
}

async function describe({ plan, options }: PredictJob): Promise<string> {
  const { planPredict } = await import("../predict/plan.js");
  const steps = planPredict(plan);
  if (options.json) {
    const document = { schemaVersion: 1, kind: "plan", tool: TOOL, complete: true, seed: plan.scenario.seed };
    const trials = steps.map(({ scenario: _, ...step }) => step);
    return JSON.stringify(
      { ...document, scenario: plan.scenario, cells: plan.cells.map(({ at }) => at), trials },
      null,
      2,
    );
  }
  const { durationMs, warmupMs, strategies } = plan.scenario;
  const calibrating = steps.filter(({ setting }) => setting !== null).length;
  return [
    `${calibrating} trials to calibrate by, ${steps.length - calibrating} of what is predicted, ` +
      `${formatDuration(steps.length * (durationMs + warmupMs))} under load, set-up and audit on top`,
    ...plan.cells.map(({ at }) => `  ${placeText(at)}: ${strategies.join(", ")}`),
  ].join("\n");
}

const placeText = (at: Readonly<Record<string, string>>): string =>
  Object.entries(at)
    .map(([flag, value]) => `${flag} ${value}`)
    .join(", ");
