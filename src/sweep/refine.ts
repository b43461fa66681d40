import { keyOf, mostPoints, type Point, type SweepPlan } from "./plan.js";

/**
 * Where to measure next, in a grid that is too large to be measured whole: between two neighbours on an axis of which
 * different strategies lead, or, where none are left, whose figures are furthest apart.
 */

/** The figure of a strategy at a point; null: not measured, or nothing came out. */
export type Measured = (point: Point, strategy: string) => number | null;

interface Gap {
  /** Half-way between two neighbours. */
  readonly middle: Point;
  readonly leadChanges: boolean;
  /** |ln(ratio)| of the strategy that changes most. */
  readonly difference: number;
}

/** Of the points that may still be measured, so many at once: the fewer, the better each is chosen. */
const SHARE_OF_REST = 1 / 3;

/** The next points, the most promising first; none if all that may be measured is. */
export function nextWave(
  plan: Pick<SweepPlan, "axes" | "strategies" | "maxCells">,
  known: readonly Point[],
  measured: Measured,
  isHigherBetter: boolean,
): Point[] {
  const rest = mostPoints(plan) - known.length;
  if (rest <= 0) return [];
  const gaps = gapsIn(plan, known, measured, isHigherBetter).sort(
    (a, b) => Number(b.leadChanges) - Number(a.leadChanges) || b.difference - a.difference,
  );
  const points = new Map(gaps.map(({ middle }) => [keyOf(middle), middle]));
  return [...points.values()].slice(0, Math.max(1, Math.floor(rest * SHARE_OF_REST)));
}

function gapsIn(
  { axes, strategies }: Pick<SweepPlan, "axes" | "strategies">,
  known: readonly Point[],
  measured: Measured,
  isHigherBetter: boolean,
): Gap[] {
  const isKnown = new Set(known.map(keyOf));
  return axes.flatMap((axis, dimension) => {
    if (!axis.isNumeric) return [];
    return linesAlong(known, dimension).flatMap((line) =>
      line.slice(1).flatMap((point, i) => {
        const before = line[i] as Point;
        const place = Math.floor(((before[dimension] as number) + (point[dimension] as number)) / 2);
        const middle = before.map((own, other) => (other === dimension ? place : own));
        if (isKnown.has(keyOf(middle))) return [];
        const leader = (at: Point): string | undefined => leaderAt(strategies, at, measured, isHigherBetter);
        const differences = strategies.map((one) => distance(measured(before, one), measured(point, one)));
        return [
          { middle, leadChanges: leader(before) !== leader(point), difference: Math.max(...differences) } satisfies Gap,
        ];
      }),
    );
  });
}

/** Points that differ in one axis alone, in its order. */
export function linesAlong(points: readonly Point[], dimension: number): Point[][] {
  const lines = new Map<string, Point[]>();
  for (const point of points) {
    const key = keyOf(point.filter((_, other) => other !== dimension));
    lines.set(key, [...(lines.get(key) ?? []), point]);
  }
  const place = (point: Point): number => point[dimension] as number;
  return [...lines.values()].map((line) => line.sort((a, b) => place(a) - place(b)));
}

function leaderAt(
  strategies: readonly string[],
  point: Point,
  measured: Measured,
  isHigherBetter: boolean,
): string | undefined {
  const figures = strategies.flatMap((strategy) => {
    const value = measured(point, strategy);
    return value === null ? [] : [{ strategy, value }];
  });
  return figures.sort((a, b) => (isHigherBetter ? b.value - a.value : a.value - b.value))[0]?.strategy;
}

const distance = (a: number | null, b: number | null): number =>
  a === null || b === null || a <= 0 || b <= 0 ? 0 : Math.abs(Math.log(a / b));
