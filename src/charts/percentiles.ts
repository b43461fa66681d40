import { percentilesUs } from "../measure/hdr.js";
import { latencyText } from "../report/format.js";
import { mergedDistribution } from "../report/histograms.js";
import { legend, values } from "./axes.js";
import type { Chart } from "./chart.js";
import { drawnOf, NOTHING_MEASURED } from "./strategies.js";
import { LINES, MARKS, nth } from "./theme.js";

/** Points for each tenth of what is left: 0 … 90 %, 90 … 99 % and so on. */
const POINTS_A_DECADE = 18;
const POINTS_A_MARK = 6;
const MOST_DECADES = 7;
const IN_TABLE = [50, 90, 95, 99, 99.9, 99.99] as const;

export const percentiles: Chart = {
  name: "percentiles",
  summary: "the whole latency distribution, on HdrHistogram's scale",
  draw(report, { labels, theme }) {
    const curves = drawnOf(report, theme).flatMap((drawn) => {
      const histogram = mergedDistribution(drawn.strategy);
      const total = histogram.counts.reduce((sum, n) => sum + n, 0);
      return total === 0 ? [] : [{ ...drawn, histogram, total }];
    });
    if (curves.length === 0) return NOTHING_MEASURED;
    return {
      title: labels.percentilesTitle,
      subtitle: labels.percentilesSubtitle,
      heightPx: 540,
      option: {
        legend: legend(
          curves.map(({ name }) => name),
          theme,
        ),
        grid: { left: 8, right: 44, top: 40, bottom: 30, containLabel: true },
        xAxis: {
          ...values(labels.percentile, "percentile", theme),
          type: "log",
          min: 1,
          axisPointer: { label: { formatter: "@percentileAt" } },
        },
        yAxis: { ...values("", "latency", theme), min: 0 },
        tooltip: { trigger: "axis", valueFormatter: "@latency" },
        series: curves.map(({ name, color, index, histogram, total }) => {
          // Beyond the last entry there is nothing that was measured.
          const decades = Math.min(MOST_DECADES, Math.log10(total));
          const steps = Array.from(
            { length: Math.floor(decades * POINTS_A_DECADE) + 1 },
            (_, i) => i / POINTS_A_DECADE,
          );
          const shares = steps.map((decade) => 10 ** decade);
          const figures = percentilesUs(
            histogram,
            shares.map((one) => 100 - 100 / one),
          );
          return {
            type: "line",
            name,
            data: shares.map((one, i) => ({
              value: [one, figures[i]],
              ...(i % POINTS_A_MARK === 0 ? {} : { symbol: "none" }),
            })),
            symbol: nth(MARKS, index),
            symbolSize: 7,
            lineStyle: { color, width: 2.5, type: nth(LINES, index) },
            itemStyle: { color },
          };
        }),
      },
      table: [
        [labels.strategy, ...IN_TABLE.map((percent) => `${percent} %`)],
        ...curves.map(({ name, histogram }) => [
          name,
          ...percentilesUs(histogram, IN_TABLE).map((us) => (us === null ? "" : latencyText(us))),
        ]),
      ],
    };
  },
};
