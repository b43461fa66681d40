import type { Command } from "commander";
import { EXIT } from "../base/errors.js";
import type { CommandResult } from "./command.js";
import { addRunOptions, addScenarioOptions, runOptions, scenarioFlags } from "./options.js";
import { withSignals } from "./signals.js";

const EPILOG = `
Takes about 20 seconds, with --quick about 8, and needs no Redis: qbench measures a server of its own whose replies come after known delays.
Exit code 1 if a check fails.`;

export function configure(command: Command): void {
  addScenarioOptions(command, ["client", "seed"]);
  command.option("--quick", "shorter trials, for a first look");
  addRunOptions(command, ["json", "quiet"]);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const [{ resolveScenario }, { runSelftest }, { buildSelftestReport }, { renderSelftest }] = await Promise.all([
    import("../scenario/load.js"),
    import("../selftest/selftest.js"),
    import("../report/selftest.js"),
    import("../reporters/selftest-text.js"),
  ]);
  const opts = command.opts();
  const { client, seed } = resolveScenario({ flags: scenarioFlags(opts), env: process.env }).scenario;
  const { json, quiet, color } = runOptions(opts, process.env, process.stdout.isTTY === true);
  const startedAt = new Date();
  const sinceMs = performance.now();
  const checks = await withSignals((signal) =>
    runSelftest({ client, seed, signal, isShort: opts.quick === true }, ({ name, ok }) => {
      if (!quiet) console.error(`qbench: ${name}: ${ok ? "ok" : "failed"}`);
    }),
  );
  const report = buildSelftestReport({ checks, seed, startedAt, durationMs: performance.now() - sinceMs });
  const text = json ? JSON.stringify(report, null, 2) : renderSelftest(report, { color }).trimEnd();
  return { exitCode: report.ok ? EXIT.ok : EXIT.failed, text };
}
