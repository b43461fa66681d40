import type { TrialRecord } from "../audit/dump.js";
import { EXIT, type QbenchError } from "../base/errors.js";
import type { Agents } from "../distributed/controller.js";
import { type RunOutcome, runScenario } from "../engine/run.js";
import type { TrialResult } from "../engine/trial-result.js";
import { buildRunReport, trialReport } from "../report/builder.js";
import type { RunReport } from "../report/schema.js";
import { checkThresholds, type Threshold, thresholdText } from "../report/thresholds.js";
import { json } from "../reporters/json.js";
import { table } from "../reporters/table.js";
import type { Target } from "../targets/target.js";
import type { CommandResult } from "./command.js";
import { failureText } from "./failure.js";
import { HistoryFile } from "./history-file.js";
import { writeEach } from "./kind-outputs.js";
import { openLive } from "./live.js";
import { factsOf, scriptsBeside, type TargetFacts } from "./report-file.js";
import type { RunJob } from "./run.js";
import { withSignals } from "./signals.js";

/** Measures what the job asks for, writes the reports and gives the table, or the JSON, for stdout. */
export async function executeRun(job: RunJob): Promise<CommandResult> {
  const { report, outcome } = await withSignals((signal) => measure(job, signal));
  const { options } = job;
  const { writtenTo, error } = await writeEach(options.outputs, outcome.error, (reporter, look) =>
    reporter.render(report, look),
  );
  const text = options.json
    ? json.render(report, { color: false })
    : table.render(report, { color: options.color, writtenTo });
  if (outcome.error !== undefined) console.error(failureText(outcome.error));
  return { exitCode: exitCodeOf({ ...outcome, error }, report), text: text.trimEnd() };
}

async function measure(job: RunJob, signal: AbortSignal): Promise<{ report: RunReport; outcome: RunOutcome }> {
  const { scenario, options } = job;
  const startedAt = new Date();
  const sinceMs = performance.now();
  const live = await openLive(job, startedAt);
  const agents = await agentsOf(job, signal);
  const dump = options.dumpHistory === undefined ? undefined : new HistoryFile(options.dumpHistory);
  let facts: TargetFacts | undefined;
  const observer = {
    async targetOpened(opened: Target) {
      facts = await factsOf(opened, scenario, scriptsBeside([scenario]));
      live.targetOpened(opened, facts);
    },
    trialStarted: live.run.trialStarted,
    progressed: live.run.progressed,
    trialMeasured: live.run.trialMeasured,
    trialFinished: live.run.trialFinished,
    objectionTo: (stage: readonly TrialResult[]) => objectionTo(stage, job.thresholds),
    recorded: (record: TrialRecord): void => dump?.add(record),
  };
  try {
    const where = agents === undefined ? options : { ...options, openGenerators: agents.openGenerators };
    const outcome = await runScenario(scenario, where, observer, signal);
    dump?.finish();
    const report = buildRunReport({
      scenario,
      // The observer was called before anything could be measured.
      ...facts!,
      trials: outcome.trials,
      startedAt,
      durationMs: Math.round(performance.now() - sinceMs),
      complete: outcome.complete,
      ...(agents === undefined ? {} : { agents: agents.facts() }),
      warnings: [...job.warnings, ...outcome.warnings, ...(agents?.warnings() ?? [])],
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
      thresholds: job.thresholds,
      seed: scenario.seed,
    });
    return { report, outcome };
  } finally {
    dump?.discard();
    await agents?.close();
    await live.close();
  }
}

/** Those that make the load in place of this process; undefined where it does that itself. */
async function agentsOf({ agents, options }: RunJob, signal: AbortSignal): Promise<Agents | undefined> {
  if (agents === null) return undefined;
  const controller = await import("../distributed/controller.js");
  const say = (line: string): void => {
    if (!options.quiet) console.error(`qbench: ${line}`);
  };
  const { control, count, patienceMs, waitMs } = agents;
  return controller.agentsOf({ endpoint: control, agents: count, patienceMs, waitMs, say }, signal);
}

/** A limit that this stage of a roll-out crosses, or a promise that it breaks. */
function objectionTo(stage: readonly TrialResult[], thresholds: readonly Threshold[]): string | undefined {
  const broken = [...new Set(stage.flatMap(({ audit }) => audit.brokenPromises))];
  if (broken.length > 0) return `it broke its promises (${broken.join(", ")})`;
  const [first] = stage;
  if (first === undefined) return undefined;
  const crossed = checkThresholds(thresholds, [{ name: first.strategy, trials: stage.map(trialReport) }]);
  return (
    crossed.find(({ failed }) => failed) &&
    crossed
      .filter(({ failed }) => failed)
      .map(thresholdText)
      .join(", ")
  );
}

/** Where several hold: what ended the run, then what the audit found, then a limit that was crossed. */
function exitCodeOf({ error, trials }: RunOutcome, { thresholds = [] }: RunReport): number {
  const failure: QbenchError | undefined = error;
  if (failure !== undefined) return failure.exitCode;
  if (trials.some(({ audit }) => audit.brokenPromises.length > 0)) return EXIT.anomalies;
  return thresholds.some(({ failed }) => failed) ? EXIT.failed : EXIT.ok;
}
