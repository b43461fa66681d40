import { usageError } from "../base/errors.js";
import type { Look } from "../charts/chart.js";
import { CHARTS, chartNamed } from "../charts/index.js";
import { LABELS } from "../charts/labels.js";
import { sourceOf, svgOf } from "../charts/svg.js";
import { THEMES } from "../charts/theme.js";
import type { RunReport } from "../report/schema.js";
import type { SweepReport } from "../report/sweep.js";
import type { RenderOptions } from "./reporter.js";

const DEFAULT_CHART = "tps";
const DEFAULT_SWEEP_CHART = "heatmap";

/** One chart of a report as SVG. @throws QbenchError (usage) where the report has nothing for it. */
export async function pictureOf(report: RunReport, options: RenderOptions): Promise<string> {
  const { chart = DEFAULT_CHART, others = [] } = options;
  const look = lookOf(options);
  const drawing = chartNamed(chart).draw(report, look, others);
  if (typeof drawing === "string") throw usageError(`no chart ${chart} of this report: ${drawing}`);
  return svgOf(drawing, sourceOf(report, look), look);
}

/** The same of a sweep. @throws QbenchError (usage) where it has nothing for this chart. */
export async function sweepPictureOf(report: SweepReport, options: RenderOptions): Promise<string> {
  const { chart = DEFAULT_SWEEP_CHART } = options;
  const look = lookOf(options);
  const drawing = chartNamed(chart).drawSweep?.(report, look);
  if (drawing === undefined) {
    const names = CHARTS.filter(({ drawSweep }) => drawSweep !== undefined).map(({ name }) => name);
    throw usageError(`no chart ${chart} of a sweep`, `charts of a sweep are ${names.join(", ")}`);
  }
  if (typeof drawing === "string") throw usageError(`no chart ${chart} of this report: ${drawing}`);
  const axes = report.sweep.axes.map(({ flag }) => flag).join(" × ");
  return svgOf(drawing, sourceOf(report, look, axes), look);
}

export const lookOf = ({ lang = "en", theme = "light" }: RenderOptions): Look => ({
  labels: LABELS[lang],
  theme: THEMES[theme],
});
