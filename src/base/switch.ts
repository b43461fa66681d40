import { usageError } from "./errors.js";

/** What an environment variable says that means yes. */
export const isOn = (value = ""): boolean => /^(1|true|yes|on)$/i.test(value);

/** Whether an environment variable, such as `QBENCH_QUIET`, is on. @throws QbenchError (usage) for what is neither on nor off */
export function isSwitchedOn(name: string, env: NodeJS.ProcessEnv): boolean {
  const value = env[name] ?? "";
  if (isOn(value)) return true;
  if (/^(0|false|no|off|)$/i.test(value)) return false;
  throw usageError(`${name}: expected 1 or 0, got ${JSON.stringify(value.slice(0, 20))}`);
}
