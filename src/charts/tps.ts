import { percentText, rangeText, rateText, ratioText, shortText } from "../report/format.js";
import { limiterText } from "../report/words.js";
import { categories, notes, values, whiskers } from "./axes.js";
import type { Chart } from "./chart.js";
import { type Drawn, drawnOf, hatching, heightFor, NOTHING_MEASURED } from "./strategies.js";

export const tps: Chart = {
  name: "tps",
  summary: "entries a second of each strategy, with intervals",
  draw(report, { labels, theme }) {
    const drawn = drawnOf(report, theme);
    const first = drawn[0];
    if (first === undefined) return NOTHING_MEASURED;
    const bars = drawn.map((one, at) => ({ ...one, at, ...one.strategy.summary.tps! }));
    const ratio = ({ strategy }: Drawn): string => {
      const { vsBaseline } = strategy.summary;
      return typeof vsBaseline?.tpsRatio === "number" ? `  ${ratioText(vsBaseline.tpsRatio)}` : "";
    };
    const { trials, tps: ofFirst } = first.strategy.summary;
    const subtitle = [labels.tpsSubtitle(trials, percentText(ofFirst!.coverage))];
    if (drawn.some((one) => one.isGeneratorBound)) subtitle.push(labels.hatched);
    return {
      title: titleOf(drawn, labels.takes) ?? labels.tpsTitle,
      subtitle: subtitle.join("\n"),
      heightPx: heightFor(drawn.length, 72),
      option: {
        grid: { left: 8, right: 130, top: 0, bottom: 30, containLabel: true },
        xAxis: values(labels.entriesPerSecond, "rate", theme),
        yAxis: {
          ...categories(
            drawn.map(({ name }) => name),
            theme,
          ),
          inverse: true,
        },
        tooltip: { valueFormatter: "@rate" },
        series: [
          {
            type: "bar",
            barWidth: "58%",
            data: bars.map(({ median, color, isGeneratorBound }) => ({
              value: median,
              itemStyle: { color, ...(isGeneratorBound ? { decal: hatching(theme) } : {}) },
            })),
          },
          whiskers(trials < 2 ? [] : bars, theme),
          notes(
            bars.map((bar) => ({ at: [bar.high, bar.at], text: `${rateText(bar.median)}${ratio(bar)}` })),
            theme,
          ),
        ],
      },
      table: [
        [
          labels.strategy,
          labels.entriesPerSecond,
          labels.interval,
          labels.againstBaseline,
          labels.interval,
          labels.limiter,
        ],
        ...bars.map(({ name, median, low, high, strategy: { summary } }) => {
          const versus = summary.vsBaseline;
          return [
            name,
            rateText(median),
            summary.trials < 2 ? "" : `${shortText(low)}–${shortText(high)}`,
            typeof versus?.tpsRatio === "number" ? ratioText(versus.tpsRatio) : "",
            versus && versus.low !== null && versus.high !== null ? rangeText(versus.low, versus.high) : "",
            limiterText(summary.limiter),
          ];
        }),
      ],
    };
  },
};

/** The answer, where there is one: who is ahead by how much. */
function titleOf(drawn: readonly Drawn[], takes: (name: string, times: string, baseline: string) => string) {
  const ahead = drawn
    .filter(({ strategy }) => strategy.summary.vsBaseline?.verdict === "faster")
    .sort((a, b) => (b.strategy.summary.vsBaseline?.tpsRatio ?? 0) - (a.strategy.summary.vsBaseline?.tpsRatio ?? 0))[0];
  const versus = ahead?.strategy.summary.vsBaseline;
  const baseline = drawn.find(({ strategy }) => strategy.name === versus?.baseline);
  if (ahead === undefined || baseline === undefined || typeof versus?.tpsRatio !== "number") return undefined;
  return takes(ahead.name, versus.tpsRatio.toFixed(versus.tpsRatio < 10 ? 1 : 0), baseline.name);
}
