import { nearest } from "../base/suggest.js";
import type { Warning } from "../base/warning.js";
import { envNameOf, OPTION_LIST } from "./options.js";

/** A place in a source: the option's flag, then what leads into its list or map. */
export type Path = readonly (string | number)[];

/** Something that says what is to be measured: the scenario file, the environment, the flags. */
export interface Source {
  /** Raw values by flag. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Words that lead a user to the place. `isKey`: the key itself is what is wrong, not its value. */
  where(path: Path, isKey: boolean): string;
  /** What is wrong with the source as a whole, ready to be shown. */
  readonly mistakes: readonly string[];
  readonly warnings: readonly Warning[];
}

const FLAGS = OPTION_LIST.map((option) => option.flag);

/** Flags as the command line gave them, by long name; undefined where a flag is absent. */
export function flagSource(flags: Readonly<Record<string, unknown>>): Source {
  const values = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return { values, where: ([flag]) => `--${flag}`, mistakes: [], warnings: [] };
}

/** One variable for each option; an empty one counts as absent, as is usual in CI. */
export function environmentSource(env: NodeJS.ProcessEnv): Source {
  const values = Object.fromEntries(
    FLAGS.map((flag) => [flag, env[envNameOf(flag)]]).filter(([, value]) => value !== undefined && value !== ""),
  );
  return { values, where: ([flag]) => envNameOf(String(flag)), mistakes: [], warnings: unknownVariables(env) };
}

/** Told of a variable that looks mistyped. */
export const UNKNOWN_VARIABLE = "unknown-environment-variable";

/**
 * Another tool's variable may begin with QBENCH_ too, so a name that looks mistyped is a warning only.
 * @param others flags beside those of a scenario
 */
export function unknownVariables(env: NodeJS.ProcessEnv, others: readonly string[] = []): Warning[] {
  const flags = [...FLAGS, ...others];
  const known = new Set(flags.map(envNameOf));
  return Object.keys(env).flatMap((variable) => {
    if (!variable.startsWith("QBENCH_") || known.has(variable)) return [];
    const flag = nearest(variable.slice("QBENCH_".length), flags);
    if (flag === undefined) return [];
    return [
      {
        code: UNKNOWN_VARIABLE,
        message: `${variable} is not known and has no effect (did you mean ${envNameOf(flag)}?)`,
      },
    ];
  });
}
