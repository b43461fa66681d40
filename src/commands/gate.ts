import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import { didYouMean } from "../base/suggest.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { GateCase, GatePlan, SideName } from "../gate/plan.js";
import type { SideSpec } from "../gate/side-spec.js";
import type { FigureName } from "../report/figures.js";
import type { OnInconclusive } from "../report/gate.js";
import { envNameOf, OPTION_LIST } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { isLuaFileName } from "../strategies/lua-file.js";
import type { CommandResult } from "./command.js";
import { completing, type Words } from "./completing.js";
import {
  addRunOptions,
  addScenarioOptions,
  addThresholdOption,
  nameOf,
  placeOf,
  type RunOptions,
  scenarioFlags,
} from "./options.js";
import { planDocument } from "./plan-document.js";
import { tellWarnings } from "./warnings.js";

const DEFAULT_DURATION = "1s";
const DEFAULT_METRICS = "tps,p99";
/** Threads are warm from the first pair on. */
const DEFAULT_WARMUP = "0";
/** Of a process that starts anew for each trial. */
const DEFAULT_WARMUP_OF_PROCESS = "1s";
/** Where users are put into queues beforehand, the warm-up tells for how many entries. */
const DEFAULT_WARMUP_OF_POPULATION = "200ms";

const EPILOG = `
Base and candidate run in pairs, back to back. Counts come first: a candidate that needs more commands, calls or round
trips for an entry than its base fails after one trial. Then 10 to 36 pairs are measured, until the answer is clear.

Exit codes: 0 pass, 1 fail, 4 inconclusive (see --on-inconclusive), 2 and 3 it could not be measured: never a pass.`;

/** All that a gate needs to know. */
export interface GateJob {
  readonly plan: GatePlan;
  readonly specs: Readonly<Record<SideName, SideSpec>>;
  readonly scenarios: Readonly<Record<SideName, Scenario>>;
  readonly options: RunOptions;
  readonly onInconclusive: OnInconclusive;
  readonly estimate: { readonly shortest: number; readonly longest: number };
  readonly warnings: readonly Warning[];
}

export function configure(command: Command): void {
  const own = (flags: string, help: string, words: Words = () => []): Option =>
    completing(new Option(flags, help).helpGroup("Gate:"), words);
  const sides: Words = async () => (await import("../gate/side-spec.js")).SIDE_KINDS.map((kind) => `${kind}:`);
  const forms = "strategy:NAME, lua:FILE, git:REVISION, scenario:FILE or url:REDIS_URL";
  command.addOption(own("--base <SIDE>", `what there was: ${forms}`, sides));
  command.addOption(own("--candidate <SIDE>", "what is to come in its place", sides));
  const metrics = `figures to gate, or none for exact counts alone (${DEFAULT_METRICS})`;
  command.addOption(own("--metrics <A,B>", metrics, async () => [...(await figureNames()), "none"]));
  command.addOption(own("--threshold <PERCENT>", "the slowdown that must be ruled out for a pass (10%)"));
  command.addOption(own("--max-pairs <N>", "pairs after which it ends inconclusive, from 10 to 36 (36)"));
  const how = "report (exit 4), pass, warn (both 0) or fail (1) (report)";
  command.addOption(
    own("--on-inconclusive <HOW>", how, async () => (await import("../report/gate.js")).ON_INCONCLUSIVE),
  );
  const allowed = "exact figures of which the candidate may need more, anomalies, or all";
  command.addOption(
    own("--allow-more <A,B>", allowed, async () => [...(await import("../gate/plan.js")).ALLOWABLE_METRICS, "all"]),
  );
  addScenarioOptions(
    command,
    OPTION_LIST.map(({ flag }) => flag).filter((flag) => flag !== "trials"),
    {
      duration: DEFAULT_DURATION,
      warmup: `${DEFAULT_WARMUP}; ${DEFAULT_WARMUP_OF_POPULATION} where users are in queues beforehand, ${DEFAULT_WARMUP_OF_PROCESS} for revisions`,
    },
  );
  addThresholdOption(command);
  addRunOptions(command);
  command.addHelpText("after", EPILOG);
}

const figureNames = async (): Promise<string[]> =>
  (await import("../report/figures.js")).FIGURES.map(({ name }) => name);

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = await jobOf(command);
  await tellWarnings(job);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: describe(job) };
  const { executeGate } = await import("./execute-gate.js");
  return executeGate(job);
}

async function jobOf(command: Command): Promise<GateJob> {
  const [
    { parseSides, checkSides },
    { estimateMs, ALLOWABLE_METRICS, EVERY_KIND_OF_USER, SIDES },
    { FIGURES },
    { ON_INCONCLUSIVE },
    inputs,
  ] = await Promise.all([
    import("../gate/side-spec.js"),
    import("../gate/plan.js"),
    import("../report/figures.js"),
    import("../report/gate.js"),
    import("./inputs.js"),
  ]);
  const opts = command.opts<Record<string, string | undefined>>();
  const { env } = process;
  const mistakes = new Mistakes();
  /** Reads an option of the gate's own, told by where it was given. */
  const own = <T>(flag: string, fallback: string, read: (text: string, place: string) => T): T | undefined =>
    mistakes.take(() => read(opts[nameOf(flag)] ?? (env[envNameOf(flag)] || fallback), placeOf(opts, flag, env)));
  const specs = mistakes.take(() => parseSides(opts.base ?? env.QBENCH_BASE, opts.candidate ?? env.QBENCH_CANDIDATE));
  if (specs !== undefined) mistakes.take(() => checkSides(specs));
  const options = inputs.takeRunOptions(mistakes, opts, env, "gate");
  if (specs !== undefined && options !== undefined) mistakes.take(() => refuseUrls(specs, options));
  const resolved = await mistakes.take(() => scenariosOf(command, specs));
  const cases = specs && resolved && mistakes.take(() => casesOf(specs, resolved.scenarios));
  const names = cases?.map(({ name }) => name);
  if (resolved !== undefined && options !== undefined) {
    for (const side of SIDES) {
      const urls = specs?.[side].kind === "url" ? [specs[side].what] : options.urls;
      mistakes.take(() => inputs.checkFit(resolved.scenarios[side], { ...options, urls }));
    }
  }
  const found = mistakes.settle({
    specs,
    options,
    resolved,
    cases,
    metrics: own("metrics", DEFAULT_METRICS, (text, place) => {
      const all = FIGURES.map(({ name }) => name);
      return namesOf(place, text, all);
    }),
    threshold: own("threshold", "10%", thresholdOf),
    maxPairs: own("max-pairs", "36", pairsOf),
    allowMore: own("allow-more", "none", (text, place) =>
      text.split(",").some((name) => name.trim() === "all")
        ? [...ALLOWABLE_METRICS]
        : namesOf(place, text, ALLOWABLE_METRICS),
    ),
    onInconclusive: own("on-inconclusive", "report", (text, place) => {
      const how = ON_INCONCLUSIVE.find((one) => one === text);
      if (how !== undefined) return how;
      const expected = `expected ${ON_INCONCLUSIVE.join(", ")}, got ${quoted(text)}${didYouMean(text, ON_INCONCLUSIVE)}`;
      throw usageError(`${place}: ${expected}`);
    }),
    thresholds: inputs.takeThresholds(mistakes, opts, env, options?.failIf ?? [], names),
  });
  const { scenarios, warnings, isMixSaid } = found.resolved;
  const { metrics, threshold, maxPairs, allowMore, thresholds, onInconclusive } = found;
  const { seed } = scenarios.base;
  const countedMix = isMixSaid ? null : EVERY_KIND_OF_USER;
  const plan: GatePlan = { cases: found.cases, metrics, threshold, maxPairs, seed, countedMix, allowMore, thresholds };
  const estimate = estimateMs(plan, [scenarios.base, scenarios.candidate], found.specs.base.kind === "git");
  return { plan, specs: found.specs, scenarios, options: found.options, onInconclusive, estimate, warnings };
}

function refuseUrls(specs: GateJob["specs"], { urls, redisServer }: RunOptions): void {
  if (specs.base.kind !== "url" || (urls.length === 0 && redisServer === undefined)) return;
  throw usageError("--base and --candidate name the servers already", "leave out --url and --redis-server");
}

/** Each side's scenario: of a file where the sides are files, else one for both; also where it is not known what they are. */
async function scenariosOf(
  command: Command,
  specs: GateJob["specs"] | undefined,
): Promise<{ scenarios: GateJob["scenarios"]; warnings: readonly Warning[]; isMixSaid: boolean }> {
  const [{ resolveScenario }, { fileSource }, { SIDES }] = await Promise.all([
    import("../scenario/load.js"),
    import("../scenario/file.js"),
    import("../gate/plan.js"),
  ]);
  const flags = scenarioFlags(command.opts());
  const kind = specs?.base.kind;
  const isNamed = kind === "strategy" || kind === "lua";
  if (isNamed && flags.strategy !== undefined) {
    throw usageError("--strategy: --base and --candidate name what is compared", "leave --strategy out");
  }
  const isSet = (flag: string): boolean => flags[flag] !== undefined || (process.env[envNameOf(flag)] ?? "") !== "";
  const resolve = (file: string | undefined, seed: number | undefined) => {
    const inFile = file === undefined ? {} : fileSource(file).values;
    const fallback = (flag: string, value: string): Record<string, unknown> =>
      isSet(flag) || flag in inFile ? {} : { [flag]: value };
    const resolveWith = (warmup: string) =>
      resolveScenario({
        ...(file === undefined ? {} : { file }),
        flags: {
          ...flags,
          ...("entries" in inFile || isSet("entries") ? {} : fallback("duration", DEFAULT_DURATION)),
          ...fallback("warmup", warmup),
          ...(seed === undefined || isSet("seed") ? {} : { seed }),
        },
        env: process.env,
      });
    const first = resolveWith(kind === "git" ? DEFAULT_WARMUP_OF_PROCESS : DEFAULT_WARMUP);
    const { mix, prefill } = first.scenario;
    const hasPopulation = mix.new < 100 || prefill > 0;
    return hasPopulation && kind !== "git" && first.scenario.warmupMs === 0
      ? resolveWith(DEFAULT_WARMUP_OF_POPULATION)
      : first;
  };
  const files = kind === "scenario" ? specs : undefined;
  const base = resolve(files?.base.what, undefined);
  // One seed for both, drawn once.
  const candidate = files === undefined ? base : resolve(files.candidate.what, base.scenario.seed);
  return {
    scenarios: { base: base.scenario, candidate: candidate.scenario },
    warnings: files === undefined ? base.warnings : [...base.warnings, ...candidate.warnings],
    // One side alone is not changed: both are to meet the same users.
    isMixSaid:
      isSet("mix") || SIDES.some((side) => files !== undefined && "mix" in fileSource(files[side].what).values),
  };
}

function casesOf({ base, candidate }: GateJob["specs"], scenarios: GateJob["scenarios"]): GateCase[] {
  const strategyOf = ({ kind, what, label }: SideSpec): string => (kind === "strategy" ? what : label);
  if (base.kind === "strategy" || base.kind === "lua") {
    return [{ name: strategyOf(candidate), base: strategyOf(base), candidate: strategyOf(candidate) }];
  }
  const common = scenarios.base.strategies.filter((name) => scenarios.candidate.strategies.includes(name));
  if (common.length === 0) {
    throw usageError(
      `the two scenarios have no strategy in common: ${scenarios.base.strategies.join(", ")} and ${scenarios.candidate.strategies.join(", ")}`,
    );
  }
  const file = base.kind === "git" ? common.find(isLuaFileName) : undefined;
  if (file !== undefined) {
    throw usageError(
      `--strategy ${file}: of revisions those strategies are compared that they have themselves`,
      `scripts are compared by --base lua:FILE --candidate ${file}`,
    );
  }
  return common.map((name) => ({ name, base: name, candidate: name }));
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 60));

function namesOf(place: string, text: string, known: readonly FigureName[]): FigureName[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.length === 1 && names[0] === "none") return [];
  return names.map((name, i) => {
    const found = known.find((one) => one === name);
    if (found === undefined) {
      throw usageError(
        `${place}: unknown figure ${quoted(name)}${didYouMean(name, known)}`,
        `figures are ${known.join(", ")}`,
      );
    }
    if (names.indexOf(name) < i) throw usageError(`${place}: ${name} is given twice`);
    return found;
  });
}

function thresholdOf(text: string, place: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1] ?? Number.NaN);
  if (percent > 3 && percent <= 100) return percent / 100;
  throw usageError(
    `${place}: expected more than 3% and at most 100%, such as 10%, got ${quoted(text)}`,
    "what is slower by less than 3 % never fails, so less cannot be asked for",
  );
}

function pairsOf(text: string, place: string): number {
  const pairs = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (pairs >= 10 && pairs <= 36) return pairs;
  throw usageError(`${place}: expected a whole number from 10 to 36, got ${quoted(text)}`);
}

/** What `--dry-run` prints. */
function describe({ plan, specs, scenarios, options, estimate }: GateJob): string {
  const { thresholds, ...rest } = plan;
  const sides = { base: specs.base.label, candidate: specs.candidate.label };
  if (options.json) {
    const limits = thresholds.map(({ expression }) => expression);
    const gate = { ...rest, thresholds: limits };
    return planDocument(plan.seed, { ...sides, gate, scenarios, estimateMs: estimate });
  }
  return [
    `base       ${sides.base}`,
    `candidate  ${sides.candidate}`,
    `cases      ${plan.cases.map(({ name }) => name).join(", ")}`,
    `metrics    ${plan.metrics.join(", ") || "exact counts alone"}`,
    `trials     ${formatDuration(scenarios.base.durationMs)}, warm-up ${formatDuration(scenarios.base.warmupMs)}; seed ${plan.seed}`,
    `takes      ${estimateText(estimate)}`,
  ].join("\n");
}

export function estimateText({ shortest, longest }: GateJob["estimate"]): string {
  const [least, most] = [shortest, longest].map((ms) => formatDuration(1000 * Math.ceil(ms / 1000)));
  return least === most ? `about ${least}` : `about ${least} if the answer is clear, at most about ${most}`;
}
