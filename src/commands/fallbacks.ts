import { fileSource } from "../scenario/file.js";
import { envNameOf } from "../scenario/options.js";

/** Whether somebody says so: a flag, the environment or the scenario file. */
export function isSaid(
  flag: string,
  flags: Readonly<Record<string, unknown>>,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
): boolean {
  const inFile = file === undefined ? {} : fileSource(file).values;
  return flags[flag] !== undefined || (env[envNameOf(flag)] ?? "") !== "" || flag in inFile;
}

/**
 * The flags with a command's own defaults, where they differ from those of `run` and nobody says otherwise.
 * A number of entries stands for a duration, and so do stages.
 */
export function withFallbacks(
  flags: Readonly<Record<string, unknown>>,
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  fallbacks: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const standsFor = (flag: string): string[] => (flag === "duration" ? [flag, "entries", "stages"] : [flag]);
  const own = Object.entries(fallbacks).filter(
    ([flag]) => !standsFor(flag).some((one) => isSaid(one, flags, file, env)),
  );
  return { ...flags, ...Object.fromEntries(own) };
}
