import { type Command, Option } from "commander";
import { mistakesError } from "../base/mistakes.js";
import { printable } from "../base/printable.js";
import { envNameOf } from "../scenario/options.js";

/** Ways to watch a run from outside of its terminal. Ports of this machine; 0: a free one. */
export interface LiveOptions {
  /** Null: no page. */
  readonly uiPort: number | null;
  /** Null: no metrics. */
  readonly metricsPort: number | null;
}

const GROUP = "Watching:";
const LOWEST_PORT = 1024;
const HIGHEST_PORT = 65_535;

export function addLiveOptions(command: Command): void {
  command.addOption(
    new Option(
      "--ui [PORT]",
      "a live page for a browser on this machine, until the run ends (PORT: a free one)",
    ).helpGroup(GROUP),
  );
  command.addOption(
    new Option(
      "--metrics-port <PORT>",
      "metrics for Prometheus on this machine, until the run ends; 0: a free port",
    ).helpGroup(GROUP),
  );
}

/** @throws QbenchError (usage) that tells all mistakes */
export function liveOptions(opts: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): LiveOptions {
  const mistakes: string[] = [];
  const portOf = (flag: string, given: unknown): number | null => {
    if (given === true) return 0;
    const text = (given as string | undefined) ?? (env[envNameOf(flag)] || undefined);
    if (text === undefined) return null;
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (port === 0 || (port >= LOWEST_PORT && port <= HIGHEST_PORT)) return port;
    const where = given === undefined ? envNameOf(flag) : `--${flag}`;
    mistakes.push(
      `${where}: expected a port from ${LOWEST_PORT} to ${HIGHEST_PORT}, or 0 for a free one, got "${printable(text, 40)}"`,
    );
    return null;
  };
  const uiPort = portOf("ui", opts.ui);
  const metricsPort = portOf("metrics-port", opts.metricsPort);
  if (uiPort !== null && uiPort !== 0 && uiPort === metricsPort) {
    mistakes.push(`--ui and --metrics-port are both ${uiPort}: each needs a port of its own`);
  }
  if (mistakes.length === 0) return { uiPort, metricsPort };
  // `--ui smoke` takes the scenario for its port.
  const isWord = typeof opts.ui === "string" && !/^\d/.test(opts.ui);
  throw mistakesError(mistakes, isWord ? "name the scenario before --ui, or write --ui=PORT" : undefined);
}
