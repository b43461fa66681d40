import { printable } from "../base/printable.js";
import { figureText, shortText } from "../report/format.js";
import type { SweepReport } from "../report/sweep.js";
import { figureIn } from "../report/sweep-words.js";
import { categories, labelText } from "./axes.js";
import type { Drawing, Look } from "./chart.js";
import { foreign, heightFor, NOTHING_MEASURED, withGreekMu } from "./strategies.js";

const MOST_COLUMNS = 40;
const MOST_ROWS = 60;
const LONGEST_ROW = 40;

/** A row for each strategy and each combination of the other axes' values, a column for each value of the longest axis. */
export function drawSweepMap(report: SweepReport, { labels, theme }: Look): Drawing | string {
  const { axes, strategies, figure } = report.sweep;
  const across = axes.reduce((best, axis) => (axis.values.length > best.values.length ? axis : best), axes[0]!);
  const columns = across.values.slice(0, MOST_COLUMNS).map(({ text }) => text);
  const rest = axes.filter((axis) => axis !== across);
  const restOf = (values: Readonly<Record<string, string>>): string =>
    rest.map(({ flag }) => `${flag} ${values[flag]}`).join(", ");
  const combinations = [...new Set(report.points.map(({ values }) => restOf(values)))];
  const rows = strategies
    .flatMap((strategy) => combinations.map((combination) => ({ strategy, combination })))
    .slice(0, MOST_ROWS);
  const cells = report.points.flatMap((point) =>
    point.strategies.flatMap(({ name, summary }) => {
      const column = columns.indexOf(point.values[across.flag] ?? "");
      const row = rows.findIndex((one) => one.strategy === name && one.combination === restOf(point.values));
      return summary.figure === null || column < 0 || row < 0 ? [] : [{ column, row, median: summary.figure.median }];
    }),
  );
  if (cells.length === 0) return NOTHING_MEASURED;
  const { unit } = figureIn(report);
  const text = (value: number): string =>
    unit === "per second" ? shortText(value) : withGreekMu(figureText(value, unit));
  const hasRoom = columns.length <= 12;
  const names = rows.map(({ strategy, combination }) =>
    foreign(combination === "" ? strategy : `${strategy}, ${combination}`, LONGEST_ROW),
  );
  return {
    title: labels.sweepTitle(foreign(figure), printable(axes.map(({ flag }) => flag).join(" × "), 60)),
    subtitle: labels.sweepMapSubtitle,
    heightPx: heightFor(rows.length, 44, 280),
    option: {
      grid: { left: 8, right: 16, top: 8, bottom: 30, containLabel: true },
      xAxis: {
        ...categories(
          columns.map((one) => foreign(one)),
          theme,
        ),
        name: foreign(across.flag),
        nameLocation: "middle",
        nameGap: 30,
        nameTextStyle: labelText(theme.quiet),
        axisLabel: { ...labelText(theme.quiet, 13), interval: hasRoom ? 0 : "auto" },
      },
      yAxis: { ...categories(names, theme), inverse: true },
      visualMap: {
        show: false,
        min: Math.min(...cells.map(({ median }) => median)),
        max: Math.max(...cells.map(({ median }) => median)),
        dimension: 2,
        inRange: { color: theme.sequential },
      },
      series: [
        {
          type: "heatmap",
          itemStyle: { borderColor: theme.background, borderWidth: 3 },
          data: cells.map(({ column, row, median }) => ({
            value: [column, row, median],
            label: { show: hasRoom, formatter: text(median), ...labelText(theme.text) },
          })),
        },
      ],
    },
    table: [
      [labels.strategy, ...columns.map((one) => `${across.flag} ${one}`)],
      ...names.map((name, row) => [
        name,
        ...columns.map((_, column) => {
          const cell = cells.find((one) => one.row === row && one.column === column);
          return cell === undefined ? "" : text(cell.median);
        }),
      ]),
    ],
  };
}
