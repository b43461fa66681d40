import { latencyText, rateText } from "../report/format.js";
import type { RunReport, StrategyReport, TrialReport } from "../report/schema.js";
import { median } from "../stats/median.js";
import { labelText, legend, values } from "./axes.js";
import type { Chart } from "./chart.js";
import { completeTrials, drawnOf, foreign } from "./strategies.js";
import { LINES, MARKS, nth, type Theme } from "./theme.js";

export const timeline: Chart = {
  name: "timeline",
  summary: "entries a second and p99 latency, second by second",
  draw(report, { labels, theme }) {
    const drawn = drawnOf(report, theme);
    const widthSec = widestOf(drawn.flatMap(({ strategy }) => completeTrials(strategy)));
    const lines = drawn.map((one) => {
      const seconds = secondsOf(one.strategy, report.scenario, widthSec);
      const moments = momentsOf(one.strategy, seconds);
      return { ...one, seconds, isFine: moments !== undefined, points: moments ?? seconds };
    });
    const longest = Math.max(0, ...lines.map(({ points }) => points.length));
    if (longest < 2) return "no trial lasted two whole seconds, so there is no timeline to draw";
    const last = Math.max(
      ...lines.flatMap(({ points, seconds }) => [...points.slice(-1), ...seconds.slice(-1)].map(endOf)),
    );
    const upper = { left: 78, right: 24, top: 44, height: 150 };
    const lower = { left: 78, right: 24, top: 226, height: 150 };
    const title = (text: string, top: number): object => ({
      text,
      left: 78,
      top,
      textStyle: { ...labelText(theme.quiet, 13), fontWeight: "normal" },
    });
    const isFine = lines.some((line) => line.isFine);
    const axis = { ...values("", "second", theme), minInterval: 1, min: isFine ? 0 : 1, max: last };
    const faults = faultsOf(report, last);
    const subtitle = [labels.timelineSubtitle(drawn[0]?.strategy.summary.latency ?? "entry")];
    if (faults.length > 0) subtitle.push(labels.timelineFaults);
    return {
      title: labels.timelineTitle,
      subtitle: subtitle.join("\n"),
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
        series: lines.flatMap(({ name, color, index, points, seconds }, line) =>
          (["perSec", "p99"] as const).map((figure, panel) => ({
            type: "line",
            name,
            xAxisIndex: panel,
            yAxisIndex: panel,
            data: (panel === 0 ? points : seconds).map((one) => [one.second, one[figure]]),
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
          String(lines.find(({ points }) => points[i] !== undefined)?.points[i]?.second ?? ""),
          ...lines.flatMap(({ points }) => {
            const found = points[i];
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

const endOf = ({ second }: Second): number => second;

/**
 * The same finer than by the second, where faults were planned; undefined elsewhere. p99 is known of whole seconds alone,
 * and told where they end.
 */
function momentsOf(strategy: StrategyReport, seconds: readonly Second[]): Second[] | undefined {
  const trials = completeTrials(strategy).flatMap(({ moments }) => moments ?? []);
  const everyMs = trials[0]?.everyMs;
  if (everyMs === undefined) return undefined;
  const count = Math.min(...trials.map(({ succeeded }) => succeeded.length));
  return Array.from({ length: count }, (_, i) => {
    const second = ((i + 1) * everyMs) / 1000;
    const perSec = median(trials.map(({ succeeded }) => ((succeeded[i] ?? 0) * 1000) / everyMs));
    const ending = seconds.find((one) => one.second * 1000 > i * everyMs && one.second * 1000 <= (i + 1) * everyMs);
    return { second, perSec, p99: ending?.p99 ?? null };
  });
}

/** Where trials lasted long, and one of them longer than another, their intervals differ. */
const widestOf = (trials: readonly TrialReport[]): number =>
  trials.reduce((widest, { timelineWidthSec = 1 }) => Math.max(widest, timelineWidthSec), 1);

/**
 * What the trials show of each interval, its median: nothing was served in one that a trial does not tell of. What ended
 * after entries had stopped to start is left out, with an interval that this cuts short.
 */
function secondsOf(
  strategy: StrategyReport,
  { entries, durationMs }: RunReport["scenario"],
  widthSec: number,
): Second[] {
  const trials = completeTrials(strategy);
  const loadMs = entries === null ? durationMs : Math.min(...trials.map((trial) => trial.durationMs));
  const told = trials.map(({ timeline }) => {
    const rows = new Map<number, Row[]>();
    for (const row of timeline) {
      const interval = Math.floor(row.second / widthSec);
      rows.set(interval, [...(rows.get(interval) ?? []), row]);
    }
    return rows;
  });
  return Array.from({ length: Math.floor(loadMs / 1000 / widthSec) }, (_, i) => {
    const found = told.map((rows) => rows.get(i) ?? []);
    const slow = found.flatMap((rows) => worstOf(rows) ?? []);
    return {
      second: (i + 1) * widthSec,
      perSec: median(found.map((rows) => rows.reduce((sum, { succeeded }) => sum + succeeded, 0) / widthSec)),
      p99: slow.length === 0 ? null : median(slow),
    };
  });
}

type Row = TrialReport["timeline"][number];

/** Several rows in one interval have no percentile together. */
function worstOf(rows: readonly Row[]): number | null {
  const known = rows.flatMap(({ p99 }) => p99 ?? []);
  return known.length === 0 ? null : Math.max(...known);
}
