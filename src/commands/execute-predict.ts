import type { PredictStep } from "../predict/plan.js";
import { buildPredictReport } from "../report/predict.js";
import { renderPredictTable } from "../reporters/predict-text.js";
import type { CommandResult } from "./command.js";
import { finish } from "./kind-outputs.js";
import type { PredictJob } from "./predict.js";
import { measurePlan } from "./predict-trials.js";
import { withSignals } from "./signals.js";

/** Measures, writes the reports and gives the table, or the JSON, for stdout. */
export async function executePredict({ plan, options, warnings }: PredictJob): Promise<CommandResult> {
  const measured = await withSignals((signal) => measurePlan(plan, options, stepName, signal));
  const report = buildPredictReport({ ...measured, warnings: [...warnings, ...measured.warnings] });
  return finish({ report, failure: measured.error, renderTable: renderPredictTable }, options);
}

const stepName = ({ strategy, setting, cell }: PredictStep): string =>
  setting === null ? `${strategy}, measuring combination ${(cell ?? 0) + 1}` : `${strategy}, calibrating: ${setting}`;
