import { Chalk } from "chalk";
import { printable } from "../base/printable.js";
import { figureNamed } from "../report/figures.js";
import { figureText, plural, ratioText } from "../report/format.js";
import type { TrendReport, TrendSeries } from "../report/trend.js";
import { closingBlocks, sections } from "./layout.js";

const BARS = "▁▂▃▄▅▆▇█";
/** As many points as fit into a line; of more, the last ones. */
const MOST_BARS = 100;

/** A line of bars for each series, and its changes in words. */
export function renderTrend(trend: TrendReport, { color }: { readonly color: boolean }): string {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  const { unit, help, direction } = figureNamed(trend.figure);
  const blocks = trend.series.map((series) => {
    const values = series.points.map(({ value }) => value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [
      chalk.bold(`${printable(series.scenario, 60)}, ${printable(series.strategy, 40)}`) +
        `: ${plural(values.length, "report")}, ${figureText(low, unit)} to ${figureText(high, unit)}`,
      bars(series),
      ...marks(series).map(([text, isWorse]) =>
        (isWorse === null ? chalk.dim : isWorse ? chalk.red : chalk.green)(text),
      ),
    ];
  });
  /** Each change, and each point that was measured elsewhere than the one before. */
  function marks({ points, changes }: TrendSeries): [text: string, isWorse: boolean | null][] {
    const found = changes.map(({ at, ratio, p }): [number, string, boolean | null] => {
      const { startedAt, revision } = points[at] as TrendSeries["points"][number];
      const commit = revision === null ? "" : ` (${printable(revision, 13)})`;
      const text = `${startedAt.slice(0, 16)}Z${commit}: ${ratioText(ratio)} from here on (p ${p})`;
      return [at, text, ratio < 1 === (direction === "higher-is-better")];
    });
    const elsewhere = points.flatMap(({ startedAt, unlikeBefore }, at): [number, string, null][] => {
      if (unlikeBefore.length === 0) return [];
      const more = unlikeBefore.length > 3 ? `, and ${unlikeBefore.length - 3} more` : "";
      return [[at, `${startedAt.slice(0, 16)}Z: other ${printable(unlikeBefore.slice(0, 3).join(", "))}${more}`, null]];
    });
    return [...found, ...elsewhere].sort(([a], [b]) => a - b).map(([, text, isWorse]) => [`  ${text}`, isWorse]);
  }
  return sections([
    [`${trend.figure}: ${help}, oldest first; | marks a change of level`],
    ...blocks,
    ...closingBlocks(trend, chalk),
  ]);
}

/** From nought, so that half as high is half as much; a bar stands before each change. */
function bars({ points, changes }: TrendSeries): string {
  const most = Math.max(...points.map(({ value }) => value), Number.MIN_VALUE);
  const shown = points.map(({ value }, i) => {
    const bar = BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))] as string;
    return changes.some(({ at }) => at === i) ? `|${bar}` : bar;
  });
  return shown.slice(-MOST_BARS).join("");
}
