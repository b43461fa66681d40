import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { Mistakes, mistakesError } from "../base/mistakes.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { CapacityPlan } from "../capacity/procedure.js";
import { ARRIVALS, PACERS } from "../pacers/index.js";
import { envNameOf, OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { count, number, percent, type ValueType } from "../scenario/values.js";
import type { CommandResult } from "./command.js";
import { addRunOptions, addScenarioOptions, nameOf, placeOf, type RunOptions, scenarioFlags } from "./options.js";
import { planDocument } from "./plan-document.js";
import { tellWarnings } from "./warnings.js";

const FALLBACKS = { duration: "3s", warmup: "500ms" };
/** What decides on them is the search itself. */
const NO_OPTIONS = ["rate", "stages", "entries", "trials", "order", "think-time"];
const LOWEST_PER_SEC = 1;
const HIGHEST_PER_SEC = 10_000_000;

const EPILOG = `
The rate is doubled until the service level does not hold, then the two ends are brought together, and both are confirmed.
A rate that the load generator could not offer is its own limit and said to be, never the server's.`;

interface CapacityOption {
  readonly type: ValueType<number>;
  readonly fallback: number;
  readonly help: string;
}

const OPTIONS = {
  "start-rate": {
    type: number("N", LOWEST_PER_SEC, HIGHEST_PER_SEC),
    fallback: 1000,
    help: "entries a second to begin with, no more than --max-rate",
  },
  "max-rate": {
    type: number("N", LOWEST_PER_SEC, HIGHEST_PER_SEC),
    fallback: 1_000_000,
    help: "entries a second that are offered at most",
  },
  precision: { type: percent, fallback: 5, help: "how far apart the two ends may be" },
  confirmations: { type: count(1, 100), fallback: 3, help: "trials that each end needs" },
  "max-steps": { type: count(2, 1000), fallback: 40, help: "trials of each strategy, at most" },
} as const satisfies Readonly<Record<string, CapacityOption>>;
type Flag = keyof typeof OPTIONS;

const DEFAULT_LEVEL = "p95<200ms,success>99%";
const LEAST_PRECISION_PERCENT = 1;
const MOST_PRECISION_PERCENT = 50;

/** All that `qbench capacity` needs to know. */
export interface CapacityJob {
  readonly plan: CapacityPlan;
  readonly warnings: readonly Warning[];
  readonly options: RunOptions;
  readonly estimate: { readonly usual: number; readonly longest: number };
}

export function configure(command: Command): void {
  const own = (flags: string, help: string): Option => new Option(flags, help).helpGroup("Capacity:");
  command.argument("[scenario]", "a scenario file, or the name of a shipped one; `qbench list scenarios` tells them");
  command.addOption(own("--slo <LEVEL>", `the service level that must hold (${DEFAULT_LEVEL})`));
  for (const [flag, { type, fallback, help }] of Object.entries<CapacityOption>(OPTIONS)) {
    command.addOption(own(`--${flag} <${type.placeholder}>`, `${help} (${type.format(fallback)})`));
  }
  addScenarioOptions(
    command,
    OPTION_LIST.map(({ flag }) => flag).filter((flag) => !NO_OPTIONS.includes(flag)),
    FALLBACKS,
  );
  addRunOptions(command);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  await tellWarnings(job);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: describe(job) };
  const { executeCapacity } = await import("./execute-capacity.js");
  return executeCapacity(job);
}

async function jobOf(command: Command): Promise<CapacityJob> {
  const [
    { resolveScenario },
    { isSaid, withFallbacks },
    { parseServiceLevel },
    { estimateMs },
    { checkFit, takeRunOptions },
  ] = await Promise.all([
    import("../scenario/load.js"),
    import("./fallbacks.js"),
    import("../capacity/service-level.js"),
    import("../capacity/procedure.js"),
    import("./inputs.js"),
  ]);
  const opts = command.opts();
  const { env } = process;
  const file = command.args[0];
  const mistakes = new Mistakes();
  const numbers = mistakes.take(() => numbersOf(opts, env));
  const asked = scenarioFlags(opts);
  for (const flag of ["stages", "entries"]) mistakes.take(() => refuse(flag, isSaid(flag, asked, file, env)));
  const flags = withFallbacks(asked, file, env, FALLBACKS);
  // The search decides on the rate; that there is one is what makes the load open.
  const rate = numbers?.["start-rate"] ?? OPTIONS["start-rate"].fallback;
  const resolved = mistakes.take(() => resolveScenario({ file, flags: { ...flags, rate }, env }));
  if (resolved !== undefined) mistakes.take(() => refuseUnsteady(resolved.scenario));
  const options = takeRunOptions(mistakes, opts, env, "capacity");
  if (options !== undefined) mistakes.take(() => refuseHistory(options));
  const slo = (opts.slo as string) ?? (env[envNameOf("slo")] || DEFAULT_LEVEL);
  const place = placeOf(opts, "slo", env);
  const found = mistakes.settle({
    numbers,
    resolved,
    options,
    level: mistakes.take(() => parseServiceLevel(slo, resolved?.scenario.strategies, place)),
  });
  const { scenario, warnings } = found.resolved;
  checkFit(scenario, found.options);
  const plan: CapacityPlan = {
    strategies: scenario.strategies,
    level: found.level,
    search: {
      startPerSec: found.numbers["start-rate"],
      mostPerSec: found.numbers["max-rate"],
      precision: found.numbers.precision / 100,
      confirmations: found.numbers.confirmations,
      maxSteps: found.numbers["max-steps"],
    },
    seed: scenario.seed,
    scenario,
  };
  return { plan, warnings, options: found.options, estimate: estimateMs(plan) };
}

function refuseHistory({ dumpHistory }: RunOptions): void {
  if (dumpHistory !== undefined) throw usageError("--dump-history is of `qbench run`", "run at the rate found");
}

function refuse(flag: string, isSaid: boolean): void {
  if (!isSaid) return;
  throw usageError(`${flag}: the search decides how much is offered, and for how long`, `leave out ${flag}`);
}

function refuseUnsteady({ arrival }: Scenario): void {
  if (PACERS[arrival].takesStages) return;
  const steady = ARRIVALS.filter((one) => PACERS[one].takesStages).join(" or ");
  throw usageError(
    `arrival: ${arrival} changes the rate while a trial lasts, and a capacity is of one rate`,
    `--arrival ${steady}`,
  );
}

/** @throws QbenchError (usage) that tells all mistakes */
function numbersOf(opts: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Readonly<Record<Flag, number>> {
  const mistakes: string[] = [];
  const wrong = (flag: Flag, message: string): number => mistakes.push(`${placeOf(opts, flag, env)}: ${message}`);
  const read = (flag: Flag): number => {
    const raw = opts[nameOf(flag)] ?? (env[envNameOf(flag)] || undefined);
    if (raw === undefined) return OPTIONS[flag].fallback;
    return OPTIONS[flag].type.read(raw, (message) => wrong(flag, message)) ?? Number.NaN;
  };
  const numbers = Object.fromEntries((Object.keys(OPTIONS) as Flag[]).map((flag) => [flag, read(flag)]));
  const { precision, "start-rate": start, "max-rate": most } = numbers as Record<Flag, number>;
  const isStartGiven = (opts[nameOf("start-rate")] ?? (env[envNameOf("start-rate")] || undefined)) !== undefined;
  if (start > most && isStartGiven) {
    wrong("start-rate", `expected at most --max-rate, which is ${most}, got ${start}`);
  }
  if (precision < LEAST_PRECISION_PERCENT || precision > MOST_PRECISION_PERCENT) {
    wrong("precision", `expected ${LEAST_PRECISION_PERCENT}% to ${MOST_PRECISION_PERCENT}%, got ${precision}%`);
  }
  if (mistakes.length > 0) throw mistakesError(mistakes);
  return { ...(numbers as Record<Flag, number>), "start-rate": Math.min(start, most) };
}

/** What `--dry-run` prints. */
function describe({ plan, options, warnings, estimate }: CapacityJob): string {
  const slo = plan.level.map(({ expression }) => expression);
  if (options.json) {
    const { scenario, search, strategies } = plan;
    const capacity = { slo, ...search };
    return planDocument(plan.seed, { strategies, capacity, scenario, estimateMs: estimate, warnings });
  }
  return [
    `must hold    ${slo.join(", ")}`,
    `strategies   ${plan.strategies.join(", ")}`,
    `rates        from ${plan.search.startPerSec}/s, at most ${plan.search.mostPerSec}/s`,
    `takes        ${capacityEstimateText(estimate)}; seed ${plan.seed}`,
  ].join("\n");
}

export function capacityEstimateText({ usual, longest }: CapacityJob["estimate"]): string {
  const [about, most] = [usual, longest].map((ms) => formatDuration(1000 * Math.ceil(ms / 1000)));
  return `usually about ${about}, at most about ${most}`;
}
