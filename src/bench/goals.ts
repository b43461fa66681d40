import { comparePairs } from "../stats/comparison.js";
import { medianInterval } from "../stats/median.js";
import { type Measurement, peersOf } from "./setting.js";

/** What the generator has to reach, and whether it does. */
export interface Goal {
  readonly what: string;
  /** "×": a ratio of rates, pair by pair; else the unit of a figure. */
  readonly unit: "×" | "%" | "µs" | "ns" | "ms" | "bytes";
  readonly bound: "at least" | "at most";
  readonly wanted: number;
}

/** `low` and `high`: the 95 % interval, null where there is none. */
export interface Reached extends Goal {
  readonly got: number;
  readonly low: number | null;
  readonly high: number | null;
  /** "within noise": the figure misses what is wanted, its interval does not. */
  readonly reached: "yes" | "within noise" | "no";
}

/** Measurements by the name of their setting. */
export type Measurements = Readonly<Record<string, readonly Measurement[]>>;

type Figure = "entriesPerSec" | "serverBusy" | "generatorUsPerEntry" | "eventLoopBusy";

const RATIOS: readonly { readonly candidate: string; readonly baseline: string; readonly wanted: number }[] = [
  ...peersOf("redis-benchmark").map(({ name, pipeline, threads, connections }) => ({
    candidate: pipeline === 1 ? `lua, exclusive, ${connections} connections` : "lua, shared",
    baseline: name,
    wanted: threads === 1 ? 1 : 0.95,
  })),
  { candidate: "lua, shared, ioredis", baseline: "redis-benchmark -c 20 -P 150", wanted: 0.9 },
  { candidate: "individual, shared, ioredis", baseline: "individual, shared, ioredis, per-request", wanted: 1.6 },
];

const FIGURES: readonly (Omit<Goal, "what"> & { readonly setting: string; readonly figure: Figure })[] = [
  { setting: "lua, shared", figure: "serverBusy", bound: "at least", wanted: 98, unit: "%" },
  { setting: "lua, shared", figure: "generatorUsPerEntry", bound: "at most", wanted: 3, unit: "µs" },
  { setting: "lua, shared", figure: "eventLoopBusy", bound: "at most", wanted: 30, unit: "%" },
  { setting: "pipeline-blind, shared", figure: "serverBusy", bound: "at least", wanted: 97, unit: "%" },
  { setting: "pipeline-blind, shared", figure: "generatorUsPerEntry", bound: "at most", wanted: 4, unit: "µs" },
  { setting: "individual, shared", figure: "serverBusy", bound: "at least", wanted: 78, unit: "%" },
  { setting: "individual, shared", figure: "generatorUsPerEntry", bound: "at most", wanted: 9, unit: "µs" },
  { setting: "dedup, shared", figure: "serverBusy", bound: "at least", wanted: 77, unit: "%" },
  { setting: "dedup, shared", figure: "generatorUsPerEntry", bound: "at most", wanted: 7, unit: "µs" },
  { setting: "lua, shared, ioredis", figure: "serverBusy", bound: "at least", wanted: 90, unit: "%" },
];

const WORDS: Readonly<Record<Figure, string>> = {
  entriesPerSec: "entries a second",
  serverBusy: "Redis' main thread busy",
  generatorUsPerEntry: "generator's CPU an entry",
  eventLoopBusy: "event loop busy",
};

/** All goals that the measurements at hand can judge. */
export function judge(measurements: Measurements): Reached[] {
  return [
    ...RATIOS.flatMap(({ candidate, baseline, wanted }) => ratioOf(measurements, candidate, baseline, wanted)),
    ...FIGURES.flatMap(({ setting, figure, ...goal }) => {
      const scale = goal.unit === "%" ? 100 : 1;
      const values = (measurements[setting] ?? []).flatMap((one) => one[figure] ?? []).map((value) => value * scale);
      return judgeValues({ what: `${setting}: ${WORDS[figure]}`, ...goal }, values);
    }),
  ];
}

/** Rounds that hold both. */
function ratioOf(measurements: Measurements, candidate: string, baseline: string, wanted: number): Reached[] {
  const ofBaseline = new Map((measurements[baseline] ?? []).map((one) => [one.round, one.entriesPerSec]));
  const pairs = (measurements[candidate] ?? []).map(({ round, entriesPerSec }) => ({
    candidate: entriesPerSec,
    baseline: ofBaseline.get(round) ?? null,
  }));
  const { ratio, low, high } = comparePairs(pairs, "higher-is-better");
  if (ratio === null) return [];
  const goal = { what: `${candidate} / ${baseline}`, unit: "×", bound: "at least", wanted } as const;
  return [verdict(goal, ratio, low, high)];
}

/** The median of several values of one figure; nothing without any. */
export function judgeValues(goal: Goal, values: readonly number[]): Reached[] {
  if (values.length === 0) return [];
  const { median, low, high } = medianInterval(values);
  return values.length === 1 ? [verdict(goal, median, null, null)] : [verdict(goal, median, low, high)];
}

function verdict(goal: Goal, got: number, low: number | null, high: number | null): Reached {
  const isMet = (value: number | null): boolean =>
    value !== null && (goal.bound === "at least" ? value >= goal.wanted : value <= goal.wanted);
  const best = goal.bound === "at least" ? high : low;
  return { ...goal, got, low, high, reached: isMet(got) ? "yes" : isMet(best) ? "within noise" : "no" };
}
