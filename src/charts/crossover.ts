import { rateText } from "../report/format.js";
import type { RunReport } from "../report/schema.js";
import { legend, values, whiskers } from "./axes.js";
import type { Chart } from "./chart.js";
import { drawnOf, foreign } from "./strategies.js";
import { LINES, MARKS, nth } from "./theme.js";

export const crossover: Chart = {
  name: "crossover",
  summary: "several reports that differ in one number, such as --vus: which strategy leads where",
  draw(report, { labels, theme }, others) {
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
    const lines = names.map((name, index) => ({
      name: foreign(name),
      color: nth(theme.series, index),
      index,
      figures: points.map(({ at, drawn }) => {
        const found = drawn.find(({ strategy }) => strategy.name === name)?.strategy.summary;
        return { at, trials: found?.trials ?? 0, tps: found?.tps ?? null };
      }),
    }));
    const isWide = points[0]!.at > 0 && points.at(-1)!.at / points[0]!.at > 20;
    return {
      title: labels.crossoverTitle(axis),
      subtitle: labels.crossoverSubtitle,
      heightPx: 540,
      option: {
        legend: legend(
          lines.map(({ name }) => name),
          theme,
        ),
        grid: { left: 8, right: 30, top: 40, bottom: 30, containLabel: true },
        xAxis: { ...values(axis, "rate", theme), type: isWide ? "log" : "value", scale: true },
        yAxis: { ...values("", "rate", theme), min: 0 },
        tooltip: { trigger: "axis", valueFormatter: "@rate" },
        series: lines.flatMap(({ name, color, index, figures }) => [
          {
            type: "line",
            name,
            data: figures.map(({ at, tps }) => [at, tps?.median ?? null]),
            symbol: nth(MARKS, index),
            symbolSize: 8,
            lineStyle: { color, width: 2.5, type: nth(LINES, index) },
            itemStyle: { color },
          },
          whiskers(
            figures.flatMap(({ at, trials, tps }) => (tps === null || trials < 2 ? [] : [{ at, ...tps }])),
            { ...theme, text: color },
            { standing: true, name },
          ),
        ]),
      },
      table: [
        [axis, ...lines.map(({ name }) => name)],
        ...points.map(({ at }, i) => [
          at.toLocaleString("en-US"),
          ...lines.map(({ figures }) => {
            const tps = figures[i]?.tps;
            return tps ? rateText(tps.median) : "";
          }),
        ]),
      ],
    };
  },
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
