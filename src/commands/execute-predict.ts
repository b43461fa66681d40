import { EXIT } from "../base/errors.js";
import type { PredictStep } from "../predict/plan.js";
import { buildPredictReport, type PredictReport } from "../report/predict.js";
import { reporterFor } from "../reporters/index.js";
import { renderKind } from "../reporters/kinds.js";
import { renderPredictTable } from "../reporters/predict-text.js";
import type { CommandResult } from "./command.js";
import { failureText } from "./failure.js";
import type { PredictJob } from "./predict.js";
import { measurePlan } from "./predict-trials.js";
import { writeWhole } from "./report-file.js";
import { withSignals } from "./signals.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executePredict({ plan, options, warnings }: PredictJob): Promise<CommandResult> {
  const measured = await withSignals((signal) => measurePlan(plan, options, stepName, signal));
  const report = buildPredictReport({ ...measured, warnings: [...warnings, ...measured.warnings] });
  for (const path of options.outputs) await writeWhole(path, textFor(path, report));
  const text = options.json
    ? JSON.stringify(report, null, 2)
    : renderPredictTable(report, { color: options.color, writtenTo: options.outputs });
  if (measured.error !== undefined) console.error(failureText(measured.error));
  return { exitCode: measured.error?.exitCode ?? EXIT.ok, text: text.trimEnd() };
}

/** In the format that the name's ending asks for. */
const textFor = (path: string, report: PredictReport): string =>
  renderKind({ path, kind: report.kind, value: report }, reporterFor(path).name, { color: false }) ?? "";

const stepName = ({ strategy, setting, cell }: PredictStep): string =>
  setting === null ? `${strategy}, measuring combination ${(cell ?? 0) + 1}` : `${strategy}, calibrating: ${setting}`;
