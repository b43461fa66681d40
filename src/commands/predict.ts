import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { PredictPlan } from "../predict/plan.js";
import { envNameOf } from "../scenario/options.js";
import type { CommandResult } from "./command.js";
import { addModelledOptions, defaultsText, modelledScenario } from "./modelled.js";
import type { RunOptions } from "./options.js";
import { planDocument } from "./plan-document.js";
import { tellWarnings } from "./warnings.js";

/** What a calibration takes, whatever the scenario's file says of its own trials. */
const DEFAULTS = { trials: "3", duration: "1s", warmup: "500ms" } as const;
const DEFAULT_AT = ["rtt=0,1ms,5ms"];

const EPILOG = `
Four short trials of each strategy say what a round trip costs Redis and the generator: for one user, for 200 on 20
exclusive connections, for 1000 on 20 shared ones, and for 20 users with a round trip of 2 ms added. A queueing network then tells throughput and
latency at any combination of the values after --at; --measure measures these too and says by how much it was off.
${defaultsText(DEFAULTS)}`;

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
  addModelledOptions(command, ["order", "entries"], DEFAULTS);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  await tellWarnings(job);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: await describe(job) };
  const { executePredict } = await import("./execute-predict.js");
  return executePredict(job);
}

async function jobOf(command: Command): Promise<PredictJob> {
  const [{ combinationsOf, parseAt, splitAt }, { PREDICT_NEEDS }, { takeRunOptions }] = await Promise.all([
    import("../predict/grid.js"),
    import("../predict/plan.js"),
    import("./inputs.js"),
  ]);
  const opts = command.opts();
  const { env } = process;
  const mistakes = new Mistakes();
  const inEnvironment = (env[envNameOf("at")] ?? "").split(/\s+/).filter((text) => text !== "");
  const given = mistakes.take(() => parseAt(opts.at ?? (inEnvironment.length > 0 ? inEnvironment : DEFAULT_AT)));
  const hint = "it predicts users who enter and enter again, or arrivals at one rate; measure others by `qbench run`";
  const modelled = await mistakes.take(() => modelledScenario(opts, command.args[0], DEFAULTS, hint));
  const options = takeRunOptions(mistakes, opts, env, "predict", PREDICT_NEEDS);
  const found = mistakes.settle({ given, modelled, options });
  const { scenario, warnings, at } = found.modelled;
  const cells = combinationsOf(found.given).map((values) => {
    const { flags, primaries } = splitAt(values);
    return { at: values, primaries, scenario: at(flags) };
  });
  if (opts.measure === true && cells.some(({ primaries }) => primaries !== undefined)) {
    throw usageError(
      "--measure: a cluster with a core for each thread is only predicted",
      "leave primaries out of --at",
    );
  }
  return { plan: { scenario, cells, isMeasured: opts.measure === true }, options: found.options, warnings };
}

async function describe({ plan, options }: PredictJob): Promise<string> {
  const { planPredict } = await import("../predict/plan.js");
  const steps = planPredict(plan);
  if (options.json) {
    const trials = steps.map(({ scenario: _, ...step }) => step);
    const cells = plan.cells.map(({ at }) => at);
    return planDocument(plan.scenario.seed, { scenario: plan.scenario, cells, trials });
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
