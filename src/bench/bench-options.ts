import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { usageError } from "../base/errors.js";

/** What each benchmark of the generator takes on its command line. */
export interface BenchOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Go on with the rounds that the output holds. */
  readonly resume: boolean;
  readonly output: string;
}

const HELP = (name: string, defaults: BenchOptions): string => `npm run bench:${name} -- [options]
  --rounds N     how many rounds to measure now (${defaults.rounds}; 0: only what is measured once)
  --resume       add them to the rounds that the output holds already
  --seed N       draws the order within each round (${defaults.seed})
  --output PATH  (${defaults.output})`;

/** @returns undefined after `--help`, which has been printed. @throws QbenchError (usage) */
export function benchOptions(name: string, args: readonly string[], defaults: BenchOptions): BenchOptions | undefined {
  const options = {
    rounds: { type: "string" },
    seed: { type: "string" },
    resume: { type: "boolean" },
    output: { type: "string" },
    help: { type: "boolean" },
  } as const;
  let given: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    given = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw usageError((error as Error).message, HELP(name, defaults));
  }
  if (given.help) {
    console.log(HELP(name, defaults));
    return undefined;
  }
  const resume = given.resume ?? false;
  const output = given.output ?? defaults.output;
  if (resume && !existsSync(output)) throw usageError(`--resume: there is no ${output} to go on with`);
  return {
    rounds: integer("--rounds", given.rounds, 1000) ?? defaults.rounds,
    seed: integer("--seed", given.seed, 2 ** 32 - 1) ?? defaults.seed,
    resume,
    output,
  };
}

function integer(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw usageError(`${option} ${text}: expected an integer from 0 to ${most}`);
}

/** What an earlier run left in the output. @throws QbenchError (usage) if it is no such file. */
export function resultSoFar<T extends { readonly kind: string }>(path: string, kind: T["kind"]): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw usageError(`${path} cannot be gone on with: ${(error as Error).message}`);
  }
  if ((value as { kind?: unknown } | null)?.kind === kind) return value as T;
  throw usageError(`${path} holds no result of this benchmark (kind ${kind})`);
}
