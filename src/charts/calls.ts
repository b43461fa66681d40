import { perEntryText } from "../report/format.js";
import { categories, labelText, legend, values } from "./axes.js";
import type { Chart } from "./chart.js";
import { drawnOf, heightFor, NOTHING_MEASURED } from "./strategies.js";

export const calls: Chart = {
  name: "calls",
  summary: "commands and round trips of one entry",
  draw(report, { labels, theme }) {
    const drawn = drawnOf(report, theme).filter(({ strategy: { summary } }) => summary.callsPerEntry !== null);
    if (drawn.length === 0) return NOTHING_MEASURED;
    const KINDS = [
      { name: labels.calls, field: "callsPerEntry", opacity: 1 },
      { name: labels.roundTrips, field: "roundTripsPerEntry", opacity: 0.5 },
    ] as const;
    return {
      title: labels.callsTitle,
      subtitle: labels.callsSubtitle,
      heightPx: heightFor(drawn.length, 76),
      option: {
        legend: {
          ...legend(
            KINDS.map(({ name }) => name),
            theme,
          ),
          itemStyle: { color: theme.quiet },
        },
        grid: { left: 8, right: 60, top: 36, bottom: 8, containLabel: true },
        xAxis: { ...values("", "rate", theme), minInterval: 1 },
        yAxis: {
          ...categories(
            drawn.map(({ name }) => name),
            theme,
          ),
          inverse: true,
        },
        tooltip: {},
        series: KINDS.map(({ name, field, opacity }) => ({
          type: "bar",
          name,
          barWidth: 22,
          barGap: "15%",
          itemStyle: { color: theme.quiet, opacity },
          label: { show: true, position: "right", formatter: "{c}", opacity: 1, ...labelText(theme.text) },
          data: drawn.map(({ strategy: { summary }, color }) => ({
            value: Math.round((summary[field] ?? 0) * 100) / 100,
            itemStyle: { color, opacity },
          })),
        })),
      },
      table: [
        [labels.strategy, labels.calls, labels.roundTrips],
        ...drawn.map(({ name, strategy: { summary } }) => [
          name,
          perEntryText(summary.callsPerEntry ?? 0),
          perEntryText(summary.roundTripsPerEntry ?? 0),
        ]),
      ],
    };
  },
};
