import { type Figure, figureNamed } from "../report/figures.js";
import {
  comparePairs,
  compareSamples,
  type Direction,
  isOneSided,
  logRatiosOf,
  type Pair,
  type Verdict,
} from "../stats/comparison.js";
import { crossoversIn, type Scale, scaleOf } from "../stats/crossover.js";
import { median } from "../stats/median.js";
import type { Axis } from "./axis.js";
import { keyOf, type Point, type SweepPlan } from "./plan.js";
import { type SweepResult, trialsAt } from "./procedure.js";
import { linesAlong } from "./refine.js";

/** What a sweep has found: who leads where, where an axis is best, where one strategy overtakes another. */

/** One cell over another. */
export interface Against {
  readonly ratio: number | null;
  /** Ends of the 95 % interval; null with fewer than two rounds. */
  readonly low: number | null;
  readonly high: number | null;
  readonly verdict: Verdict;
  readonly rounds: number;
}

export interface Lead {
  readonly strategy: string;
  /** Against the next best; null where there is none. */
  readonly runnerUp: string | null;
  readonly against: Against | null;
}

/** The best value of an axis, all others being held. Values by their place on their axis. */
export interface Knee {
  readonly axis: string;
  readonly strategy: string;
  readonly best: Point;
  readonly figure: number;
  /** The next value that was measured; null: the best is the last one, and more may do better. */
  readonly next: Point | null;
  /** The next over the best. */
  readonly against: Against | null;
  /** Whether the load generator was the limit in most trials of either. */
  readonly generatorBound: boolean;
}

/** Where one strategy overtakes another, all other axes being held. */
export interface Overtaking {
  readonly axis: string;
  /** The point at the axis' first value. */
  readonly from: Point;
  /** Leads below. */
  readonly before: string;
  /** Leads above. */
  readonly after: string;
  readonly at: number;
  /** Ends of the 95 % interval; null: not within what was measured. */
  readonly low: number | null;
  readonly high: number | null;
  /** The neighbours on the axis that were measured. */
  readonly between: readonly [number, number];
  readonly scale: Scale;
  readonly generatorBound: boolean;
}

export interface Findings {
  lead(point: Point): Lead | null;
  /** Against the same strategy at the first point; null for that point itself. */
  againstFirst(point: Point, strategy: string): Against | null;
  readonly knees: readonly Knee[];
  readonly overtakings: readonly Overtaking[];
}

/** `points`: the measured ones, in whatever order. */
export function findingsOf(plan: SweepPlan, points: readonly Point[], results: readonly SweepResult[]): Findings {
  return new Finder(plan, points, results);
}

class Finder implements Findings {
  readonly #plan: SweepPlan;
  readonly #figure: Figure;
  readonly #cells: ReadonlyMap<string, readonly SweepResult[]>;
  readonly knees: readonly Knee[];
  readonly overtakings: readonly Overtaking[];

  constructor(plan: SweepPlan, points: readonly Point[], results: readonly SweepResult[]) {
    this.#plan = plan;
    this.#figure = figureNamed(plan.figure);
    this.#cells = new Map(
      points.flatMap((point) =>
        plan.strategies.map((strategy) => [cellOf(point, strategy), trialsAt(results, point, strategy)]),
      ),
    );
    const numeric = plan.axes.flatMap((axis, dimension) => (axis.isNumeric ? [{ axis, dimension }] : []));
    const lines = numeric.flatMap(({ axis, dimension }) =>
      linesAlong(points, dimension).map((line) => ({ axis, dimension, line })),
    );
    this.knees = lines.flatMap(({ axis, line }) => plan.strategies.flatMap((one) => this.#kneeIn(axis, line, one)));
    this.overtakings = lines.flatMap(({ axis, dimension, line }) =>
      pairsOf(plan.strategies).flatMap(([a, b]) => this.#overtakingsIn(axis, dimension, line, a, b)),
    );
  }

  lead(point: Point): Lead | null {
    const ranked = this.#plan.strategies
      .flatMap((strategy) => {
        const value = this.#median(point, strategy);
        return value === null ? [] : [{ strategy, value }];
      })
      .sort((a, b) => this.#better(b.value, a.value));
    const [first, second] = ranked;
    if (first === undefined) return null;
    if (second === undefined) return { strategy: first.strategy, runnerUp: null, against: null };
    const against = this.#compare(this.#cell(point, first.strategy), this.#cell(point, second.strategy));
    return { strategy: first.strategy, runnerUp: second.strategy, against };
  }

  againstFirst(point: Point, strategy: string): Against | null {
    const first = this.#plan.axes.map(() => 0);
    if (keyOf(first) === keyOf(point)) return null;
    return this.#compare(this.#cell(point, strategy), this.#cell(first, strategy));
  }

  #kneeIn(axis: Axis, line: readonly Point[], strategy: string): Knee[] {
    const measured = line.flatMap((point) => {
      const figure = this.#median(point, strategy);
      return figure === null ? [] : [{ point, figure }];
    });
    // Of two that are equal, the one that needs less.
    const [best] = [...measured].sort((a, b) => this.#better(b.figure, a.figure));
    if (best === undefined || measured.length < 2) return [];
    const next = measured[measured.indexOf(best) + 1]?.point ?? null;
    const cells = [best.point, ...(next === null ? [] : [next])].map((point) => this.#cell(point, strategy));
    return [
      {
        axis: axis.flag,
        strategy,
        best: best.point,
        figure: best.figure,
        next,
        against: next === null ? null : this.#compare(this.#cell(next, strategy), this.#cell(best.point, strategy)),
        generatorBound: cells.some(isGeneratorBound),
      },
    ];
  }

  #overtakingsIn(axis: Axis, dimension: number, line: readonly Point[], a: string, b: string): Overtaking[] {
    const [from] = line;
    if (from === undefined) return [];
    const numberAt = (point: Point): number => axis.values[point[dimension] as number]?.number as number;
    const scale = scaleOf(line.map(numberAt));
    const differences = line.map((point) => ({ at: numberAt(point), values: this.#differences(point, a, b) }));
    const generatorBound = line.some((point) => [a, b].some((one) => isGeneratorBound(this.#cell(point, one))));
    return crossoversIn(differences, scale).map(({ isRising, ...place }) => {
      // The difference is how much better a is: where it grows, a comes from behind.
      const [before, after] = isRising ? [b, a] : [a, b];
      return { axis: axis.flag, from, before, after, ...place, scale, generatorBound };
    });
  }

  /** How much better a was than b, as a logarithm, round by round; none where the two are not comparable. */
  #differences(point: Point, a: string, b: string): number[] {
    const pairs = this.#pairs(this.#cell(point, a), this.#cell(point, b));
    if (pairs.some(isOneSided)) return [];
    return logRatiosOf(pairs).map((ratio) => (this.#figure.direction === "higher-is-better" ? ratio : -ratio));
  }

  #pairs(own: readonly SweepResult[], other: readonly SweepResult[]): Pair[] {
    return own.map((result) => ({
      candidate: this.#figureOf(result),
      baseline: this.#figureOf(other.find(({ round }) => round === result.round)),
    }));
  }

  /** 0 where nobody was served, and so no latency measured. */
  #figureOf(result: SweepResult | undefined): number | null {
    if (result === undefined) return null;
    return this.#figure.ofTrial(result.trial) ?? (result.trial.entries.succeeded === 0 ? 0 : null);
  }

  /** Cells of one wave were measured in the same rounds, others share nothing but the machine. */
  #compare(own: readonly SweepResult[], other: readonly SweepResult[]): Against {
    const direction: Direction = this.#figure.direction;
    const of = (results: readonly SweepResult[]): (number | null)[] => results.map((one) => this.#figureOf(one));
    const { ratio, low, high, verdict, rounds } =
      own[0]?.wave === other[0]?.wave
        ? comparePairs(this.#pairs(own, other), direction)
        : compareSamples(of(own), of(other), direction);
    return { ratio, low, high, verdict, rounds };
  }

  #median(point: Point, strategy: string): number | null {
    const values = this.#cell(point, strategy)
      .map(({ trial }) => this.#figure.ofTrial(trial))
      .filter((value) => value !== null);
    return values.length === 0 ? null : median(values);
  }

  #cell(point: Point, strategy: string): readonly SweepResult[] {
    return this.#cells.get(cellOf(point, strategy)) ?? [];
  }

  /** Positive if the first is better. */
  #better(a: number, b: number): number {
    return this.#figure.direction === "higher-is-better" ? a - b : b - a;
  }
}

const cellOf = (point: Point, strategy: string): string => `${keyOf(point)} ${strategy}`;

const pairsOf = (names: readonly string[]): [string, string][] =>
  names.flatMap((a, i) => names.slice(i + 1).map((b): [string, string] => [a, b]));

const isGeneratorBound = (cell: readonly SweepResult[]): boolean =>
  cell.filter(({ trial }) => trial.limiter === "generator").length * 2 > cell.length;
