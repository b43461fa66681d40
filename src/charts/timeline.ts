import { latencyText, rateText } from "../report/format.js";
import type { RunReport, StrategyReport } from "../report/schema.js";
import { median } from "../stats/median.js";
import { labelText, legend, values } from "./axes.js";
import type { Chart } from "./chart.js";
import { completeTrials, drawnOf, foreign } from "./strategies.js";
import { LINES, MARKS, nth, type Theme } from "./theme.js";

/** A longer run is thinned out: a picture has no more room. */
const MOST_POINTS = 600;

export const timeline: Chart = {
  name: "timeline",
  summary: "entries a second and p99 latency, second by second",
  draw(report, { labels, theme }) {
    const lines = drawnOf(report, theme).map((drawn) => ({
      ...drawn,
      seconds: momentsOf(drawn.strategy) ?? secondsOf(drawn.strategy),
    }));
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
    const isFine = lines.some(({ seconds }) => seconds.some(({ second }) => !Number.isInteger(second)));
    const axis = { ...values("", "second", theme), minInterval: 1, min: isFine ? 0 : 1, max: last };
    const faults = faultsOf(report, last);
    return {
      title: labels.timelineTitle,
      subtitle: faults.length === 0 ? labels.timelineSubtitle : `${labels.timelineSubtitle} ${labels.timelineFaults}`,
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
        series: lines.flatMap(({ name, color, index, seconds }, line) =>
          (["perSec", "p99"] as const).map((figure, panel) => ({
            type: "line",
            name,
            xAxisIndex: panel,
            yAxisIndex: panel,
            data: seconds
              .filter(({ second }) => panel === 0 || Number.isInteger(second))
              .map((one) => [one.second, one[figure]]),
            symbol: nth(MARKS, index),
            symbolSize: 7,
            showAllSymbol: false,
            // Ten of them a second are no marks any more.
            showSymbol: panel === 1 || !isFine,
            lineStyle: { color, width: 2.5, type: nth(LINES, index) },
            itemStyle: { color },
            tooltip: { valueFormatter: panel === 0 ? "@rate" : "@latency" },
            ...(line === 0 && faults.length > 0 ? { markArea: shaded(faults, panel === 0, theme) } : {}),
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

/** Narrower than this share of the picture nobody sees it. */
const NARROWEST = 0.004;

interface Shaded {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** When something went wrong on purpose, in seconds, as it was planned: in every trial within some ms of it. */
const faultsOf = ({ scenario }: RunReport, last: number): Shaded[] =>
  (scenario.faults ?? []).map((fault) => ({
    name: foreign(fault.name),
    from: fault.atMs / 1000,
    to: Math.min(last, (fault.atMs + Math.max(fault.forMs, NARROWEST * last * 1000)) / 1000),
  }));

const shaded = (faults: readonly Shaded[], isNamed: boolean, { quiet }: Theme): object => ({
  silent: true,
  itemStyle: { color: quiet, opacity: 0.25 },
  label: { show: isNamed, position: "insideTopLeft", ...labelText(quiet, 12) },
  data: faults.map(({ name, from, to }) => [{ name, xAxis: from }, { xAxis: to }]),
});

interface Second {
  /** From 1: at its end. Of a moment: a fraction. */
  readonly second: number;
  readonly perSec: number;
  readonly p99: number | null;
}

/** The same finer than by the second, where faults were planned; undefined elsewhere. p99 is known of whole seconds alone. */
function momentsOf(strategy: StrategyReport): Second[] | undefined {
  const trials = completeTrials(strategy).flatMap(({ moments }) => moments ?? []);
  const everyMs = trials[0]?.everyMs;
  if (everyMs === undefined) return undefined;
  const whole = new Map(secondsOf(strategy).map(({ second, p99 }) => [second, p99]));
  const count = Math.min(...trials.map(({ succeeded }) => succeeded.length));
  return Array.from({ length: count }, (_, i) => {
    const second = ((i + 1) * everyMs) / 1000;
    const perSec = median(trials.map(({ succeeded }) => ((succeeded[i] ?? 0) * 1000) / everyMs));
    return { second, perSec, p99: whole.get(second) ?? null };
  });
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
