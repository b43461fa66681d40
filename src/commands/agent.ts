import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { envNameOf } from "../scenario/options.js";
import { CONTROL_HELP } from "./agents-options.js";
import type { CommandResult } from "./command.js";
import { placeOf } from "./options.js";
import { withSignals } from "./signals.js";

const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];
const NAME = /^[\w.-]{1,40}$/;

const EPILOG = `
An agent waits for runs (qbench run --agents N --control URL) and makes its part of their load, until it is stopped by
Ctrl-C, SIGTERM or a closed terminal. It stops a load by itself where the controller is gone. It loads this machine's
servers and those that --allow-target names, and nothing else. Options are also read from the environment, as QBENCH_CONTROL or
QBENCH_ALLOW_TARGET (separated by blanks).`;

export function configure(command: Command): void {
  command.addOption(new Option("--control <URL>", CONTROL_HELP));
  command.addOption(new Option("--name <NAME>", "what reports call this agent (default: drawn at random)"));
  command.addOption(
    new Option(
      "--allow-target <TARGET>",
      "a server that it may load: HOST, HOST:PORT or a network such as 10.0.0.0/8; repeatable (default: this machine's)",
    ).argParser(collected),
  );
  command.addOption(new Option("--allow-strategy-files", "run strategies that the controller sends as files"));
  command.addOption(new Option("--once", "end after one run: exit code 0 if it was finished"));
  command.addOption(new Option("--quiet", "say nothing but errors"));
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const [{ redisUrl }, { parseAllowedTarget }, { runAgent }] = await Promise.all([
    import("../targets/url.js"),
    import("../distributed/permissions.js"),
    import("../distributed/agent.js"),
  ]);
  const opts = command.opts();
  const fromEnv = (flag: string): string | undefined => process.env[envNameOf(flag)] || undefined;
  const control = opts.control ?? fromEnv("control");
  if (control === undefined) {
    throw usageError("--control is missing: the Redis at which agents and the controller meet", CONTROL_HELP);
  }
  const agent: string = opts.name ?? fromEnv("name") ?? randomBytes(3).toString("hex");
  if (!NAME.test(agent)) throw usageError("--name: expected up to 40 letters, digits, dots, dashes or underscores");
  const allowed: string[] = opts.allowTarget ?? fromEnv("allow-target")?.split(/\s+/).filter(Boolean) ?? [];
  const permissions = {
    targets: allowed.map(parseAllowedTarget),
    strategyFiles: opts.allowStrategyFiles === true,
  };
  const say = (line: string): void => {
    if (opts.quiet !== true) console.error(`qbench: ${line}`);
  };
  const endpoint = redisUrl(control, placeOf(opts, "control"));
  await withSignals((signal) => runAgent({ endpoint, agent, permissions, once: opts.once === true, say }, signal));
  return { exitCode: EXIT.ok, text: "" };
}
