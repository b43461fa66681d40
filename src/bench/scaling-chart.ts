import { categories, labelText, legend } from "../charts/axes.js";
import { LABELS } from "../charts/labels.js";
import { svgOf } from "../charts/svg.js";
import { LINES, MARKS, nth, THEMES } from "../charts/theme.js";
import { AXES, type Axis, lineOf, type ScalingResult, STRATEGIES } from "./scaling.js";

const FIGURES = [
  { figure: "entriesPerSec", title: "thousand entries a second", scale: 1 / 1000 },
  // Greek mu, as in every picture: Korean fonts have no micro sign.
  { figure: "generatorUsPerEntry", title: "generator: μs of CPU an entry", scale: 1 },
] as const;

const THEME = THEMES.light;
const COLUMN_PX = 302;
const ROW_PX = 245;
const PLOT_PX = { width: 240, height: 130 };
/** Room for the legend above. */
const TOP_PX = 70;
const HEIGHT_PX = 650;

/** Two rows of plots, one for each figure; a column for each axis. Every plot begins at nought. */
export function scalingChart(result: ScalingResult): Promise<string> {
  const axes = Object.keys(AXES) as Axis[];
  const plots = FIGURES.flatMap((figure, row) => axes.map((axis, column) => ({ ...figure, axis, row, column })));
  const { machine, redis } = result.environment;
  const option = {
    legend: legend(STRATEGIES, THEME),
    title: plots.map(({ row, column, title }) => ({
      text: title,
      left: column * COLUMN_PX,
      top: row * ROW_PX + TOP_PX - 32,
      padding: 0,
      textStyle: { ...labelText(THEME.quiet, 13), fontWeight: "normal" },
    })),
    grid: plots.map(({ row, column }) => ({
      left: column * COLUMN_PX + 36,
      top: row * ROW_PX + TOP_PX,
      ...PLOT_PX,
    })),
    xAxis: plots.map(({ axis }, gridIndex) => ({
      ...categories(
        AXES[axis].map((value) => (value < 1000 ? String(value) : `${value / 1000}k`)),
        THEME,
      ),
      gridIndex,
      name: axis,
      nameLocation: "middle",
      nameGap: 28,
      nameTextStyle: labelText(THEME.quiet, 13),
    })),
    yAxis: plots.map((_, gridIndex) => ({
      gridIndex,
      type: "value",
      min: 0,
      axisLabel: labelText(THEME.quiet, 12),
      splitLine: { lineStyle: { color: THEME.grid } },
    })),
    series: plots.flatMap(({ axis, figure, scale }, index) =>
      STRATEGIES.map((strategy, i) => ({
        name: strategy,
        type: "line",
        xAxisIndex: index,
        yAxisIndex: index,
        color: nth(THEME.series, i + 1),
        lineStyle: { type: nth(LINES, i), width: 2 },
        symbol: nth(MARKS, i),
        symbolSize: 8,
        data: lineOf(result, strategy, axis, figure).map(({ median }) => Number((median * scale).toPrecision(4))),
      })),
    ),
  };
  const drawing = {
    title: "The load generator over threads, connections and users",
    subtitle: "apart from the axis: 1 thread, 20 shared connections, 3,000 users; medians",
    option,
    heightPx: HEIGHT_PX,
    table: [],
  };
  const source = `qbench ${result.tool.version} · ${redis.server} ${redis.version} · ${machine.cores} × ${machine.cpuModel} · ${result.rounds} rounds · ${result.measuredAt.slice(0, 10)}`;
  return svgOf(drawing, source, { labels: LABELS.en, theme: THEME });
}
