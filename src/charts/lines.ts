import type { Unit } from "../report/figures.js";
import { figureText, rateText } from "../report/format.js";
import { scaleOf } from "../stats/crossover.js";
import { legend, values, whiskers } from "./axes.js";
import type { Drawing, Look } from "./chart.js";
import { LINES, MARKS, nth } from "./theme.js";

/** A line for each strategy over a number: what `crossover` draws, whether of a sweep or of several runs. */
export interface LinesFacts {
  readonly title: string;
  readonly subtitle: string;
  /** Name of the axis, and names of the lines: fit to be shown. */
  readonly axis: string;
  readonly lines: readonly {
    readonly name: string;
    /** In ascending order, the same places in every line. */
    readonly points: readonly {
      readonly at: number;
      readonly trials: number;
      readonly figure: { readonly median: number; readonly low: number; readonly high: number } | null;
    }[];
  }[];
  readonly unit: Unit;
  /** Where one line crosses another, and between which ends that may be. */
  readonly crossings?: readonly { readonly at: number; readonly low: number; readonly high: number }[];
}

export function linesDrawing({ title, subtitle, axis, lines, unit, crossings = [] }: LinesFacts, look: Look): Drawing {
  const { theme } = look;
  const places = lines[0]?.points.map(({ at }) => at) ?? [];
  const format = FORMATS[unit] ?? "rate";
  const marks =
    crossings.length === 0
      ? {}
      : {
          markLine: {
            symbol: "none",
            silent: true,
            label: { show: false },
            lineStyle: { color: theme.quiet, type: [4, 4] },
            data: crossings.map(({ at }) => ({ xAxis: at })),
          },
          markArea: {
            silent: true,
            itemStyle: { color: theme.grid, opacity: 0.5 },
            data: crossings.map(({ low, high }) => [{ xAxis: low }, { xAxis: high }]),
          },
        };
  return {
    title,
    subtitle,
    heightPx: 540,
    option: {
      legend: legend(
        lines.map(({ name }) => name),
        theme,
      ),
      grid: { left: 8, right: 30, top: 40, bottom: 30, containLabel: true },
      xAxis: { ...values(axis, "rate", theme), type: scaleOf(places) === "log" ? "log" : "value", scale: true },
      yAxis: { ...values("", format, theme), min: 0 },
      tooltip: { trigger: "axis", valueFormatter: `@${format}` },
      series: lines.flatMap(({ name, points }, index) => {
        const color = nth(theme.series, index);
        return [
          {
            type: "line",
            name,
            data: points.map(({ at, figure }) => [at, figure?.median ?? null]),
            symbol: nth(MARKS, index),
            symbolSize: 8,
            lineStyle: { color, width: 2.5, type: nth(LINES, index) },
            itemStyle: { color },
            ...(index === 0 ? marks : {}),
          },
          whiskers(
            points.flatMap(({ at, trials, figure }) => (figure === null || trials < 2 ? [] : [{ at, ...figure }])),
            { ...theme, text: color },
            { standing: true, name },
          ),
        ];
      }),
    },
    table: [
      [axis, ...lines.map(({ name }) => name)],
      ...places.map((at, i) => [
        at.toLocaleString("en-US"),
        ...lines.map(({ points }) => {
          const figure = points[i]?.figure;
          if (!figure) return "";
          return unit === "per second" ? rateText(figure.median) : figureText(figure.median, unit);
        }),
      ]),
    ],
  };
}

/** By unit: names of `FUNCTIONS`. */
const FORMATS: Partial<Readonly<Record<Unit, string>>> = { us: "latency", share: "percent", "per second": "rate" };
