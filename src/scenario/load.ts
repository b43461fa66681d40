import { randomInt } from "node:crypto";
import type { z } from "zod";
import { mistakesError } from "../base/mistakes.js";
import { didYouMean } from "../base/suggest.js";
import type { Warning } from "../base/warning.js";
import { durationOf, meanRateOf } from "../pacers/profile.js";
import { type Conflict, conflictsIn, warningsOn } from "./check.js";
import { fileSource } from "./file.js";
import { type AnyOption, OPTION_LIST, type Property, SCENARIO_OPTIONS } from "./options.js";
import type { Scenario } from "./scenario.js";
import { scenarioSchema, type Values } from "./schema.js";
import { environmentSource, flagSource, type Path, type Source } from "./source.js";
import { shown } from "./values.js";

export interface ScenarioInput {
  /** A scenario file, or the bare name of a shipped one. */
  readonly file?: string | undefined;
  /** By long flag without dashes; text as given, a list for a flag given several times. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
  /** How many machines have these instances each (1): warnings are on what all of them do together. */
  readonly machines?: number;
}

export interface ResolvedScenario {
  readonly scenario: Scenario;
  readonly warnings: readonly Warning[];
}

/** A scenario of no file. */
const UNNAMED = "ad-hoc";

/**
 * The scenario that flags, environment, file and defaults make together, the former before the latter.
 * @throws QbenchError (usage) that tells all mistakes of all sources at once, each with its place.
 */
export function resolveScenario({ file, flags = {}, env = {}, machines = 1 }: ScenarioInput): ResolvedScenario {
  const fromFile = file === undefined ? undefined : fileSource(file);
  const strongestFirst = [flagSource(flags), environmentSource(env), ...(fromFile === undefined ? [] : [fromFile])];
  const read = strongestFirst.map((source) => ({ source, ...readSource(source) }));
  const mistakes = read.flatMap((one) => one.mistakes);
  if (mistakes.length > 0) throw mistakesError(mistakes);

  /** Place of the source that decides on an option; -1 if it is left to its default. */
  const rank = (property: Property): number => read.findIndex((one) => SCENARIO_OPTIONS[property].flag in one.values);
  const fields = OPTION_LIST.map((option) => [option.property, decided(option, read[rank(option.property)]?.values)]);
  const name = fromFile === undefined ? UNNAMED : (read.at(-1)?.values.name ?? fromFile.name);
  const merged = { name, ...Object.fromEntries(fields) } as Scenario;

  // A duration asked for on the command line outranks a number of entries in the file, and the other way round.
  const isDurationStronger = rank("durationMs") !== -1 && rank("durationMs") < rank("entries");
  const timed = isDurationStronger ? { ...merged, entries: null } : merged;
  const isMixStronger = rank("strategies") === -1 || rank("mixStrategies") <= rank("strategies");
  const asked = withMix(timed, isMixStronger);

  const isNamedTwice = rank("mixStrategies") !== -1 && rank("mixStrategies") === rank("strategies");
  const conflicts = [...conflictsIn(asked), ...(isNamedTwice ? [NAMED_TWICE] : [])].map(({ properties, message }) => {
    const given = properties.filter((property) => rank(property) !== -1).sort((a, b) => rank(a) - rank(b));
    const { flag } = SCENARIO_OPTIONS[given[0] ?? properties[0]!];
    const source = given[0] === undefined ? undefined : read[rank(given[0])]?.source;
    return `${source?.where([flag], false) ?? flag}: ${message}`;
  });
  if (conflicts.length > 0) throw mistakesError(conflicts);

  const { stages } = asked;
  const scenario =
    stages === null ? asked : { ...asked, durationMs: durationOf(stages), ratePerSec: meanRateOf(stages) };
  const warnings = [
    ...strongestFirst.flatMap((source) => source.warnings),
    ...warningsOn({ ...scenario, instances: scenario.instances * machines }, (property) => rank(property) !== -1),
  ];
  if (scenario.entries !== null && rank("durationMs") !== -1 && rank("durationMs") === rank("entries")) {
    warnings.push({
      code: "no-effect",
      message: "duration has no effect with entries: a trial ends with its last entry",
    });
  }
  return { scenario, warnings };
}

const NAMED_TWICE: Conflict = {
  properties: ["mixStrategies"],
  message: "expected this or strategy, not both; a mix among others is written --strategy lua,individual=90+lua=10",
};

/** A mix is the only strategy, unless strategies were named by a stronger source. */
function withMix(scenario: Scenario, isMixStronger: boolean): Scenario {
  const { mixStrategies } = scenario;
  if (mixStrategies === null) return scenario;
  return isMixStronger ? { ...scenario, strategies: [mixStrategies] } : { ...scenario, mixStrategies: null };
}

function decided(option: AnyOption, values: Values | undefined): unknown {
  if (values !== undefined) return values[option.flag];
  return option.fallback === undefined ? randomInt(2 ** 32) : option.fallback;
}

function readSource(source: Source): { values: Values; mistakes: readonly string[] } {
  if (source.mistakes.length > 0) return { values: {}, mistakes: source.mistakes };
  const result = scenarioSchema.safeParse(source.values);
  if (result.success) return { values: result.data, mistakes: [] };
  return { values: {}, mistakes: result.error.issues.flatMap((issue) => mistakesOf(issue, source)) };
}

function mistakesOf(issue: z.core.$ZodIssue, source: Source): string[] {
  if (issue.code !== "unrecognized_keys") return [`${source.where(issue.path as Path, false)}: ${issue.message}`];
  return issue.keys.map(
    (key) =>
      `${source.where([key], true)}: unknown option ${shown(key)}${didYouMean(key, Object.keys(scenarioSchema.shape))}`,
  );
}
