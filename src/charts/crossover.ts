import type { RunReport } from "../report/schema.js";
import type { Chart } from "./chart.js";
import { linesDrawing } from "./lines.js";
import { drawnOf, foreign } from "./strategies.js";
import { drawSweepLines } from "./sweep-lines.js";

export const crossover: Chart = {
  name: "crossover",
  summary: "a sweep, or several reports that differ in one number, such as --vus: which strategy leads where",
  draw(report, look, others) {
    const { labels, theme } = look;
    const reports = [report, ...others];
    const option = differingNumber(reports);
    if (option === undefined) {
      return "crossover compares two or more reports whose scenarios differ in one number, such as vus or pool";
    }
    const axis = foreign(option, 30);
    const points = reports
      .map((one) => ({ at: numbersOf(one)[option] as number, drawn: drawnOf(one, theme) }))
      .sort((a, b) => a.at - b.at);
    const names = [...new Set(points.flatMap(({ drawn }) => drawn.map(({ strategy }) => strategy.name)))];
    const lines = names.map((name) => ({
      name: foreign(name),
      points: points.map(({ at, drawn }) => {
        const found = drawn.find(({ strategy }) => strategy.name === name)?.strategy.summary;
        return { at, trials: found?.trials ?? 0, figure: found?.tps ?? null };
      }),
    }));
    const title = labels.crossoverTitle(axis);
    return linesDrawing({ title, subtitle: labels.crossoverSubtitle, axis, lines, unit: "per second" }, look);
  },
  drawSweep: drawSweepLines,
};

/** Numbers that say how long or how often was measured are not what a comparison is about. */
const ASIDE = new Set(["seed", "trials", "durationMs", "warmupMs", "entries", "historyMb"]);

const numbersOf = ({ scenario }: RunReport): Record<string, unknown> => ({ ...scenario });

/** The one number in which all the scenarios differ from each other. */
function differingNumber(reports: readonly RunReport[]): string | undefined {
  if (reports.length < 2) return undefined;
  const all = reports.map(numbersOf);
  const differing = Object.keys(all[0] ?? {}).filter(
    (key) =>
      !ASIDE.has(key) &&
      all.every((one) => Number.isFinite(one[key])) &&
      new Set(all.map((one) => one[key])).size === all.length,
  );
  return differing.length === 1 ? differing[0] : undefined;
}
