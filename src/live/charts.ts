import { labelText, legend, values } from "../charts/axes.js";
import type { ChartOption } from "../charts/chart.js";
import { foreign } from "../charts/strategies.js";
import { LINES, nth, THEMES, type Theme } from "../charts/theme.js";

/** The charts of the live page: all but their data, which the page fills in as they come. */
export const LIVE_CHARTS = ["rate", "latency"] as const;

/** By chart and theme. */
export const liveCharts = (strategies: readonly string[]): Record<string, Record<string, ChartOption>> =>
  Object.fromEntries(
    LIVE_CHARTS.map((name) => [
      name,
      Object.fromEntries(Object.entries(THEMES).map(([look, theme]) => [look, DRAW[name](strategies, theme)])),
    ]),
  );

const DRAW = {
  rate: (strategies: readonly string[], theme: Theme): ChartOption =>
    chart(
      "rate",
      strategies.map((name) => foreign(name)),
      theme,
    ),
  latency: (_: readonly string[], theme: Theme): ChartOption => chart("latency", ["p50", "p95", "p99"], theme),
};

function chart(format: "rate" | "latency", names: readonly string[], theme: Theme): ChartOption {
  return {
    legend: legend(names, theme),
    grid: { left: 78, right: 24, top: 44, bottom: 40 },
    xAxis: { ...values("", "second", theme), min: "dataMin", max: "dataMax", minInterval: 1 },
    yAxis: { ...values("", format, theme), splitNumber: 3 },
    textStyle: labelText(theme.text),
    series: names.map((name, i) => {
      const color = nth(theme.series, i);
      return {
        type: "line",
        name,
        data: [],
        showSymbol: false,
        lineStyle: { color, width: 2.5, type: nth(LINES, i) },
        itemStyle: { color },
      };
    }),
  };
}
