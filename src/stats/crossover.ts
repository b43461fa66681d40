import { CONFIDENCE } from "./comparison.js";
import { studentTQuantile } from "./student-t.js";

/**
 * Where one overtakes the other along an axis. Between two values of the axis the difference, d = ln(ratio), is taken to
 * be linear. The interval is Fieller's: all places at which a difference of nothing cannot be ruled out, where mean and
 * variance between two values are those of the weighted mean of their rounds. It needs no more than two rounds a value,
 * and tells an end as unknown where it lies beyond what was measured. A bootstrap over five rounds would be too narrow:
 * it knows nothing of Student's t.
 * Source: Fieller, Journal of the Royal Statistical Society B 16 (1954).
 */

/** The differences at one value of the axis, a round each. */
export interface Differences {
  readonly at: number;
  readonly values: readonly number[];
}

export interface Crossover {
  readonly at: number;
  /** Ends of the 95 % interval; null: beyond the axis, or there was one round only. */
  readonly low: number | null;
  readonly high: number | null;
  /** The neighbours that were measured: between them the difference is taken for a straight line, which it need not be. */
  readonly between: readonly [number, number];
  /** Whether the difference grows from negative to positive. */
  readonly isRising: boolean;
}

export type Scale = "linear" | "log";

/** Above this ratio of its ends an axis is looked at by its logarithm: 100, 1000, 10000. */
const WIDE = 20;
export const scaleOf = (values: readonly number[]): Scale => {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least > 0 && most / least > WIDE ? "log" : "linear";
};

/** Steps in which the ends of the interval are looked for between two values, before they are halved. */
const STEPS = 64;
const HALVINGS = 40;

interface Knot {
  readonly place: number;
  readonly n: number;
  readonly mean: number;
  /** Of the mean. */
  readonly variance: number;
}

/** From one value of the axis to the next. */
interface Stretch {
  readonly left: Knot;
  readonly right: Knot;
  /** Student's t of the fewer rounds: at a value itself there are no others. */
  readonly t: number;
}

/** Every crossing, in the order of the axis. `points`: in ascending order; those without a round are left out. */
export function crossoversIn(points: readonly Differences[], scale: Scale): Crossover[] {
  const [toPlace, toValue] = scale === "log" ? [Math.log, Math.exp] : [Number, Number];
  const knots = points.filter(({ values }) => values.length > 0).map(({ at, values }) => knotOf(toPlace(at), values));
  const stretches = knots.slice(1).map((right, i) => stretchOf(knots[i] as Knot, right));
  return stretches.flatMap(({ left, right }, i) => {
    // Where it is nothing at a value itself, the crossing is counted once: in the stretch that ends there.
    if (left.mean === 0 || left.mean * right.mean > 0) return [];
    const crossing = left.place + ((right.place - left.place) * left.mean) / (left.mean - right.mean);
    const isRising = left.mean < 0;
    if (right.mean === 0 && !goesOn(knots.slice(i + 2), isRising)) return [];
    const end = (towards: -1 | 1): number | null => {
      const place = endOf(stretches, crossing, towards);
      return place === null ? null : toValue(place);
    };
    const between = [toValue(left.place), toValue(right.place)] as const;
    return [{ at: toValue(crossing), low: end(-1), high: end(1), between, isRising }];
  });
}

/** Whether the first difference that is not nothing lies on the other side. */
function goesOn(knots: readonly Knot[], isRising: boolean): boolean {
  const next = knots.find(({ mean }) => mean !== 0)?.mean ?? 0;
  return isRising ? next > 0 : next < 0;
}

function knotOf(place: number, values: readonly number[]): Knot {
  const n = values.length;
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { place, n, mean, variance: squares / (n - 1) / n };
}

function stretchOf(left: Knot, right: Knot): Stretch {
  const rounds = Math.min(left.n, right.n);
  return { left, right, t: rounds < 2 ? Number.NaN : studentTQuantile((1 + CONFIDENCE) / 2, rounds - 1) };
}

/** Whether no difference can be ruled out there. */
function isPlausible(stretches: readonly Stretch[], place: number): boolean {
  // Rounding may lead past the last one.
  const { left, right, t } = stretches.find((one) => one.right.place >= place) ?? (stretches.at(-1) as Stretch);
  const weight = (place - left.place) / (right.place - left.place);
  const mean = (1 - weight) * left.mean + weight * right.mean;
  const variance = (1 - weight) ** 2 * left.variance + weight ** 2 * right.variance;
  return Math.abs(mean) <= t * Math.sqrt(variance);
}

/** The first place from the crossing on at which a difference is certain; null if there is none. */
function endOf(stretches: readonly Stretch[], crossing: number, towards: -1 | 1): number | null {
  if (stretches.some(({ t }) => Number.isNaN(t))) return null;
  const ends = stretches
    .map(({ left, right }) => (towards === 1 ? right.place : left.place))
    .filter((place) => (place - crossing) * towards > 0);
  let from = crossing;
  for (const to of towards === 1 ? ends : ends.reverse()) {
    for (let step = 1; step <= STEPS; step++) {
      const place = from + ((to - from) * step) / STEPS;
      if (!isPlausible(stretches, place)) return halved(stretches, from + ((to - from) * (step - 1)) / STEPS, place);
    }
    from = to;
  }
  return null;
}

function halved(stretches: readonly Stretch[], plausible: number, certain: number): number {
  let [inside, outside] = [plausible, certain];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (inside + outside) / 2;
    if (isPlausible(stretches, middle)) inside = middle;
    else outside = middle;
  }
  return (inside + outside) / 2;
}
