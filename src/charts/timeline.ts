import { latencyText, rateText } from "../report/format.js";
import type { StrategyReport } from "../report/schema.js";
import { median } from "../stats/median.js";
import { labelText, legend, values } from "./axes.js";
import type { Chart } from "./chart.js";
import { completeTrials, drawnOf } from "./strategies.js";
import { LINES, MARKS, nth } from "./theme.js";

/** A longer run is thinned out: a picture has no more room. */
const MOST_POINTS = 600;

export const timeline: Chart = {
  name: "timeline",
  summary: "entries a second and p99 latency, second by second",
  draw(report, { labels, theme }) {
    const lines = drawnOf(report, theme).map((drawn) => ({ ...drawn, seconds: secondsOf(drawn.strategy) }));
    const longest = Math.max(0, ...lines.map(({ seconds }) => seconds.length));
    if (longest < 2) return "no trial lasted two whole seconds, so there is no timeline to draw";
    const last = Math.max(...lines.map(({ seconds }) => seconds.at(-1)?.second ?? 0));
    const upper = { left: 78, right: 24, top: 44, height: 150 };
    const lower = { left: 78, right: 24, top: 226, height: 150 };
    const title = (text: string, top: number): object => ({
      text,
      left: 78,
      top,
      textStyle: { ...labelText(theme.quiet, 13), fontWeight: "normal" },
    });
    const axis = { ...values("", "second", theme), minInterval: 1, min: 1, max: last };
    return {
      title: labels.timelineTitle,
      subtitle: labels.timelineSubtitle,
      heightPx: 560,
      option: {
        title: [title(labels.entriesPerSecond, 22), title(`p99 ${labels.latency}`, 204)],
        legend: legend(
          lines.map(({ name }) => name),
          theme,
        ),
        grid: [upper, lower],
        xAxis: [
          { ...axis, gridIndex: 0, axisLabel: { show: false } },
          { ...axis, gridIndex: 1 },
        ],
        yAxis: [
          { ...values("", "rate", theme), gridIndex: 0, splitNumber: 3 },
          { ...values("", "latency", theme), gridIndex: 1, splitNumber: 3 },
        ],
        tooltip: { trigger: "axis" },
        series: lines.flatMap(({ name, color, index, seconds }) =>
          (["perSec", "p99"] as const).map((figure, panel) => ({
            type: "line",
            name,
            xAxisIndex: panel,
            yAxisIndex: panel,
            data: seconds.map((one) => [one.second, one[figure]]),
            symbol: nth(MARKS, index),
            symbolSize: 7,
            showAllSymbol: false,
            lineStyle: { color, width: 2.5, type: nth(LINES, index) },
            itemStyle: { color },
            tooltip: { valueFormatter: panel === 0 ? "@rate" : "@latency" },
          })),
        ),
      },
      table: [
        [labels.second, ...lines.flatMap(({ name }) => [`${name}: ${labels.entriesPerSecond}`, `${name}: p99`])],
        ...Array.from({ length: longest }, (_, i) => [
          String(lines.find(({ seconds }) => seconds[i] !== undefined)?.seconds[i]?.second ?? ""),
          ...lines.flatMap(({ seconds }) => {
            const found = seconds[i];
            if (found === undefined) return ["", ""];
            return [rateText(found.perSec), found.p99 === null ? "" : latencyText(found.p99)];
          }),
        ]),
      ],
    };
  },
};

interface Second {
  /** From 1: at its end. */
  readonly second: number;
  readonly perSec: number;
  readonly p99: number | null;
}

/**
 * What the trials show of each second (of each longer interval, where a trial lasted long), its median. The last one,
 * which the end of a trial cuts short, is left out.
 */
function secondsOf(strategy: StrategyReport): Second[] {
  const trials = completeTrials(strategy);
  const widthSec = trials[0]?.timelineWidthSec ?? 1;
  const whole = trials.reduce(
    (least, { durationMs, timeline }) => Math.min(least, durationMs / 1000 / widthSec, timeline.length),
    Number.POSITIVE_INFINITY,
  );
  const count = Number.isFinite(whole) ? Math.floor(whole) : 0;
  const step = Math.max(1, Math.ceil(count / MOST_POINTS));
  return Array.from({ length: Math.floor(count / step) }, (_, i) => {
    const found = trials.flatMap(({ timeline }) => timeline.slice(i * step, i * step + 1));
    const p99 = found.flatMap((one) => (one.p99 === null ? [] : [one.p99]));
    return {
      second: (i * step + 1) * widthSec,
      perSec: median(found.map((one) => one.succeeded / widthSec)),
      p99: p99.length === 0 ? null : median(p99),
    };
  });
}
