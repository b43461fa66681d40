import type { Command } from "commander";
import { isOn } from "../base/switch.js";
import type { Warning } from "../base/warning.js";

/** On stderr, before anything is done: what is asked for works, but hardly as it was meant. */
export async function tellWarnings({
  warnings,
  options,
}: {
  readonly warnings: readonly Warning[];
  readonly options: { readonly quiet: boolean };
}): Promise<void> {
  const { UNKNOWN_VARIABLE } = await import("../scenario/source.js");
  // Those are told before any command, whether it has a scenario or not.
  const others = warnings.filter(({ code }) => code !== UNKNOWN_VARIABLE);
  if (!options.quiet) tell(others);
}

/** Variables that look like a mistyped option of this command. */
export async function tellUnknownVariables(command: Command, env: NodeJS.ProcessEnv): Promise<void> {
  if (command.opts().quiet === true || isOn(env.QBENCH_QUIET)) return;
  if (!Object.keys(env).some((name) => name.startsWith("QBENCH_"))) return;
  const { unknownVariables } = await import("../scenario/source.js");
  tell(
    unknownVariables(
      env,
      command.options.flatMap(({ long }) => (long ? [long.slice(2)] : [])),
    ),
  );
}

function tell(warnings: readonly Warning[]): void {
  for (const { message } of warnings) console.error(`qbench: warning: ${message}`);
}
