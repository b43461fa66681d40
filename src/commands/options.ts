import { type Command, Option } from "commander";
import { isSwitchedOn } from "../base/switch.js";
import { envNameOf, fallbackTextOf, OPTION_LIST } from "../scenario/options.js";
import { type ClusterShape, DEFAULT_SHAPE, parseClusterShape } from "../targets/cluster-shape.js";

/** The options of `run`, from the table of scenario options and the one below. */

type Opts = Readonly<Record<string, unknown>>;

interface RunOption {
  readonly placeholder?: string;
  readonly isRepeatable?: boolean;
  readonly group: "Target" | "Result";
  readonly help: string;
}

/** Options that say where to measure and what to do with the result; no part of a scenario. */
const RUN_OPTIONS = {
  url: {
    placeholder: "URL",
    isRepeatable: true,
    group: "Target",
    help:
      "redis[s]://[[USER]:PASSWORD@]HOST[:PORT][/DB] of a running server, or a node of a cluster, or " +
      "redis-sentinel://HOST[:PORT]/NAME[/DB] (default: a server of qbench's own)",
  },
  cluster: { group: "Target", help: "start a cluster instead of one server: 3 primaries with a replica each" },
  "cluster-shape": {
    placeholder: "PxR",
    group: "Target",
    help: "start a cluster of P primaries with R replicas each",
  },
  "redis-server": {
    placeholder: "PATH",
    group: "Target",
    help: "the redis-server or valkey-server to start (default: the one on PATH, else what set-up installed)",
  },
  "allow-remote": { group: "Target", help: "the server may be on another machine" },
  "allow-nonempty": { group: "Target", help: "the server may hold keys of others" },
  output: {
    placeholder: "PATH",
    isRepeatable: true,
    group: "Result",
    help: "write the report there; its ending says in which format",
  },
  "dump-history": {
    placeholder: "FILE.jsonl",
    group: "Result",
    help: "write every event of every trial there, one JSON object a line",
  },
  json: { group: "Result", help: "print one JSON document and nothing else, after a failure too" },
  quiet: { group: "Result", help: "no progress and no warnings on stderr; the report has them" },
  "dry-run": { group: "Result", help: "print the plan and connect to nothing" },
} satisfies Readonly<Record<string, RunOption>>;
type RunFlag = keyof typeof RUN_OPTIONS;

/** Where to measure and what to do with the result. */
export interface RunOptions {
  /** As given: not yet parsed, and not to be printed. None: an embedded server. */
  readonly urls: readonly string[];
  readonly redisServer: string | undefined;
  /** Undefined: one server. */
  readonly cluster: ClusterShape | undefined;
  readonly outputs: readonly string[];
  /** `--fail-if`, as given. */
  readonly failIf: readonly string[];
  readonly dumpHistory: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether stdout may show colours. */
  readonly color: boolean;
  readonly dryRun: boolean;
  readonly allowRemote: boolean;
  readonly allowNonempty: boolean;
}

/** `max-in-flight` → `maxInFlight`, under which commander keeps its value. */
export const nameOf = (flag: string): string => flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Whence an option's value comes, as its mistakes name it: the flag, or the variable where the flag is not given. */
export const placeOf = (opts: Opts, flag: string, env: NodeJS.ProcessEnv = process.env): string =>
  opts[nameOf(flag)] === undefined && (env[envNameOf(flag)] ?? "") !== "" ? envNameOf(flag) : `--${flag}`;

const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

function option(
  flag: string,
  placeholder: string | undefined,
  isRepeatable: boolean,
  group: string,
  help: string,
): Option {
  const made = new Option(`--${flag}${placeholder === undefined ? "" : ` <${placeholder}>`}`, help).helpGroup(
    `${group}:`,
  );
  return isRepeatable ? made.argParser(collected) : made;
}

/**
 * Every option of a scenario; `only`: those with these flags.
 * @param fallbacks what holds in this command unless it is given, by flag, where that is not what holds in `run`
 */
export function addScenarioOptions(
  command: Command,
  only?: readonly string[],
  fallbacks: Readonly<Record<string, string>> = {},
): void {
  for (const one of OPTION_LIST) {
    if (!(only?.includes(one.flag) ?? true)) continue;
    const help = `${one.help} (${fallbacks[one.flag] ?? fallbackTextOf(one)})`;
    command.addOption(option(one.flag, one.type.placeholder, one.isRepeatable ?? false, one.group, help));
  }
}

/** Limits that fail a run or a gate. */
export function addThresholdOption(command: Command): void {
  command.addOption(
    option(
      "fail-if",
      "LIMIT",
      true,
      "Result",
      "end with exit code 1 if this holds, such as callsPerEntry>1, anomalies>0, lua:p99>25ms or successRate<99%",
    ),
  );
}

/** Where to measure and what to do with the result; `only`: those with these flags. */
export function addRunOptions(command: Command, only?: readonly RunFlag[]): void {
  for (const [flag, { placeholder, isRepeatable = false, group, help }] of Object.entries<RunOption>(RUN_OPTIONS)) {
    if (!(only?.some((one) => one === flag) ?? true)) continue;
    command.addOption(option(flag, placeholder, isRepeatable, group, help));
  }
  command.addOption(new Option("--no-color", "no colours").helpGroup("Result:"));
}

/** Scenario options that were given, by flag, as they were written. */
export const scenarioFlags = (opts: Opts): Record<string, unknown> =>
  Object.fromEntries(OPTION_LIST.map(({ flag }) => [flag, opts[nameOf(flag)]]));

/** @throws QbenchError (usage) */
export function runOptions(opts: Opts, env: NodeJS.ProcessEnv, isTerminal: boolean): RunOptions {
  const one = (flag: RunFlag): string | undefined =>
    (opts[nameOf(flag)] as string) ?? (env[envNameOf(flag)] || undefined);
  const isOn = (flag: RunFlag): boolean => opts[nameOf(flag)] === true || isSwitchedOn(envNameOf(flag), env);
  // A URL holds no blanks, a path may.
  const urls = (opts.url as string[]) ?? env[envNameOf("url")]?.split(/\s+/).filter((url) => url !== "") ?? [];
  const output = env[envNameOf("output")];
  return {
    urls,
    redisServer: one("redis-server"),
    cluster: clusterOf(one("cluster-shape"), isOn("cluster")),
    outputs: (opts.output as string[]) ?? (output ? [output] : []),
    failIf: (opts.failIf as string[]) ?? (env[envNameOf("fail-if")] ? [env[envNameOf("fail-if")] as string] : []),
    dumpHistory: one("dump-history"),
    json: jsonWanted(opts.json, env),
    quiet: isOn("quiet"),
    color: colorWanted(opts.color !== false, env, isTerminal),
    dryRun: isOn("dry-run"),
    allowRemote: isOn("allow-remote"),
    allowNonempty: isOn("allow-nonempty"),
  };
}

const clusterOf = (shape: string | undefined, isAsked: boolean): ClusterShape | undefined =>
  shape === undefined ? (isAsked ? DEFAULT_SHAPE : undefined) : parseClusterShape(shape);

/** Whether stdout may show colours; `asked` is false after --no-color. */
export const colorWanted = (asked: boolean, env: NodeJS.ProcessEnv, isTerminal: boolean): boolean =>
  asked && !env.NO_COLOR && (isTerminal || (env.FORCE_COLOR ?? "0") !== "0");

/** Whether stdout is to be one JSON document; `asked`: after --json. @throws QbenchError (usage) */
export const jsonWanted = (asked: unknown, env: NodeJS.ProcessEnv): boolean =>
  asked === true || isSwitchedOn(envNameOf("json"), env);
