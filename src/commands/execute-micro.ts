import { type MicroOutcome, runMicro } from "../engine/micro.js";
import type { Turn } from "../engine/micro-plan.js";
import { buildMicroReport, type MicroReport } from "../report/micro.js";
import { renderMicroTable } from "../reporters/micro-table.js";
import type { Target } from "../targets/target.js";
import type { CommandResult } from "./command.js";
import { finish } from "./kind-outputs.js";
import type { MicroJob } from "./micro.js";
import { factsOf, type TargetFacts } from "./report-file.js";
import { withSignals } from "./signals.js";
import { createTenthsProgress } from "./step-progress.js";

/** Measures, writes the report and gives the table, or the JSON, for stdout. */
export async function executeMicro(job: MicroJob): Promise<CommandResult> {
  const { options } = job;
  const { report, outcome } = await withSignals((signal) => measure(job, signal));
  return finish({ report, failure: outcome.error, renderTable: renderMicroTable }, options);
}

async function measure(job: MicroJob, signal: AbortSignal): Promise<{ report: MicroReport; outcome: MicroOutcome }> {
  const { plan, options } = job;
  const startedAt = new Date();
  const sinceMs = performance.now();
  // Nothing is drawn while a turn is measured.
  const progress = createTenthsProgress(options.quiet);
  let facts: TargetFacts | undefined;
  const observer = {
    async targetOpened(opened: Target) {
      facts = await factsOf(opened, plan);
    },
    turnStarted({ strategy, outcome }: Turn, index: number, count: number): void {
      progress.started(`${strategy}, ${outcome.toLowerCase()} user`, index, count);
    },
  };
  try {
    const outcome = await runMicro(plan, options, observer, signal);
    const report = buildMicroReport({
      ...outcome,
      plan,
      // The observer was called before anything could be measured.
      ...facts!,
      startedAt,
      durationMs: Math.round(performance.now() - sinceMs),
    });
    return { report, outcome };
  } finally {
    progress.stop();
  }
}
