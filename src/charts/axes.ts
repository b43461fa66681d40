import { FONT_FAMILIES, type Theme } from "./theme.js";

/** Axes, legends and whiskers alike in every chart. */

export const LABEL_PX = 15;

const text = (color: string, fontSize = LABEL_PX): object => ({ color, fontSize, fontFamily: FONT_FAMILIES });

export const categories = (names: readonly string[], { text: color, grid }: Theme): Record<string, unknown> => ({
  type: "category",
  data: names,
  axisTick: { show: false },
  axisLine: { lineStyle: { color: grid } },
  axisLabel: { ...text(color), interval: 0 },
});

/** `format`: a name of `FUNCTIONS`. */
export const values = (name: string, format: string, { quiet, grid }: Theme): Record<string, unknown> => ({
  type: "value",
  name,
  nameLocation: "middle",
  nameGap: 34,
  nameTextStyle: text(quiet),
  axisLabel: { ...text(quiet, 13), formatter: `@${format}`, hideOverlap: true },
  axisLine: { show: false },
  splitLine: { lineStyle: { color: grid } },
});

export const legend = (names: readonly string[], { text: color }: Theme): object => ({
  data: names,
  top: 0,
  left: 0,
  itemGap: 18,
  itemWidth: 34,
  textStyle: text(color),
});

/** One end to the other of each interval. `shiftPx`: within a group of bars. */
export const whiskers = (
  intervals: readonly { readonly low: number; readonly high: number; readonly at: number; readonly shiftPx?: number }[],
  { text: color }: Theme,
  { standing = false, ...more }: { standing?: boolean; xAxisIndex?: number; yAxisIndex?: number; name?: string } = {},
): object => ({
  type: "custom",
  renderItem: "@whisker",
  data: intervals.map(({ low, high, at, shiftPx = 0 }) => [low, high, at, shiftPx, standing ? 1 : 0]),
  encode: standing ? { x: 2, y: [0, 1] } : { x: [0, 1], y: 2 },
  color,
  itemStyle: { color },
  tooltip: { show: false },
  silent: true,
  z: 5,
  ...more,
});

/** Text beside a point, such as the figure at the end of a bar. */
export const notes = (
  points: readonly { readonly at: readonly [number, number]; readonly text: string }[],
  { text: color }: Theme,
  shiftPx = 0,
): object => ({
  type: "scatter",
  symbolSize: 0.01,
  data: points.map(({ at, text: note }) => ({
    value: at,
    label: { show: true, position: "right", distance: 8, offset: [0, shiftPx], formatter: note, ...text(color) },
  })),
  tooltip: { show: false },
  silent: true,
  z: 6,
});

export const labelText = text;
