import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import type { MicroPlan } from "../engine/micro-plan.js";
import type { CommandResult } from "./command.js";
import { addRunOptions, addScenarioOptions, placeOf, type RunOptions, scenarioFlags } from "./options.js";
import { planDocument } from "./plan-document.js";

const DEFAULT_DURATION = "500ms";
/** New users stay in the queue until their turn ends; beyond this the queue would be what is measured. */
const MAX_DURATION_MS = 60_000;

const EPILOG = `
One connection, one entry after another, for a user who is new, who waits already and who is active already. This
measures round trips, not throughput: \`qbench run\` tells what a strategy can take.`;

/** All that `qbench micro` needs to know. */
export interface MicroJob {
  readonly plan: MicroPlan;
  readonly options: RunOptions;
}

export function configure(command: Command): void {
  addScenarioOptions(command, ["strategy", "trials", "seed", "timeout", "client", "score"]);
  command.addOption(
    new Option(
      "--duration <TIME>",
      `measured time of each strategy with each kind of user, all rounds together, up to 1m (${DEFAULT_DURATION})`,
    ).helpGroup("What is compared:"),
  );
  addRunOptions(command);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: await describe(job) };
  const { executeMicro } = await import("./execute-micro.js");
  return executeMicro(job);
}

async function jobOf(command: Command): Promise<MicroJob> {
  const [{ resolveScenario }, { MICRO_NEEDS }, { takeRunOptions }] = await Promise.all([
    import("../scenario/load.js"),
    import("../engine/micro-plan.js"),
    import("./inputs.js"),
  ]);
  const opts = command.opts();
  const { env } = process;
  const flags = scenarioFlags(opts);
  if (flags.duration === undefined && !env.QBENCH_DURATION) flags.duration = DEFAULT_DURATION;
  const mistakes = new Mistakes();
  const scenario = mistakes.take(() => {
    const resolved = resolveScenario({ flags, env }).scenario;
    if (resolved.durationMs <= MAX_DURATION_MS) return resolved;
    const hint = "more rounds tell more than longer ones: --trials";
    throw usageError(`${placeOf(opts, "duration", env)}: expected up to 1m`, hint);
  });
  const found = mistakes.settle({ scenario, options: takeRunOptions(mistakes, opts, env, "micro", MICRO_NEEDS) });
  const { strategies, score, client, trials, durationMs, timeoutMs, seed } = found.scenario;
  return { plan: { strategies, score, client, trials, durationMs, timeoutMs, seed }, options: found.options };
}

async function describe({ plan, options }: MicroJob): Promise<string> {
  const { planTurns } = await import("../engine/micro-plan.js");
  const turns = planTurns(plan);
  if (options.json) {
    return planDocument(plan.seed, { scenario: plan, turns });
  }
  const lines = turns.map(
    ({ round, strategy, outcome }) => `  round ${round + 1}  ${strategy}, ${outcome.toLowerCase()} user`,
  );
  return [`${turns.length} turns of ${plan.durationMs / plan.trials} ms, seed ${plan.seed}`, ...lines].join("\n");
}
