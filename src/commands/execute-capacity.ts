import { EXIT } from "../base/errors.js";
import { type CapacityOutcome, type CapacityStep, runCapacity, type StepResult } from "../capacity/procedure.js";
import { atPlace, Bench, type Place } from "../engine/bench.js";
import { trialReport } from "../report/builder.js";
import { buildCapacityReport, type CapacityReport } from "../report/capacity.js";
import { rateText } from "../report/format.js";
import { renderCapacityTable } from "../reporters/capacity-text.js";
import { type CapacityJob, capacityEstimateText } from "./capacity.js";
import type { CommandResult } from "./command.js";
import { finish } from "./kind-outputs.js";
import { factsOf, scriptsBeside } from "./report-file.js";
import { withSignals } from "./signals.js";
import { createStepProgress } from "./step-progress.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executeCapacity(job: CapacityJob): Promise<CommandResult> {
  const { options } = job;
  const { report, outcome } = await withSignals((signal) => measure(job, signal));
  return finish(
    { report, failure: outcome.error, renderTable: renderCapacityTable, exitCode: exitCodeOf(outcome) },
    options,
  );
}

interface Measured {
  readonly report: CapacityReport;
  readonly outcome: CapacityOutcome;
}

async function measure(job: CapacityJob, signal: AbortSignal): Promise<Measured> {
  const { plan, options, warnings } = job;
  const startedAt = new Date();
  const sinceMs = performance.now();
  const say = options.quiet ? () => {} : (line: string): void => console.error(`qbench: ${line}`);
  say(`the highest rate for ${plan.strategies.join(", ")}: ${capacityEstimateText(job.estimate)}`);
  const {
    result,
    warnings: ofTarget,
    notCleaned,
  } = await atPlace({ ...options, signal }, plan.scenario.timeoutMs, async (place) => {
    const facts = await factsOf(place.target, plan, scriptsBeside([plan.scenario]));
    return { facts, outcome: await searchAt(place, job, signal) };
  });
  const { facts, outcome } = result;
  const error = outcome.error ?? notCleaned;
  const report = buildCapacityReport({
    plan,
    ...facts,
    ...outcome,
    startedAt,
    durationMs: Math.round(performance.now() - sinceMs),
    warnings: [...warnings, ...ofTarget],
    error,
  });
  return { report, outcome: { ...outcome, error } };
}

async function searchAt(place: Place, { plan, options }: CapacityJob, signal: AbortSignal): Promise<CapacityOutcome> {
  const progress = createStepProgress(options.quiet);
  const bench = await Bench.open(place, plan.scenario);
  let index = 0;
  try {
    const measured = async ({ strategy, step, order, ratePerSec, seed }: CapacityStep) => {
      const scenario = { ...plan.scenario, ratePerSec };
      return trialReport(await bench.trial(scenario, { strategy, round: step, order, seed }, signal));
    };
    const observer = {
      stepStarted({ strategy, phase, ratePerSec }: CapacityStep): void {
        progress.started(
          `${strategy}, ${phase}: ${rateText(ratePerSec)}/s`,
          index,
          plan.strategies.length * plan.search.maxSteps,
        );
        index += 1;
      },
      stepFinished({ outcome, reasons }: StepResult): void {
        if (outcome !== "holds") progress.note(`${OUTCOMES[outcome]}: ${reasons.join("; ")}`);
      },
    };
    return await runCapacity(plan, measured, observer, signal);
  } finally {
    progress.stop();
    await bench.close();
  }
}

const OUTCOMES = { breaks: "does not hold", "not-offered": "the generator could not offer it" };

const exitCodeOf = ({ steps }: CapacityOutcome): number =>
  steps.some(({ trial }) => trial.audit.brokenPromises.length > 0) ? EXIT.anomalies : EXIT.ok;
