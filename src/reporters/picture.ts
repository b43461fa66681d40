import { usageError } from "../base/errors.js";
import type { Chart, Drawing, Look } from "../charts/chart.js";
import { CHARTS, chartNamed } from "../charts/index.js";
import { LABELS } from "../charts/labels.js";
import { sourceOf, svgOf } from "../charts/svg.js";
import { THEMES } from "../charts/theme.js";
import type { RoadmapReport } from "../report/roadmap.js";
import type { RunReport } from "../report/schema.js";
import type { SweepReport } from "../report/sweep.js";
import type { RenderOptions } from "./reporter.js";

const DEFAULT_CHART = "tps";
const DEFAULT_SWEEP_CHART = "heatmap";
const DEFAULT_ROADMAP_CHART = "roadmap";

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
  const look = lookOf(options);
  const drawing = drawingOf("a sweep", options.chart ?? DEFAULT_SWEEP_CHART, ({ drawSweep }) =>
    drawSweep?.(report, look),
  );
  const axes = report.sweep.axes.map(({ flag }) => flag).join(" × ");
  return svgOf(drawing, sourceOf(report, look, axes), look);
}

/** The same of a roadmap. @throws QbenchError (usage) where it has nothing for this chart. */
export async function roadmapPictureOf(report: RoadmapReport, options: RenderOptions): Promise<string> {
  const look = lookOf(options);
  const chart = options.chart ?? DEFAULT_ROADMAP_CHART;
  const drawing = drawingOf("a roadmap", chart, ({ drawRoadmap }) => drawRoadmap?.(report, look));
  return svgOf(drawing, sourceOf(report, look, report.scenario.name), look);
}

/** `draw`: undefined where a chart is not for this kind of report. */
function drawingOf(kind: string, name: string, draw: (chart: Chart) => Drawing | string | undefined): Drawing {
  const drawing = draw(chartNamed(name));
  if (drawing === undefined) {
    const names = CHARTS.filter((chart) => draw(chart) !== undefined).map((chart) => chart.name);
    throw usageError(`no chart ${name} of ${kind}`, `charts of ${kind} are ${names.join(", ")}`);
  }
  if (typeof drawing === "string") throw usageError(`no chart ${name} of this report: ${drawing}`);
  return drawing;
}

export const lookOf = ({ lang = "en", theme = "light" }: RenderOptions): Look => ({
  labels: LABELS[lang],
  theme: THEMES[theme],
});
