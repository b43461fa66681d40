import { designNamed } from "../admission/index.js";
import { lockNamed } from "../admission/locks/index.js";
import { type AdmitOutcome, runAdmit } from "../engine/admit.js";
import { type AdmitReport, buildAdmitReport } from "../report/admit.js";
import { renderAdmitTable } from "../reporters/admit-text.js";
import type { Target } from "../targets/target.js";
import type { AdmitJob } from "./admit.js";
import type { CommandResult } from "./command.js";
import { finish } from "./kind-outputs.js";
import { factsOf, type TargetFacts } from "./report-file.js";
import { withSignals } from "./signals.js";
import { createTenthsProgress } from "./step-progress.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executeAdmit(job: AdmitJob): Promise<CommandResult> {
  const { options } = job;
  const { report, outcome } = await withSignals((signal) => measure(job, signal));
  return finish({ report, failure: outcome.error, renderTable: renderAdmitTable }, options);
}

async function measure(job: AdmitJob, signal: AbortSignal): Promise<{ report: AdmitReport; outcome: AdmitOutcome }> {
  const { plan, options } = job;
  const startedAt = new Date();
  const sinceMs = performance.now();
  const progress = createTenthsProgress(options.quiet);
  let facts: TargetFacts | undefined;
  const scripts = [
    ...plan.designs.flatMap((name) => designNamed(name).script ?? []),
    ...plan.locks.flatMap((name) => lockNamed(name).scripts),
  ];
  const observer = {
    async targetOpened(opened: Target) {
      facts = await factsOf(opened, { strategies: [], seed: plan.seed }, scripts);
    },
    stepStarted: progress.started,
  };
  try {
    const outcome = await runAdmit(plan, options, observer, signal);
    const durationMs = Math.round(performance.now() - sinceMs);
    // The observer was called before anything could be measured.
    return { report: buildAdmitReport({ ...outcome, plan, ...facts!, startedAt, durationMs }), outcome };
  } finally {
    progress.stop();
  }
}
