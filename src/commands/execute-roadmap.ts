import type { PredictStep } from "../predict/plan.js";
import { buildRoadmapReport } from "../report/roadmap.js";
import { renderRoadmapTable } from "../reporters/roadmap-text.js";
import type { CommandResult } from "./command.js";
import { finish } from "./kind-outputs.js";
import { measurePlan } from "./predict-trials.js";
import type { RoadmapJob } from "./roadmap.js";
import { withSignals } from "./signals.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executeRoadmap(job: RoadmapJob): Promise<CommandResult> {
  const { plan, cells, roadmap, scenario, options, warnings } = job;
  const nameOf = ({ setting, cell, strategy }: PredictStep): string =>
    setting === null
      ? `${cells[cell ?? 0]?.stage}, ${cells[cell ?? 0]?.variant}`
      : `${strategy}, calibrating: ${setting}`;
  const measured = await withSignals((signal) => measurePlan(plan, options, nameOf, signal));
  const report = buildRoadmapReport({
    ...measured,
    roadmap,
    cells,
    measuredScenario: scenario,
    warnings: [...warnings, ...measured.warnings],
  });
  return finish({ report, failure: measured.error, renderTable: renderRoadmapTable }, options);
}
