import { rangeText, ratioText } from "../report/format.js";
import { categories, labelText, legend, notes, values, whiskers } from "./axes.js";
import type { Chart } from "./chart.js";
import { drawRoadmapStages } from "./roadmap-stages.js";
import { drawnOf, hatching, heightFor } from "./strategies.js";

/** The gains that were published as expected before anyone had measured them: entries a second over individual calls'. */
const BASELINE = "individual";
const EXPECTED: Readonly<Record<string, readonly [number, number]>> = {
  dedup: [1.1, 1.15],
  pipeline: [1.2, 1.3],
  lua: [1.3, 1.5],
};

/** From the middle of a row to that of its lower bar. */
const LOWER_PX = 12.65;

export const roadmap: Chart = {
  name: "roadmap",
  summary: "of a roadmap each stage as published, predicted, measured; of a run the gain expected and measured",
  draw(report, { labels, theme }) {
    const steps = drawnOf(report, theme).flatMap((drawn) => {
      const expected = Object.hasOwn(EXPECTED, drawn.strategy.name) ? EXPECTED[drawn.strategy.name] : undefined;
      const versus = drawn.strategy.summary.vsBaseline;
      if (expected === undefined || versus?.baseline !== BASELINE || versus.tpsRatio === null) return [];
      return [{ ...drawn, expected, ratio: versus.tpsRatio, low: versus.low, high: versus.high, versus }];
    });
    if (steps.length === 0) return "the roadmap needs individual as baseline and one of dedup, pipeline, lua beside it";
    const subtitle = [labels.roadmapSubtitle];
    if (steps.some(({ versus }) => versus.generatorBound)) subtitle.push(labels.hatched);
    const measured = steps.map((step, at) => ({ ...step, at }));
    return {
      title: labels.roadmapTitle,
      subtitle: subtitle.join("\n"),
      heightPx: heightFor(steps.length, 92),
      option: {
        legend: legend([labels.expected, labels.measured], theme),
        grid: { left: 8, right: 90, top: 36, bottom: 30, containLabel: true },
        xAxis: { ...values(labels.againstBaseline, "times", theme), min: 1 },
        yAxis: {
          ...categories(
            steps.map(({ name }) => name),
            theme,
          ),
          inverse: true,
        },
        tooltip: {},
        series: [
          // A bar of the lower end that is not seen carries the band.
          {
            type: "bar",
            stack: "expected",
            barWidth: 22,
            itemStyle: { color: "transparent" },
            silent: true,
            tooltip: { show: false },
            data: steps.map(({ expected }) => expected[0]),
          },
          {
            type: "bar",
            name: labels.expected,
            stack: "expected",
            itemStyle: { color: theme.quiet, opacity: 0.5 },
            label: { show: true, position: "right", formatter: "", opacity: 1, ...labelText(theme.quiet) },
            tooltip: { show: false },
            data: steps.map(({ expected: [low, high] }) => ({
              value: high - low,
              label: { formatter: `×${rangeText(low, high)}` },
            })),
          },
          {
            type: "bar",
            name: labels.measured,
            barWidth: 22,
            barGap: "15%",
            itemStyle: { color: theme.quiet },
            data: measured.map(({ ratio, color, versus }) => ({
              value: ratio,
              itemStyle: { color, ...(versus.generatorBound ? { decal: hatching(theme) } : {}) },
            })),
            tooltip: { valueFormatter: "@times" },
          },
          whiskers(
            measured.flatMap(({ low, high, at }) =>
              low === null || high === null ? [] : [{ low, high, at, shiftPx: LOWER_PX }],
            ),
            theme,
          ),
          notes(
            measured.map(({ ratio, high, at }) => ({ at: [high ?? ratio, at], text: ratioText(ratio) })),
            theme,
            LOWER_PX,
          ),
        ],
      },
      table: [
        [labels.strategy, labels.expected, labels.measured, labels.interval],
        ...steps.map(({ name, expected: [low, high], ratio, ...step }) => [
          name,
          `×${rangeText(low, high)}`,
          ratioText(ratio),
          step.low === null || step.high === null ? "" : rangeText(step.low, step.high),
        ]),
      ],
    };
  },
  drawRoadmap: drawRoadmapStages,
};
