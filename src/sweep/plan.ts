import { deriveSeed, prng, shuffled } from "../base/prng.js";
import type { FigureName } from "../report/figures.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Axis } from "./axis.js";

/** What a sweep does, resolved. Serialisable: a sweep that is taken up again must be the same one. */
export interface SweepPlan {
  readonly axes: readonly Axis[];
  readonly strategies: readonly string[];
  /** What the best is told by. */
  readonly figure: FigureName;
  /** Rounds. */
  readonly trials: number;
  /** Cells (a strategy at a point) that are measured at most. */
  readonly maxCells: number;
  readonly seed: number;
  /** At the first value of every axis; all others differ from it in the axes alone. */
  readonly scenario: Scenario;
}

/** A value of each axis, by its place on it. */
export type Point = readonly number[];

export const keyOf = (point: Point): string => point.join(",");

/** One trial to come. */
export interface SweepTrial {
  /** Points that are measured in the same rounds are of one wave; from 0. */
  readonly wave: number;
  readonly round: number;
  /** Place within the round. */
  readonly order: number;
  readonly point: Point;
  readonly strategy: string;
  /** Of the whole round: every cell meets the same draws of users, concerts and arrivals. */
  readonly seed: number;
}

/** Every combination of the given places of each axis. */
const product = (places: readonly (readonly number[])[]): Point[] =>
  places.reduce<Point[]>((points, own) => points.flatMap((point) => own.map((place) => [...point, place])), [[]]);

const all = (axis: Axis): number[] => axis.values.map((_, place) => place);

export const gridOf = (axes: readonly Axis[]): Point[] => product(axes.map(all));

const ends = (axis: Axis): number[] => (axis.isNumeric ? [0, axis.values.length - 1] : all(axis));

const endsAndMiddle = (axis: Axis): number[] =>
  axis.isNumeric ? [...new Set([0, Math.floor((axis.values.length - 1) / 2), axis.values.length - 1])] : all(axis);

export const mostPoints = ({ maxCells, strategies }: Pick<SweepPlan, "maxCells" | "strategies">): number =>
  Math.floor(maxCells / strategies.length);

/** Cells without which nothing can be said about the axes: both ends of each, all values of what is no number. */
export const fewestCells = ({ axes, strategies }: Pick<SweepPlan, "axes" | "strategies">): number =>
  product(axes.map(ends)).length * strategies.length;

/** Points to begin with: all of them, or the ends and the middle of each axis, or the ends alone. */
export function firstWave(plan: Pick<SweepPlan, "axes" | "maxCells" | "strategies">): Point[] {
  const most = mostPoints(plan);
  const wanted = [gridOf(plan.axes), product(plan.axes.map(endsAndMiddle))].find(({ length }) => length <= most);
  return wanted ?? product(plan.axes.map(ends));
}

/** The trials of one wave: rounds over all of its cells, each in an order drawn from the seed. */
export function planWave(
  { seed, trials, strategies }: Pick<SweepPlan, "seed" | "trials" | "strategies">,
  wave: number,
  points: readonly Point[],
): SweepTrial[] {
  const cells = points.flatMap((point) => strategies.map((strategy) => ({ point, strategy })));
  return Array.from({ length: trials }, (_, round) =>
    shuffled(cells, prng(deriveSeed(seed, "order", wave, round))).map((cell, order) => ({
      wave,
      round,
      order,
      ...cell,
      seed: deriveSeed(seed, "round", round),
    })),
  ).flat();
}

/** What set-up, audit and clearing away take beside the load, roughly. */
const AROUND_TRIAL_MS = 250;

/** Cells that will be measured, and how long that takes; null where the number of entries decides. A guess. */
export function estimateOf(plan: SweepPlan): { readonly cells: number; readonly ms: number | null } {
  const { axes, strategies, trials, scenario } = plan;
  const cells = Math.min(gridOf(axes).length, mostPoints(plan)) * strategies.length;
  const { warmupMs, durationMs, entries } = scenario;
  return { cells, ms: entries === null ? cells * trials * (warmupMs + durationMs + AROUND_TRIAL_MS) : null };
}
