import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { RunReport, TrialReport } from "../report/schema.js";
import { LABELS } from "./labels.js";
import { THEMES } from "./theme.js";
import { timeline } from "./timeline.js";

const V1 = JSON.parse(readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8")) as RunReport;

/** A run whose trials lasted `rows` intervals of `widthSec`, at 1,000 entries a second. */
function longRun(rows: number, widthSec: number): RunReport {
  const lengthened = (trial: TrialReport): TrialReport => ({
    ...trial,
    durationMs: rows * widthSec * 1000,
    timeline: Array.from({ length: rows }, (_, i) => ({
      second: i * widthSec,
      succeeded: 1000 * widthSec,
      failed: 0,
      p50: 5,
      p99: 9,
    })),
    ...(widthSec === 1 ? {} : { timelineWidthSec: widthSec }),
  });
  return {
    ...V1,
    scenario: { ...V1.scenario, durationMs: rows * widthSec * 1000 },
    strategies: V1.strategies.map((one) => ({ ...one, trials: one.trials.map(lengthened) })),
  };
}

const drawn = (report: RunReport) => {
  const drawing = timeline.draw(report, { labels: LABELS.en, theme: THEMES.light }, []);
  if (typeof drawing === "string") throw new Error(drawing);
  return drawing;
};

/** The report with another timeline in the trials of each round. */
const withTimelines = (report: RunReport, ofRound: (round: number) => TrialReport["timeline"]): RunReport => ({
  ...report,
  strategies: report.strategies.map((one) => ({
    ...one,
    trials: one.trials.map((trial) => ({ ...trial, timeline: ofRound(trial.round) })),
  })),
});

const row = (second: number, succeeded = 1000, p99 = 9): TrialReport["timeline"][number] => ({
  second,
  succeeded,
  failed: 0,
  p50: 5,
  p99,
});

it.each([
  [10, 1, 10],
  [1000, 1, 1000],
  [700, 128, 700 * 128],
])("shows entries a second and the second itself, of %i intervals of %i s", (rows, widthSec, last) => {
  const drawing = drawn(longRun(rows, widthSec));
  const [, ...cells] = drawing.table;
  expect(cells.every(([, perSec]) => perSec === "1,000")).toBe(true);
  expect(cells.at(-1)?.[0]).toBe(String(last));
  expect((drawing.option.xAxis as { max: number }[])[0]?.max).toBe(last);
});

it("shows a trial with faults moment by moment, and shades them, whatever they are called", () => {
  const moments = { everyMs: 100, succeeded: [100, 0, 50, 100], failed: [0, 0, 7, 0], beforePerSec: 1000 };
  const faults = [
    { name: "__proto__", atMs: 100, forMs: 150 },
    { name: "reset", atMs: 300, forMs: 0 },
  ];
  const strategies = V1.strategies.map((one) => ({
    ...one,
    trials: one.trials.map((trial) => ({ ...trial, moments })),
  }));
  const report = { ...V1, strategies, scenario: { ...V1.scenario, faults } };
  const drawing = drawn(report);
  const [, ...cells] = drawing.table;
  expect(cells.map(([second, perSec]) => [second, perSec])).toEqual([
    ["0.1", "1,000"],
    ["0.2", "0"],
    ["0.3", "500"],
    ["0.4", "1,000"],
  ]);
  const [first, ...more] = drawing.option.series as { markArea?: { data: [{ name: string; xAxis: number }][] } }[];
  expect(first?.markArea?.data.map(([{ name, xAxis }]) => [name, xAxis])).toEqual([
    ["__proto__ ", 0.1],
    ["reset", 0.3],
  ]);
  // In the lower panel once more.
  expect(more.filter(({ markArea }) => markArea !== undefined)).toHaveLength(1);
  expect(drawing.subtitle).toContain("Shaded");
});

it("leaves a second of which a trial does not tell where it is, and what ended after the load out", () => {
  const report = withTimelines(longRun(5, 1), () => [row(0), row(1), row(4, 600), row(5, 3)]);
  expect(
    drawn(report)
      .table.slice(1)
      .map(([second, perSec, p99]) => [second, perSec, p99]),
  ).toEqual([
    ["1", "1,000", "9 µs"],
    ["2", "1,000", "9 µs"],
    ["3", "0", ""],
    ["4", "0", ""],
    ["5", "600", "9 µs"],
  ]);
});

it("takes the median of what all trials had in the same second", () => {
  // Each trial had an empty second, every one another: no second was empty in most of them.
  const report = withTimelines(longRun(5, 1), (round) =>
    [0, 1, 2, 3, 4].filter((second) => second !== round).map((second) => row(second, 1000 * (second + 1))),
  );
  const perSec = drawn(report)
    .table.slice(1)
    .map(([, text]) => text);
  expect(perSec).toEqual(["1,000", "2,000", "3,000", "4,000", "5,000"]);
});

it("lays intervals of one length beside those of another", () => {
  const report = withTimelines(longRun(4, 2), () => []);
  const trials = (widthSec: number) => (trial: TrialReport) => ({
    ...trial,
    timelineWidthSec: widthSec,
    timeline: Array.from({ length: 8 / widthSec }, (_, i) => row(i * widthSec, 1000 * widthSec, 5 + i)),
  });
  const strategies = report.strategies.map((one, i) => ({ ...one, trials: one.trials.map(trials(i === 0 ? 1 : 2)) }));
  const { table, option } = drawn({ ...report, strategies });
  expect(table.slice(1).map(([second, ofFirst, , ofNext]) => [second, ofFirst, ofNext])).toEqual(
    ["2", "4", "6", "8"].map((second) => [second, "1,000", "1,000"]),
  );
  // The worse of two seconds.
  const [, p99] = option.series as { data: [number, number][] }[];
  expect(p99?.data.map(([, us]) => us)).toEqual([6, 8, 10, 12]);
});

it("shows p99 of every second beside moments of any length", () => {
  // No multiple of it is a second.
  const moments = { everyMs: 107, succeeded: Array.from({ length: 37 }, () => 100), failed: [], beforePerSec: 1000 };
  const report = withTimelines(longRun(4, 1), () => [row(0, 10, 7000), row(3, 10, 9000)]);
  const strategies = report.strategies.map((one) => ({
    ...one,
    trials: one.trials.map((trial) => ({ ...trial, moments })),
  }));
  const { option, table } = drawn({ ...report, strategies });
  const [, p99] = option.series as { data: [number, number | null][] }[];
  expect(p99?.data).toEqual([
    [1, 7000],
    [2, null],
    [3, null],
    [4, 9000],
  ]);
  expect(table.slice(1).flatMap(([second, , text]) => (text === "" ? [] : [[second, text]]))).toEqual([
    ["1.07", "7.00 ms"],
  ]);
});

it("says what latencies count from", () => {
  expect(drawn(longRun(3, 1)).subtitle).toContain("p99 from ready to enter to answered");
  const open = longRun(3, 1);
  const strategies = open.strategies.map((one) => ({
    ...one,
    summary: { ...one.summary, latency: "response" as const },
  }));
  expect(drawn({ ...open, strategies }).subtitle).toContain("p99 from the planned arrival to answered");
});
