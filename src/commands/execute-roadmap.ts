import { EXIT } from "../base/errors.js";
import type { PredictStep } from "../predict/plan.js";
import { buildRoadmapReport, type RoadmapReport } from "../report/roadmap.js";
import { reporterFor } from "../reporters/index.js";
import { renderKind } from "../reporters/kinds.js";
import { renderRoadmapTable } from "../reporters/roadmap-text.js";
import type { CommandResult } from "./command.js";
import { failureText } from "./failure.js";
import { measurePlan } from "./predict-trials.js";
import { writeWhole } from "./report-file.js";
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
  for (const path of options.outputs) await writeWhole(path, textFor(path, report));
  const text = options.json
    ? JSON.stringify(report, null, 2)
    : renderRoadmapTable(report, { color: options.color, writtenTo: options.outputs });
  if (measured.error !== undefined) console.error(failureText(measured.error));
  return { exitCode: measured.error?.exitCode ?? EXIT.ok, text: text.trimEnd() };
}

/** In the format that the name's ending asks for. */
const textFor = (path: string, report: RoadmapReport): string =>
  renderKind({ path, kind: report.kind, value: report }, reporterFor(path).name, { color: false }) ?? "";
