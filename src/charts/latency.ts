import { latencyText, percentText } from "../report/format.js";
import { categories, legend, values, whiskers } from "./axes.js";
import type { Chart } from "./chart.js";
import { drawnOf, heightFor, NOTHING_MEASURED } from "./strategies.js";

const PERCENTILES = ["p50", "p95", "p99"] as const;
const BAR_PX = 18;
const STEP_PX = 22;
/** The paler, the commoner. */
const OPACITY = { p50: 0.45, p95: 0.75, p99: 1 };

export const latency: Chart = {
  name: "latency",
  summary: "p50, p95 and p99 of each strategy, with intervals",
  draw(report, { labels, theme }) {
    const drawn = drawnOf(report, theme).filter(
      ({ strategy: { summary } }) => summary.p50 && summary.p95 && summary.p99,
    );
    const first = drawn[0];
    if (first === undefined) return NOTHING_MEASURED;
    const intervals = PERCENTILES.flatMap((percentile, k) =>
      drawn.flatMap(({ strategy: { summary } }, at) =>
        summary.trials < 2 ? [] : [{ ...summary[percentile]!, at, shiftPx: (k - 1) * STEP_PX }],
      ),
    );
    return {
      title: labels.latencyTitle,
      subtitle: labels.latencySubtitle(
        percentText(first.strategy.summary.p50!.coverage),
        first.strategy.summary.latency,
      ),
      heightPx: heightFor(drawn.length, 92),
      option: {
        legend: { ...legend(PERCENTILES, theme), itemStyle: { color: theme.quiet } },
        grid: { left: 8, right: 40, top: 36, bottom: 30, containLabel: true },
        xAxis: values(labels.latency, "latency", theme),
        yAxis: {
          ...categories(
            drawn.map(({ name }) => name),
            theme,
          ),
          inverse: true,
        },
        tooltip: { valueFormatter: "@latency" },
        series: [
          ...PERCENTILES.map((percentile) => ({
            type: "bar",
            name: percentile,
            barWidth: BAR_PX,
            barGap: `${((STEP_PX - BAR_PX) / BAR_PX) * 100}%`,
            itemStyle: { color: theme.quiet, opacity: OPACITY[percentile] },
            data: drawn.map(({ strategy: { summary }, color }) => ({
              value: summary[percentile]!.median,
              itemStyle: { color, opacity: OPACITY[percentile] },
            })),
          })),
          whiskers(intervals, theme),
        ],
      },
      table: [
        [labels.strategy, ...PERCENTILES.flatMap((percentile) => [percentile, labels.interval])],
        ...drawn.map(({ name, strategy: { summary } }) => [
          name,
          ...PERCENTILES.flatMap((percentile) => {
            const { median, low, high } = summary[percentile]!;
            return [latencyText(median), summary.trials < 2 ? "" : `${latencyText(low)}–${latencyText(high)}`];
          }),
        ]),
      ],
    };
  },
};
