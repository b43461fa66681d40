import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { PredictPlan } from "../predict/plan.js";
import type { RoadmapCell } from "../roadmap/plan.js";
import type { Roadmap } from "../roadmap/stages.js";
import { envNameOf } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { number } from "../scenario/values.js";
import type { CommandResult } from "./command.js";
import { addModelledOptions, defaultsText, modelledScenario } from "./modelled.js";
import { placeOf, type RunOptions } from "./options.js";
import { planDocument } from "./plan-document.js";
import { tellWarnings } from "./warnings.js";

const SCENARIO = "source-replay";
/** How stages are measured, whatever the scenario's file says: there are many. */
const DEFAULTS = { trials: "5", duration: "3s", warmup: "500ms" } as const;
/** How the model is calibrated: no longer than the stages are measured. */
const calibrationOf = ({ trials, durationMs, warmupMs }: Scenario) => ({
  trials: Math.min(3, trials),
  durationMs: Math.min(1000, durationMs),
  warmupMs: Math.min(500, warmupMs),
});

const EPILOG = `
Every stage of the published roadmap is measured, interleaved in rounds, under the conditions that a claim may depend on:
a round trip of 1 ms, none, shared connections. Before that a model is calibrated, which predicts each. Claims are
confirmed or refuted by 95 % intervals of the gain; where the conditions disagree it depends on them.
${defaultsText(DEFAULTS)}`;

/** All that \`qbench roadmap\` needs to know. */
export interface RoadmapJob {
  readonly roadmap: Roadmap;
  readonly cells: readonly RoadmapCell[];
  readonly plan: PredictPlan;
  /** How the stages are measured. */
  readonly scenario: Scenario;
  readonly options: RunOptions;
  readonly warnings: readonly Warning[];
}

export function configure(command: Command): void {
  const own = (flags: string, help: string): Option => new Option(flags, help).helpGroup("Roadmap:");
  command.argument("[scenario]", `a scenario file, or the name of a shipped one (${SCENARIO})`);
  command.addOption(own("--roadmap <FILE.json>", "stages, claims and prices (the published ones)"));
  command.addOption(own("--goal-tps <N>", "entries a second to reach (that of the stages)"));
  addModelledOptions(command, ["strategy", "mix-strategies", "order"], DEFAULTS);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  await tellWarnings(job);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: await describe(job) };
  const { executeRoadmap } = await import("./execute-roadmap.js");
  return executeRoadmap(job);
}

async function jobOf(command: Command): Promise<RoadmapJob> {
  const [
    { cellsOf },
    { PUBLISHED_ROADMAP, readRoadmap },
    { reporterFor },
    { prepared },
    { PREDICT_NEEDS },
    { takeRunOptions },
  ] = await Promise.all([
    import("../roadmap/plan.js"),
    import("../roadmap/stages.js"),
    import("../reporters/index.js"),
    import("./rendering.js"),
    import("../predict/plan.js"),
    import("./inputs.js"),
  ]);
  const opts = command.opts();
  const { env } = process;
  const mistakes = new Mistakes();
  const path = opts.roadmap ?? (env[envNameOf("roadmap")] || PUBLISHED_ROADMAP);
  const read = mistakes.take(() => readRoadmap(path, placeOf(opts, "roadmap", env)));
  const asked = opts.goalTps ?? (env[envNameOf("goal-tps")] || undefined);
  const goalTps = mistakes.take(() => goalOf(asked, placeOf(opts, "goal-tps", env)));
  const hint = "a roadmap is of users who enter and enter again, or arrivals at one rate";
  const modelled = await mistakes.take(() => modelledScenario(opts, command.args[0] ?? SCENARIO, DEFAULTS, hint));
  const taken = takeRunOptions(mistakes, opts, env, "roadmap", PREDICT_NEEDS);
  const found = mistakes.settle({ read, modelled, options: taken });
  const { scenario, warnings, at } = found.modelled;
  const { goal } = found.read;
  const roadmap = { ...found.read, goal: { ...goal, tps: goalTps ?? goal.tps } };
  const { options } = found;
  // A cluster of our own beside a server of others would be another machine's figures in one table.
  const cells = cellsOf(roadmap, at).filter(({ cluster }) => cluster === undefined || options.urls.length === 0);
  const strategies = [...new Set(cells.flatMap((cell) => cell.scenario.strategies))];
  for (const output of options.outputs) prepared(reporterFor(output), { color: false });
  const plan = { scenario: { ...scenario, ...calibrationOf(scenario), strategies }, cells, isMeasured: true };
  return { roadmap, cells, plan, scenario: { ...scenario, strategies }, options, warnings };
}

function goalOf(raw: unknown, place: string): number | undefined {
  if (raw === undefined) return undefined;
  return number("N", 1, 10_000_000).read(raw, (message) => {
    throw usageError(`${place}: ${message}`);
  });
}

async function describe({ plan, cells, scenario, options }: RoadmapJob): Promise<string> {
  const { planPredict } = await import("../predict/plan.js");
  const steps = planPredict(plan);
  const loadMs = steps.reduce((sum, step) => sum + step.scenario.durationMs + step.scenario.warmupMs, 0);
  if (options.json) {
    const stages = cells.map(({ stage, variant, at }) => ({ stage, variant, at }));
    return planDocument(scenario.seed, { scenario, stages, loadTimeMs: loadMs, trials: steps.length });
  }
  return [
    `${steps.length} trials, ${formatDuration(loadMs)} under load, set-up and audit on top`,
    ...cells.map(({ stage, variant }) => `  ${stage}: ${variant}`),
  ].join("\n");
}
