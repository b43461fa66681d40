import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { environmentError } from "../base/errors.js";
import type { RunReport, TrialReport } from "../report/schema.js";
import { PACKAGE_FOLDER } from "../report/tool.js";
import type { Measurement, QbenchSetting } from "./setting.js";

/** Runs the built command, one trial at a time, as a user would: what is measured is what is shipped. */
const BIN = join(PACKAGE_FOLDER, "bin", "qbench.js");
const TIMEOUT_MS = 280_000;
const LARGEST_REPORT_BYTES = 64 << 20;

/** Options that every trial of a benchmark shares. The waiting set is let grow, as the peers let it. */
const COMMON = "--trials 1 --warmup 700ms --score sequence --max-waiting 10M --timeout 60s --quiet --json".split(" ");

export const argumentsOf = (
  { entries, options }: Omit<QbenchSetting, "tool" | "name">,
  port: number | "PORT",
): string[] => ["run", ...["--url", `redis://127.0.0.1:${port}`, "--entries", String(entries)], ...COMMON, ...options];

/** For the report: what was typed, with the port left open. */
export const commandOf = (setting: QbenchSetting): string => ["qbench", ...argumentsOf(setting, "PORT")].join(" ");

/** The first trial's report. @throws QbenchError (environment) if the run failed, or its audit found anything. */
export async function runTrial(args: readonly string[]): Promise<TrialReport> {
  const options = { timeout: TIMEOUT_MS, maxBuffer: LARGEST_REPORT_BYTES };
  const { stdout } = await promisify(execFile)(process.execPath, [BIN, ...args], options).catch((error: Error) => {
    throw environmentError(`qbench ${args.join(" ")} failed: ${error.message}`);
  });
  const trial = (JSON.parse(stdout) as RunReport).strategies[0]?.trials[0];
  if (trial === undefined) throw environmentError(`qbench ${args.join(" ")} measured nothing`);
  if (trial.entries.failed > 0 || trial.audit.brokenPromises.length > 0) {
    throw environmentError(
      `qbench ${args.join(" ")}: ${trial.entries.failed} entries failed, or the audit broke a promise`,
    );
  }
  return trial;
}

export async function measureQbench(
  setting: QbenchSetting,
  port: number,
): Promise<Omit<Measurement, "round" | "order">> {
  const { tps, server, generator, limiter, waitingSet } = await runTrial(argumentsOf(setting, port));
  return {
    entriesPerSec: tps,
    toldPerSec: tps,
    serverBusy: server.cpuUtilization,
    serverUsPerEntry: server.cpuUsPerEntry,
    generatorUsPerEntry: generator.cpuUsPerEntry,
    eventLoopBusy: generator.eventLoopUtilization,
    limiter,
    waiting: waitingSet.atEnd,
  };
}
