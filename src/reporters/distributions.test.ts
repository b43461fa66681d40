import { readFileSync } from "node:fs";
import { HistogramLogReader } from "hdr-histogram-js";
import { describe, expect, it } from "vitest";
import { percentilesUs } from "../measure/hdr.js";
import { mergedDistribution } from "../report/histograms.js";
import type { RunReport } from "../report/schema.js";
import { hgrm } from "./hgrm.js";
import { hlog } from "./hlog.js";

const V1 = JSON.parse(readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8")) as RunReport;
const NAMES = V1.strategies.map(({ name }) => name);
const TRIALS = V1.strategies.flatMap(({ name, trials }) => trials.map((trial) => ({ name, trial })));
const renamed = (name: string): RunReport => ({
  ...V1,
  strategies: V1.strategies.map((one, i) => (i === 0 ? { ...one, name } : one)),
});

function intervalsOf(log: string) {
  const reader = new HistogramLogReader(log);
  const found = [];
  for (let next = reader.nextIntervalHistogram(); next !== null; next = reader.nextIntervalHistogram())
    found.push(next);
  return found;
}

describe("hlog", () => {
  it("is read back by HdrHistogram: every trial in its order, with its tag, count and percentiles", () => {
    const intervals = intervalsOf(hlog.render(V1, { color: false }));
    const expected = TRIALS.sort((a, b) => a.trial.round - b.trial.round || a.trial.order - b.trial.order);
    expect(intervals.map(({ tag }) => tag)).toEqual(expected.map(({ name }) => name));
    intervals.forEach((interval, i) => {
      const { entry } = expected[i]!.trial.latency;
      expect(interval.totalCount).toBe(entry.count);
      for (const [percent, us] of [
        [50, entry.p50],
        [99, entry.p99],
      ] as const) {
        expect(Math.min(interval.getValueAtPercentile(percent), entry.max!)).toBe(us);
      }
    });
    const [first, second] = intervals;
    expect(second!.startTimeStampMsec - first!.startTimeStampMsec).toBeCloseTo(expected[0]!.trial.durationMs, 0);
  });

  it("keeps one strategy alone, and says which there are", () => {
    const intervals = intervalsOf(hlog.render(V1, { color: false, strategy: NAMES[1] }));
    expect(new Set(intervals.map(({ tag }) => tag))).toEqual(new Set([NAMES[1]]));
    expect(() => hlog.render(V1, { color: false, strategy: "none" })).toThrow(/no strategy "none".*/);
  });

  it("has a line for each trial whatever the names are", () => {
    const log = hlog.render(renamed('a,b\n#"Tag=x, y'), { color: false });
    expect(intervalsOf(log)).toHaveLength(TRIALS.length);
  });
});

describe("hgrm", () => {
  /** Value, percentile, count, as plotters take them. */
  const rowsOf = (text: string): number[][] =>
    text
      .split("\n")
      .filter((line) => /^ +\d/.test(line))
      .map((line) => line.trim().split(/ +/).map(Number));

  it("has the distribution of all complete trials, in ms", () => {
    for (const strategy of V1.strategies) {
      const text = hgrm.render(V1, { color: false, strategy: strategy.name });
      expect(text).toMatch(/^ +Value +Percentile +TotalCount +1\/\(1-Percentile\)\n/);
      const rows = rowsOf(text);
      expect(rows.at(-1)?.[2]).toBe(strategy.summary.merged.count);
      const distribution = mergedDistribution(strategy);
      for (const share of [0.5, 0.9]) {
        const [value] = rows.find(([, percentile]) => percentile === share)!;
        expect(value! / (percentilesUs(distribution, [share * 100])[0]! / 1000)).toBeCloseTo(1, 2);
      }
    }
  });

  it("has a block for each strategy where none is chosen", () => {
    const text = hgrm.render(V1, { color: false });
    expect([...text.matchAll(/^#\[Strategy = (.*)\]$/gm)].map(([, name]) => name)).toEqual(NAMES);
    expect(hgrm.render(renamed("x]\n  1 2 3 4"), { color: false })).toContain("#[Strategy = x]\\u{a}__1_2_3_4]\n");
  });
});

it("refuses what is no histogram in one message", () => {
  const broken = structuredClone(V1) as unknown as {
    strategies: { trials: { latency: { entry: { histogram: string } } }[] }[];
  };
  broken.strategies[0]!.trials[0]!.latency.entry.histogram = "AAAA";
  for (const reporter of [hlog, hgrm]) {
    expect(() => reporter.render(broken as unknown as RunReport, { color: false })).toThrow(
      /histogram .* cannot be read/,
    );
  }
});
