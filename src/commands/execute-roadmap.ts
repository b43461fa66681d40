import { EXIT } from "../base/errors.js";
import type { PredictStep } from "../predict/plan.js";
import { buildRoadmapReport } from "../report/roadmap.js";
import { renderRoadmapTable } from "../reporters/roadmap-text.js";
import type { CommandResult } from "./command.js";
import { failureText } from "./failure.js";
import { writeOutputs } from "./kind-outputs.js";
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
  const { writtenTo, error } = await writeOutputs(report, options.outputs, measured.error);
  const text = options.json
    ? JSON.stringify(report, null, 2)
    : renderRoadmapTable(report, { color: options.color, writtenTo });
  if (measured.error !== undefined) console.error(failureText(measured.error));
  return { exitCode: error?.exitCode ?? EXIT.ok, text: text.trimEnd() };
}
