import { usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import { anomalies } from "./anomalies.js";
import { calls } from "./calls.js";
import type { Chart } from "./chart.js";
import { crossover } from "./crossover.js";
import { heatmap } from "./heatmap.js";
import { latency } from "./latency.js";
import { percentiles } from "./percentiles.js";
import { roadmap } from "./roadmap.js";
import { timeline } from "./timeline.js";
import { tps } from "./tps.js";

/** Every chart. A new one is a file and a line here. */
export const CHARTS: readonly Chart[] = [
  tps,
  latency,
  percentiles,
  timeline,
  crossover,
  calls,
  anomalies,
  heatmap,
  roadmap,
];

export const CHART_NAMES: readonly string[] = CHARTS.map(({ name }) => name);

/** @throws QbenchError (usage) that lists the names. */
export function chartNamed(name: string): Chart {
  const found = CHARTS.find((chart) => chart.name === name);
  if (found !== undefined) return found;
  throw usageError(
    `unknown chart "${printable(name)}"${didYouMean(name, CHART_NAMES)}`,
    `charts are ${CHART_NAMES.join(", ")}`,
  );
}
