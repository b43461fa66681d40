import type { Command } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { Mistakes } from "../base/mistakes.js";
import type { CommandResult } from "./command.js";
import { addRunOptions, addScenarioOptions, scenarioFlags } from "./options.js";
import { withSignals } from "./signals.js";

const EPILOG = `
Nothing is written to the server. Exit code 3 if nothing could be measured there, 0 otherwise, warnings included.`;

export function configure(command: Command): void {
  addScenarioOptions(command, ["instances", "pool"]);
  addRunOptions(command, ["url", "redis-server", "json"]);
  command.addHelpText("after", EPILOG);
}

/** @throws QbenchError */
export async function execute(command: Command): Promise<CommandResult> {
  const [{ resolveScenario }, { takeRunOptions }, { examine }, { buildDoctorReport }, { renderDoctor }] =
    await Promise.all([
      import("../scenario/load.js"),
      import("./inputs.js"),
      import("../doctor/examine.js"),
      import("../report/doctor.js"),
      import("../reporters/doctor-text.js"),
    ]);
  const opts = command.opts();
  const mistakes = new Mistakes();
  const resolved = mistakes.take(() => resolveScenario({ flags: scenarioFlags(opts), env: process.env }));
  const options = takeRunOptions(mistakes, opts, process.env, "doctor", { isLoaded: false });
  const found = mistakes.settle({ resolved, options });
  const { instances, pool } = found.resolved.scenario;
  const { urls, redisServer, json, color } = found.options;
  if (urls.length > 1) throw usageError("doctor looks at one server at a time", "give one --url");
  const startedAt = new Date();
  const sinceMs = performance.now();
  const seen = await withSignals((signal) => examine({ url: urls[0], redisServer, instances, pool }, signal));
  const report = buildDoctorReport(seen, { startedAt, durationMs: performance.now() - sinceMs });
  const text = json ? JSON.stringify(report, null, 2) : renderDoctor(report, { color }).trimEnd();
  return { exitCode: report.status === "unfit" ? EXIT.environment : EXIT.ok, text };
}
