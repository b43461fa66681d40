import { percentText } from "../report/format.js";
import { categories, labelText } from "./axes.js";
import type { Chart } from "./chart.js";
import { completeTrials, drawnOf, heightFor, NOTHING_MEASURED } from "./strategies.js";
import { drawSweepMap } from "./sweep-map.js";

const MOST_ROUNDS = 40;
/** Beyond it a colour is at its strongest. */
const STRONG = 0.25;

export const heatmap: Chart = {
  name: "heatmap",
  summary: "of a sweep each cell; of a run each round against the median: was the machine steady?",
  draw(report, { labels, theme }) {
    const drawn = drawnOf(report, theme).filter(({ strategy }) => (strategy.summary.tps?.median ?? 0) > 0);
    const rounds = [...new Set(drawn.flatMap(({ strategy }) => completeTrials(strategy).map(({ round }) => round)))]
      .sort((a, b) => a - b)
      .slice(0, MOST_ROUNDS);
    if (rounds.length === 0) return NOTHING_MEASURED;
    const cells = drawn.flatMap(({ strategy }, row) =>
      completeTrials(strategy).flatMap(({ round, tps }) => {
        const column = rounds.indexOf(round);
        return column < 0 ? [] : [{ row, column, change: tps / strategy.summary.tps!.median - 1 }];
      }),
    );
    const hasRoom = rounds.length <= 12;
    return {
      title: labels.heatmapTitle,
      subtitle: labels.heatmapSubtitle,
      heightPx: heightFor(drawn.length, 62, 280),
      option: {
        grid: { left: 8, right: 16, top: 8, bottom: 8, containLabel: true },
        xAxis: {
          ...categories(
            rounds.map((round) => (hasRoom ? labels.round(round + 1) : String(round + 1))),
            theme,
          ),
          axisLabel: { ...labelText(theme.quiet, 13), interval: hasRoom ? 0 : "auto" },
        },
        yAxis: {
          ...categories(
            drawn.map(({ name }) => name),
            theme,
          ),
          inverse: true,
        },
        visualMap: { show: false, min: -STRONG, max: STRONG, dimension: 2, inRange: { color: theme.diverging } },
        series: [
          {
            type: "heatmap",
            itemStyle: { borderColor: theme.background, borderWidth: 3 },
            data: cells.map(({ row, column, change }) => ({
              value: [column, row, change],
              label: { show: hasRoom, formatter: changeText(change), ...labelText(theme.text) },
            })),
          },
        ],
      },
      table: [
        [labels.strategy, ...rounds.map((round) => labels.round(round + 1))],
        ...drawn.map(({ name }, row) => [
          name,
          ...rounds.map((_, column) => {
            const cell = cells.find((one) => one.row === row && one.column === column);
            return cell === undefined ? "" : changeText(cell.change);
          }),
        ]),
      ],
    };
  },
  drawSweep: drawSweepMap,
};

function changeText(change: number): string {
  if (Math.abs(change) < 0.0005) return "±0 %";
  return `${change < 0 ? "-" : "+"}${percentText(Math.abs(change))}`;
}
