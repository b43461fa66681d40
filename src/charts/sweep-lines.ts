import { printable } from "../base/printable.js";
import type { SweepAxis, SweepCrossover, SweepPoint, SweepReport } from "../report/sweep.js";
import { certaintyOf, figureIn, placeOf, valuesText } from "../report/sweep-words.js";
import type { Drawing, Look } from "./chart.js";
import type { Labels } from "./labels.js";
import { linesDrawing } from "./lines.js";
import { foreign, NOTHING_MEASURED, withGreekMu } from "./strategies.js";

/** Crossovers that are told below the title. */
const MOST_TOLD = 3;
const LONGEST_TEXT = 100;

/** Along the numeric axis with most values; the others are held at their first one. */
export function drawSweepLines(report: SweepReport, look: Look): Drawing | string {
  const { labels } = look;
  const axis = longestAxis(report);
  if (axis === undefined) return "crossover needs a sweep with an axis of numbers or times, such as vus or rtt";
  const { strategies, axes, figure } = report.sweep;
  const rest = axes.filter((other) => other !== axis);
  const isHeld = (values: SweepPoint["values"]): boolean =>
    rest.every(({ flag, values: [first] }) => values[flag] === first?.text);
  const places = axis.values.flatMap(({ text, number }) => {
    const point = report.points.find(({ values }) => values[axis.flag] === text && isHeld(values));
    return point === undefined || number === null ? [] : [{ at: number, point }];
  });
  if (!places.some(({ point }) => point.strategies.some(({ summary }) => summary.figure !== null))) {
    return NOTHING_MEASURED;
  }
  const lines = strategies.map((name) => ({
    name: foreign(name),
    points: places.map(({ at, point }) => {
      const summary = point.strategies.find((cell) => cell.name === name)?.summary;
      return { at, trials: summary?.trials ?? 0, figure: summary?.figure ?? null };
    }),
  }));
  const crossovers = report.crossovers.filter((one) => one.axis === axis.flag && isHeld(one.held));
  const isCertain = (one: SweepCrossover): boolean => certaintyOf(report, one) !== "neither";
  // What nothing is known of may be told below the title, not in it.
  const told = [...crossovers.filter(isCertain), ...crossovers.filter((one) => !isCertain(one))];
  const sayings = told.map((one) => sayingOf(report, one, labels));
  const [first, ...others] = crossovers.some(isCertain) ? sayings : [undefined, ...sayings];
  const heldValues = valuesText(Object.fromEntries(rest.map(({ flag, values }) => [flag, values[0]?.text ?? ""])));
  const subtitle = [
    ...others.slice(0, MOST_TOLD).map(String),
    ...(heldValues === "" ? [] : [printable(labels.heldAt(heldValues), LONGEST_TEXT)]),
    labels.sweepSubtitle(report.sweep.trials),
  ].join("\n");
  const [least, most] = [places[0]?.at ?? 0, places.at(-1)?.at ?? 0];
  return linesDrawing(
    {
      title: first ?? labels.sweepTitle(foreign(figure), foreign(axis.flag)),
      subtitle,
      axis: foreign(axis.unit === null ? axis.flag : `${axis.flag}, ${axis.unit}`),
      lines,
      unit: figureIn(report).unit,
      crossings: crossovers.map(({ at, low, high }) => ({ at, low: low ?? least, high: high ?? most })),
    },
    look,
  );
}

function sayingOf(report: SweepReport, one: SweepCrossover, labels: Labels): string {
  const [after, before] = [foreign(one.after), foreign(one.before)];
  const place = withGreekMu(printable(placeOf(report, one), LONGEST_TEXT));
  switch (certaintyOf(report, one)) {
    case "both":
      return labels.overtakes(after, before, place);
    case "above":
      return labels.aheadFrom(after, before, place);
    case "below":
      return labels.aheadUpTo(before, after, place);
    case "neither":
      return labels.undecided(after, before, place);
  }
}

/** Of several as long, the first. */
const longestAxis = ({ sweep: { axes } }: SweepReport): SweepAxis | undefined =>
  axes
    .filter(({ isNumeric }) => isNumeric)
    .reduce<SweepAxis | undefined>(
      (best, axis) => (best === undefined || axis.values.length > best.values.length ? axis : best),
      undefined,
    );
