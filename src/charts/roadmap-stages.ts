import { printable } from "../base/printable.js";
import { rateText, ratioText, shortText } from "../report/format.js";
import type { RoadmapReport, RoadmapRow, RoadmapVariant } from "../report/roadmap.js";
import { categories, labelText, legend, notes, values, whiskers } from "./axes.js";
import type { Drawing, Look } from "./chart.js";
import { foreign, hatching, heightFor, NOTHING_MEASURED } from "./strategies.js";

const LONGEST_TEXT = 80;
const BAR_PX = 16;
/** Of a bar, between two of them. */
const GAP = 0.15;
/** From the middle of a row to those of its outer bars. */
const OUTER_PX = BAR_PX * (1 + GAP);

interface Row {
  readonly at: number;
  readonly name: string;
  readonly published: RoadmapRow["published"]["tps"];
  readonly predicted: number | null;
  readonly measured: RoadmapVariant["measured"];
  readonly gain: number | null;
  readonly isGeneratorBound: boolean;
}

/** What was published, predicted and measured of each stage, under the first condition, against the goal. */
export function drawRoadmapStages({ stages, goal }: RoadmapReport, { labels, theme }: Look): Drawing | string {
  const rows = stages.map(({ name, published, variants: [shown] }, at): Row => {
    const measured = shown?.measured ?? null;
    return {
      at,
      name: foreign(name),
      published: published.tps,
      predicted: shown?.predicted?.tps ?? null,
      measured,
      gain: shown?.gain?.ratio ?? null,
      isGeneratorBound: measured !== null && (measured.limiters.generator ?? 0) * 2 > measured.rounds,
    };
  });
  if (rows.every(({ predicted, measured }) => predicted === null && measured === null)) return NOTHING_MEASURED;
  const condition = stages.flatMap(({ variants: [shown] }) => shown?.name ?? [])[0] ?? "";
  const bar = (name: string, color: string, data: readonly unknown[], more: object = {}): object => ({
    type: "bar",
    name,
    barWidth: BAR_PX,
    barGap: `${100 * GAP}%`,
    itemStyle: { color },
    data,
    tooltip: { valueFormatter: "@rate" },
    ...more,
  });
  const [publishedColor, predictedColor, measuredColor] = [theme.quiet, theme.series[1] ?? "", theme.series[2] ?? ""];
  return {
    title: labels.stagesTitle,
    subtitle: [
      labels.stagesSubtitle,
      ...(condition === "" ? [] : [printable(labels.heldAt(condition), LONGEST_TEXT)]),
      ...(rows.some(({ isGeneratorBound }) => isGeneratorBound) ? [labels.hatched] : []),
    ].join("\n"),
    heightPx: heightFor(rows.length, 72),
    option: {
      legend: legend([labels.published, labels.predicted, labels.measured], theme),
      grid: { left: 8, right: 110, top: 56, bottom: 30, containLabel: true },
      xAxis: { ...values(labels.entriesPerSecond, "rate", theme), min: 0 },
      yAxis: {
        ...categories(
          rows.map(({ name }) => name),
          theme,
        ),
        inverse: true,
      },
      tooltip: {},
      series: [
        bar(
          labels.published,
          publishedColor,
          rows.map(({ published: [low] }) => low),
          {
            markLine: {
              symbol: "none",
              silent: true,
              lineStyle: { color: theme.text, type: [4, 4] },
              label: { position: "start", formatter: labels.goal(rateText(goal.tps)), ...labelText(theme.text, 13) },
              data: [{ xAxis: goal.tps }],
            },
          },
        ),
        bar(
          labels.predicted,
          predictedColor,
          rows.map(({ predicted }) => predicted),
        ),
        bar(
          labels.measured,
          measuredColor,
          rows.map(({ measured, isGeneratorBound }) =>
            measured === null
              ? null
              : {
                  value: measured.tps.median,
                  itemStyle: { color: measuredColor, ...(isGeneratorBound ? { decal: hatching(theme) } : {}) },
                },
          ),
        ),
        whiskers(
          [
            ...rows.flatMap(({ published: [low, high], at }) =>
              high > low ? [{ low, high, at, shiftPx: -OUTER_PX }] : [],
            ),
            ...rows.flatMap(({ measured, at }) =>
              measured === null || measured.rounds < 2 ? [] : [{ ...measured.tps, at, shiftPx: OUTER_PX }],
            ),
          ],
          theme,
        ),
        notes(
          rows.flatMap(({ measured, gain, at }) =>
            measured === null
              ? []
              : [
                  {
                    at: [measured.tps.high, at] as const,
                    text: `${rateText(measured.tps.median)}${gain === null ? "" : `  ${ratioText(gain)}`}`,
                  },
                ],
          ),
          theme,
          OUTER_PX,
        ),
      ],
    },
    table: [
      [labels.stage, labels.published, labels.predicted, labels.measured, labels.interval],
      ...rows.map(({ name, published, predicted, measured }) => [
        name,
        [...new Set(published)].map(rateText).join("–"),
        predicted === null ? "" : rateText(predicted),
        measured === null ? "" : rateText(measured.tps.median),
        measured === null || measured.rounds < 2
          ? ""
          : `${shortText(measured.tps.low)}–${shortText(measured.tps.high)}`,
      ]),
    ],
  };
}
