import { type Command, Option } from "commander";
import { EXIT, QbenchError, usageError } from "../base/errors.js";
import { Mistakes, mistakesError } from "../base/mistakes.js";
import { didYouMean } from "../base/suggest.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { FigureName } from "../report/figures.js";
import { envNameOf, OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { count } from "../scenario/values.js";
import type { Axes } from "../sweep/axis.js";
import type { Journal } from "../sweep/journal.js";
import type { Point, SweepPlan } from "../sweep/plan.js";
import type { CommandResult } from "./command.js";
import { completing, type Words } from "./completing.js";
import { addRunOptions, addScenarioOptions, nameOf, placeOf, type RunOptions, scenarioFlags } from "./options.js";
import { checkOutputs } from "./outputs.js";
import { planDocument } from "./plan-document.js";
import { tellWarnings } from "./warnings.js";

const FALLBACKS = { duration: "2s", warmup: "500ms" };
const DEFAULT_FIGURE = "tps";

const EPILOG = `
Every strategy at every combination of the axes' values is a cell. All cells run once in each round, in an order drawn from
the seed. Values are written as for the option itself: --axis vus=100,1000,3000 --axis connections=exclusive,shared;
values that hold commas are separated by ";", as in --axis "mix=new=100;new=50,waiting=50".`;

/** All that a sweep needs to know. */
export interface SweepJob {
  readonly plan: SweepPlan;
  scenarioAt(point: Point): Scenario;
  readonly warnings: readonly Warning[];
  readonly options: RunOptions;
  readonly resume: { readonly path: string; readonly journal: Journal | undefined } | undefined;
}

export function configure(command: Command): void {
  const own = (flags: string, help: string, words: Words = () => []): Option =>
    completing(new Option(flags, help).helpGroup("Sweep:"), words);
  const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];
  command.argument("[scenario]", "a scenario file, or the name of a shipped one; `qbench list scenarios` tells them");
  const axes: Words = async () => (await import("../sweep/axis.js")).AXIS_FLAGS.map((flag) => `${flag}=`);
  command.addOption(
    own("--axis <OPTION=A,B>", "an option and the values that it takes in turn", axes).argParser(collected),
  );
  const best = `what the best is told by (${DEFAULT_FIGURE})`;
  command.addOption(own("--figure <NAME>", best, async () => figuresOf(await import("../report/figures.js"))));
  command.addOption(
    own("--max-cells <N>", "measure at most so many, where the axes change most (all cells of the grid)"),
  );
  command.addOption(
    own("--resume <FILE.jsonl>", "keep each trial there as soon as it is measured, and go on from what is there"),
  );
  addScenarioOptions(
    command,
    OPTION_LIST.map(({ flag }) => flag).filter((flag) => flag !== "order"),
    FALLBACKS,
  );
  addRunOptions(command);
  command.addHelpText("after", EPILOG);
}

/** Of which one can be the best; what is exact is no matter of degree. */
const figuresOf = ({ FIGURES }: typeof import("../report/figures.js")): FigureName[] =>
  FIGURES.filter(({ isExact }) => !isExact).map(({ name }) => name);

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  await tellWarnings(job);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: await describe(job) };
  const { executeSweep } = await import("./execute-sweep.js");
  return executeSweep(job);
}

async function jobOf(command: Command): Promise<SweepJob> {
  const [{ parseAxes }, { readJournal }, { resolveScenario }, { reporterFor }, { prepared }, inputs, plans, figures] =
    await Promise.all([
      import("../sweep/axis.js"),
      import("../sweep/journal.js"),
      import("../scenario/load.js"),
      import("../reporters/index.js"),
      import("./rendering.js"),
      import("./inputs.js"),
      import("../sweep/plan.js"),
      import("../report/figures.js"),
    ]);
  const opts = command.opts<Record<string, string | undefined> & { axis?: string[] }>();
  const { env } = process;
  const given = (flag: string): string | undefined =>
    (opts[nameOf(flag)] as string | undefined) ?? (env[envNameOf(flag)] || undefined);
  const file = command.args[0];
  const mistakes = new Mistakes();
  const taken = inputs.takeRunOptions(mistakes, opts, env, "sweep");
  mistakes.take(() => {
    if (taken?.dumpHistory === undefined) return;
    throw usageError("--dump-history is of `qbench run`", "run the one cell whose history matters");
  });
  const names = figuresOf(figures);
  const path = given("resume");
  const resume = mistakes.take(() => {
    if (path === undefined) return null;
    checkOutputs([path], [".jsonl"], placeOf(opts, "resume", env));
    return { path, journal: readJournal(path) };
  });
  const swept = mistakes.take(() => parseAxes(opts.axis ?? env.QBENCH_AXIS?.split(/\s+/).filter(Boolean) ?? []));
  // Without axes, what is wrong besides them is told all the same.
  if (swept === undefined) mistakes.take(() => resolveScenario({ file, flags: scenarioFlags(opts), env }));
  const seed = resume?.journal?.header.plan.seed;
  const found = mistakes.settle({
    options: taken,
    resume,
    swept,
    figure: mistakes.take(() => figureOf(given("figure") ?? DEFAULT_FIGURE, names, placeOf(opts, "figure", env))),
    most: mistakes.take(() => cellsOf(given("max-cells"), placeOf(opts, "max-cells", env))),
    resolved: swept && (await mistakes.take(() => scenariosOf(command, swept, seed))),
  });
  const { options, resolved } = found;
  for (const output of options.outputs) prepared(reporterFor(output), { color: false });
  const { axes } = found.swept;
  for (const point of plans.gridOf(axes)) inputs.checkFit(resolved.scenarioAt(point), options);
  const scenario = resolved.scenarioAt(axes.map(() => 0));
  const plan: SweepPlan = {
    axes,
    strategies: scenario.strategies,
    figure: found.figure,
    trials: scenario.trials,
    maxCells: Math.min(found.most, plans.gridOf(axes).length * scenario.strategies.length),
    seed: scenario.seed,
    scenario,
  };
  const fewest = plans.fewestCells(plan);
  if (plan.maxCells < fewest) {
    throw usageError(
      `--max-cells: expected ${fewest} at least, got ${plan.maxCells}: both ends of each axis, for each strategy`,
      "fewer axes, fewer values of an axis that is no number, or fewer strategies need fewer cells",
    );
  }
  const warnings = [...resolved.warnings, ...(scenario.order === "staged" ? [STAGED] : [])];
  return { ...resolved, warnings, plan, options, resume: found.resume ?? undefined };
}

const STAGED: Warning = { code: "no-effect", message: "order has no effect: the cells of a sweep are interleaved" };

/** Every point's scenario is read and checked before anything is measured, just as if its values had been given as flags. */
async function scenariosOf(
  command: Command,
  { axes, strategies }: Axes,
  seed: number | undefined,
): Promise<Pick<SweepJob, "scenarioAt" | "warnings">> {
  const [{ resolveScenario }, { withFallbacks }, { gridOf, keyOf }] = await Promise.all([
    import("../scenario/load.js"),
    import("./fallbacks.js"),
    import("../sweep/plan.js"),
  ]);
  const file = command.args[0];
  const asked = scenarioFlags(command.opts());
  const named = strategies === undefined ? axes : [...axes, { flag: "strategy" }];
  const twice = named.find(({ flag }) => asked[flag] !== undefined);
  if (twice !== undefined) throw usageError(`--${twice.flag}: an axis says it already`, "give one of the two");
  const flags = { ...asked, ...(strategies === undefined ? {} : { strategy: strategies }) };
  const valuesAt = (point: Point): Record<string, unknown> =>
    Object.fromEntries(axes.map((axis, i) => [axis.flag, axis.values[point[i] as number]?.raw]));
  const first = valuesAt(axes.map(() => 0));
  const settled = withFallbacks({ ...flags, ...first }, file, process.env, FALLBACKS);
  const isSeeded = asked.seed !== undefined || (process.env.QBENCH_SEED ?? "") !== "";
  if (seed !== undefined && !isSeeded) settled.seed = seed;
  const scenarios = new Map<string, Scenario>();
  const warnings = new Map<string, Warning[]>();
  for (const point of gridOf(axes)) {
    const values = valuesAt(point);
    try {
      const one = resolveScenario({ file, flags: { ...settled, ...values }, env: process.env });
      // Drawn once, for all of them.
      settled.seed ??= one.scenario.seed;
      scenarios.set(keyOf(point), one.scenario);
      for (const warning of one.warnings) {
        warnings.set(warning.code, [...(warnings.get(warning.code) ?? []), warning]);
      }
    } catch (error) {
      if (!(error instanceof QbenchError)) throw error;
      const place = Object.entries(values).map(([flag, value]) => `${flag} ${value}`);
      const all = error.mistakes.map((mistake) => `at ${place.join(", ")}: ${mistake}`);
      throw mistakesError(all, "leave out the value that does not fit");
    }
  }
  return {
    scenarioAt: (point) => scenarios.get(keyOf(point)) as Scenario,
    warnings: [...warnings].map(([code, all]) => {
      const [message, ...others] = new Set(all.map((one) => one.message));
      return { code, message: `${message}${others.length === 0 ? "" : " (and the like at other points)"}` };
    }),
  };
}

function figureOf(text: string, known: readonly FigureName[], place: string): FigureName {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  const shown = JSON.stringify(text.slice(0, 60));
  throw usageError(`${place}: unknown figure ${shown}${didYouMean(text, known)}`, `figures are ${known.join(", ")}`);
}

function cellsOf(text: string | undefined, place: string): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const mistakes: string[] = [];
  const value = count(1, 1_000_000).read(text, (message) => mistakes.push(message));
  if (value === undefined) throw usageError(`${place}: ${mistakes.join("; ")}`);
  return value;
}

/** What `--dry-run` prints. */
async function describe({ plan, options, warnings }: SweepJob): Promise<string> {
  const { estimateOf, firstWave, gridOf, planWave } = await import("../sweep/plan.js");
  const first = firstWave(plan);
  const trials = planWave(plan, 0, first);
  const { cells, ms } = estimateOf(plan);
  if (options.json) {
    return planDocument(plan.seed, { sweep: plan, cells, estimateMs: ms, trials, warnings });
  }
  const isWhole = first.length === gridOf(plan.axes).length;
  return [
    ...plan.axes.map(({ flag, values }) => `${flag.padEnd(12)} ${values.map(({ text }) => text).join(", ")}`),
    `strategies   ${plan.strategies.join(", ")}`,
    `cells        ${cells}${isWhole ? "" : `, ${first.length * plan.strategies.length} of them first, the others where these change most`}`,
    `takes        ${sweepEstimateText(plan, cells, ms)}; seed ${plan.seed}`,
  ].join("\n");
}

export function sweepEstimateText({ trials, scenario }: SweepPlan, cells: number, ms: number | null): string {
  const each = scenario.entries === null ? formatDuration(scenario.durationMs) : `${scenario.entries} entries`;
  const time = ms === null ? "" : `, about ${formatDuration(1000 * Math.ceil(ms / 1000))}`;
  return `${cells} cells, ${trials} trials of ${each} each${time}`;
}
