import { randomInt } from "node:crypto";
import { type Command, Option } from "commander";
import { DESIGN_NAMES } from "../admission/index.js";
import { LOCK_NAMES } from "../admission/locks/index.js";
import { EXIT } from "../base/errors.js";
import { Mistakes, mistakesError } from "../base/mistakes.js";
import { formatCount, formatDuration } from "../base/units.js";
import { ADMIT_NEEDS, type AdmitPlan, planAdmitTurns } from "../engine/admit-plan.js";
import { counts, names } from "../scenario/list-values.js";
import { envNameOf } from "../scenario/options.js";
import { count, duration, type ValueType } from "../scenario/values.js";
import type { CommandResult } from "./command.js";
import { completing, enumIn } from "./completing.js";
import { takeRunOptions } from "./inputs.js";
import { addRunOptions, nameOf, placeOf, type RunOptions } from "./options.js";
import { planDocument } from "./plan-document.js";

const EPILOG = `
For each design and batch: what a user costs the server, how many users a second one scheduler admits, and how long a
bystander has to wait meanwhile. Each design's scheduler is then killed in the middle, and each lock's holder put to sleep
past its time; what that does is counted from the data. --design alone leaves out the locks, --lock alone the designs.`;

/** All that \`qbench admit\` needs to know. */
export interface AdmitJob {
  readonly plan: AdmitPlan;
  readonly options: RunOptions;
}

interface AdmitOption {
  readonly type: ValueType<unknown>;
  readonly group: "Designs" | "Locks" | "Measuring";
  readonly help: string;
  readonly fallbackText: string;
}

const OPTIONS = {
  design: {
    type: names("admission design", DESIGN_NAMES),
    group: "Designs",
    help: "ways to admit; `qbench list designs` describes them",
    fallbackText: "all",
  },
  batch: {
    type: counts(1, 1_000_000),
    group: "Designs",
    help: "users of one call",
    fallbackText: "10,100,1000,10000",
  },
  waiting: {
    type: count(1, 10_000_000),
    group: "Designs",
    help: "users waiting before each turn",
    fallbackText: "200k",
  },
  duration: {
    type: duration(10, 60_000),
    group: "Designs",
    help: "of a turn: one design, one batch, in one round",
    fallbackText: "300ms",
  },
  kills: {
    type: count(0, 100),
    group: "Designs",
    help: "how often in a round each design's scheduler is killed",
    fallbackText: "2",
  },
  lock: {
    type: names("lock", LOCK_NAMES),
    group: "Locks",
    help: "ways for several schedulers to take turns",
    fallbackText: "all",
  },
  instances: { type: count(2, 16), group: "Locks", help: "schedulers that share a lock", fallbackText: "2" },
  trials: { type: count(1, 1000), group: "Measuring", help: "rounds, each in an order of its own", fallbackText: "5" },
  seed: {
    type: count(0, 2 ** 32 - 1),
    group: "Measuring",
    help: "the same seed gives the same orders and moments of killing",
    fallbackText: "drawn at random, and reported",
  },
} as const satisfies Readonly<Record<string, AdmitOption>>;
type Flag = keyof typeof OPTIONS;

export function configure(command: Command): void {
  for (const [flag, { type, group, help, fallbackText }] of Object.entries(OPTIONS)) {
    const option = new Option(`--${flag} <${type.placeholder}>`, `${help} (${fallbackText})`).helpGroup(`${group}:`);
    command.addOption(completing(option, () => enumIn(type.jsonSchema)));
  }
  addRunOptions(command);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const job = jobOf(command.opts(), process.env);
  if (job.options.dryRun) return { exitCode: EXIT.ok, text: describe(job) };
  const { executeAdmit } = await import("./execute-admit.js");
  return executeAdmit(job);
}

function jobOf(opts: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): AdmitJob {
  const wrong: string[] = [];
  const given = (flag: Flag): unknown => opts[nameOf(flag)] ?? (env[envNameOf(flag)] || undefined);
  const read = <T>(flag: Flag, fallback: T): T => {
    const raw = given(flag);
    if (raw === undefined) return fallback;
    const value = OPTIONS[flag].type.read(raw, (message) => wrong.push(`${placeOf(opts, flag, env)}: ${message}`));
    return value as T;
  };
  // What is asked for alone is what is done; asked for nothing, everything.
  const isOnly = (flag: Flag, other: Flag): boolean => given(flag) === undefined && given(other) !== undefined;
  const plan: AdmitPlan = {
    designs: read("design", isOnly("design", "lock") ? [] : DESIGN_NAMES),
    batches: read("batch", [10, 100, 1000, 10_000]),
    waiting: read("waiting", 200_000),
    trials: read("trials", 5),
    durationMs: read("duration", 300),
    kills: read("kills", 2),
    locks: read("lock", isOnly("lock", "design") ? [] : LOCK_NAMES),
    instances: read("instances", 2),
    seed: read("seed", randomInt(2 ** 32)),
  };
  if (wrong.length === 0 && plan.designs.length > 0) {
    const largest = Math.max(...plan.batches);
    if (largest > plan.waiting) {
      wrong.push(
        `--batch: a batch of ${formatCount(largest)} needs as many users waiting; there are ${formatCount(plan.waiting)} (--waiting)`,
      );
    }
  }
  const mistakes = new Mistakes();
  mistakes.take(() => {
    if (wrong.length > 0) throw mistakesError(wrong);
  });
  const options = takeRunOptions(mistakes, opts, env, "admit", ADMIT_NEEDS);
  return { plan, ...mistakes.settle({ options }) };
}

function describe({ plan, options }: AdmitJob): string {
  const turns = planAdmitTurns(plan);
  if (options.json) return planDocument(plan.seed, { scenario: plan, turns });
  const kills = plan.designs.length * plan.kills * plan.trials;
  return [
    `${turns.length} turns of ${formatDuration(plan.durationMs)}, ${kills} kills, ` +
      `${plan.locks.length * plan.trials} trials of locks; seed ${plan.seed}`,
    ...turns.map(({ round, design, batch }) => `  round ${round + 1}  ${design}, ${formatCount(batch)} users a call`),
  ].join("\n");
}
