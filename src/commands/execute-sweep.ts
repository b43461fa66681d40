import { EXIT } from "../base/errors.js";
import { atPlace, type Place } from "../engine/bench.js";
import { Benches } from "../engine/benches.js";
import { trialReport } from "../report/builder.js";
import { environmentTexts } from "../report/differences.js";
import { buildSweepReport, type SweepReport } from "../report/sweep.js";
import { valuesText } from "../report/sweep-words.js";
import { renderSweepTable } from "../reporters/sweep-text.js";
import { checkJournal, JournalWriter } from "../sweep/journal.js";
import { estimateOf, gridOf, type SweepTrial } from "../sweep/plan.js";
import { runSweep, type SweepOutcome } from "../sweep/procedure.js";
import type { CommandResult } from "./command.js";
import { finish } from "./kind-outputs.js";
import { factsOf, scriptsBeside, type TargetFacts } from "./report-file.js";
import { withSignals } from "./signals.js";
import { createStepProgress } from "./step-progress.js";
import { type SweepJob, sweepEstimateText } from "./sweep.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executeSweep(job: SweepJob): Promise<CommandResult> {
  const { options } = job;
  const { report, outcome } = await withSignals((signal) => measure(job, signal));
  return finish(
    { report, failure: outcome.error, renderTable: renderSweepTable, exitCode: exitCodeOf(outcome) },
    options,
  );
}

interface Measured {
  readonly report: SweepReport;
  readonly outcome: SweepOutcome;
}

async function measure(job: SweepJob, signal: AbortSignal): Promise<Measured> {
  const { plan, options, resume, warnings } = job;
  const startedAt = new Date();
  const sinceMs = performance.now();
  const say = options.quiet ? () => {} : (line: string): void => console.error(`qbench: ${line}`);
  const known = resume?.journal?.results ?? [];
  const { cells, ms } = estimateOf(plan);
  say(sweepEstimateText(plan, cells, ms));
  if (known.length > 0) say(`${known.length} trials are there already`);
  const scenarios = gridOf(plan.axes).map(job.scenarioAt);
  const patienceMs = Math.max(...scenarios.map(({ timeoutMs }) => timeoutMs));
  const {
    result,
    warnings: ofTarget,
    notCleaned,
  } = await atPlace({ ...options, signal }, patienceMs, async (place) => {
    const facts = await factsOf(place.target, plan, scriptsBeside(scenarios));
    return { facts, outcome: await sweepAt(place, job, facts, signal) };
  });
  const { facts, outcome } = result;
  const error = outcome.error ?? notCleaned;
  const report = buildSweepReport({
    plan,
    ...facts,
    results: outcome.results,
    resumed: Math.min(known.length, outcome.results.length),
    startedAt,
    durationMs: Math.round(performance.now() - sinceMs),
    warnings: [...warnings, ...ofTarget],
    error,
  });
  return { report, outcome: { ...outcome, error } };
}

async function sweepAt(place: Place, job: SweepJob, facts: TargetFacts, signal: AbortSignal): Promise<SweepOutcome> {
  const { plan, options, resume } = job;
  const subject = { plan, place: environmentTexts({ ...facts, scenario: plan.scenario }) };
  if (resume?.journal !== undefined) checkJournal(resume.path, resume.journal, subject);
  const journal = resume === undefined ? undefined : new JournalWriter(resume.path, resume.journal, subject);
  const progress = createStepProgress(options.quiet);
  const benches = new Benches(place, plan.strategies);
  try {
    const measured = async ({ point, strategy, round, order, seed }: SweepTrial) => {
      const scenario = job.scenarioAt(point);
      const bench = await benches.for(scenario);
      return trialReport(await bench.trial(scenario, { strategy, round, order, seed }, signal));
    };
    const observer = {
      trialStarted({ point, strategy, round }: SweepTrial, index: number, count: number): void {
        const at = Object.fromEntries(
          plan.axes.map((axis, i) => [axis.flag, axis.values[point[i] as number]?.text ?? ""]),
        );
        progress.started(`round ${round + 1}, ${strategy}, ${valuesText(at)}`, index, count);
      },
      trialFinished: (result: SweepOutcome["results"][number]): void => journal?.add(result),
    };
    return await runSweep(plan, resume?.journal?.results ?? [], measured, observer, signal);
  } finally {
    progress.stop();
    journal?.close();
    await benches.close();
  }
}

const exitCodeOf = ({ results }: SweepOutcome): number =>
  results.some(({ trial }) => trial.audit.brokenPromises.length > 0) ? EXIT.anomalies : EXIT.ok;
