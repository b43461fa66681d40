import { printable } from "../base/printable.js";
import { Histogram, type HistogramCounts, type HistogramData } from "../measure/histogram.js";
import type { Strategy } from "../strategies/strategy.js";
import type { PartCounts, SegmentResult } from "../worker/segment.js";
import type { EntryCounts, PartResult, UserFigures } from "./trial-result.js";

/** Sums over the instances of one trial. Histograms are merged, percentiles never averaged. */
export const mergeHistograms = (parts: readonly HistogramData[]): HistogramCounts => {
  const merged = new Histogram();
  for (const part of parts) merged.add(part);
  return merged.toCounts();
};

export function mergeCounts(results: readonly SegmentResult[]): EntryCounts {
  const sum = (of: (result: SegmentResult) => number): number => results.reduce((total, one) => total + of(one), 0);
  const failed = sum((one) => Object.values(one.failures).reduce((total, count) => total + count, 0));
  const answers = {
    new: sum((one) => one.answers.NEW),
    waiting: sum((one) => one.answers.WAITING),
    active: sum((one) => one.answers.ACTIVE),
  };
  return {
    attempted: sum((one) => one.attempted),
    succeeded: answers.new + answers.waiting + answers.active,
    failed,
    inDoubt: sum((one) => one.inDoubt),
    unsent: sum((one) => one.unsent),
    dropped: sum((one) => one.dropped),
    ...answers,
  };
}

export function mergeUsers(results: readonly SegmentResult[]): UserFigures {
  const sum = (of: (result: SegmentResult) => number): number => results.reduce((total, one) => total + of(one), 0);
  return {
    arrivals: sum((one) => one.users.arrivals),
    polls: sum((one) => one.users.polls),
    repeats: sum((one) => one.users.repeats),
    returns: sum((one) => one.users.returns),
    leaves: sum((one) => one.leaves.succeeded),
    leavesFailed: sum((one) => one.leaves.failed),
    reads: sum((one) => one.reads.succeeded),
    readsFailed: sum((one) => one.reads.failed),
    readsNowhere: sum((one) => one.reads.nowhere),
  };
}

/** By part, where strategies are mixed. */
export function mergeParts(strategy: Strategy, results: readonly SegmentResult[]): PartResult[] {
  return (strategy.parts ?? []).map((part, i) => {
    const own = results.map(({ parts }) => parts[i]!);
    const sum = (of: (one: PartCounts) => number): number => own.reduce((total, one) => total + of(one), 0);
    const answers = {
      new: sum((one) => one.answers.NEW),
      waiting: sum((one) => one.answers.WAITING),
      active: sum((one) => one.answers.ACTIVE),
    };
    return {
      strategy: part.strategy.name,
      share: part.share,
      entries: {
        succeeded: answers.new + answers.waiting + answers.active,
        failed: sum((one) => one.failed),
        ...answers,
      },
      entry: mergeHistograms(own.map((one) => one.entry)),
    };
  });
}

/** Adds up counts by name. */
export function mergeTallies(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, count] of Object.entries(part)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

const LONGEST_EXAMPLE = 200;

/** What a failure of each kind was told by, the first that is known, fit to be shown; nothing where none is. */
export function examplesOf(parts: readonly { readonly failureExamples?: Readonly<Record<string, string>> }[]): {
  readonly failureExamples?: Readonly<Record<string, string>>;
} {
  const firstOfEach: Record<string, string> = Object.assign({}, ...parts.map((one) => one.failureExamples).reverse());
  const examples = Object.entries(firstOfEach).map(([kind, text]) => [kind, printable(text, LONGEST_EXAMPLE)]);
  return examples.length === 0 ? {} : { failureExamples: Object.fromEntries(examples) };
}
