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
  return { ...V1, strategies: V1.strategies.map((one) => ({ ...one, trials: one.trials.map(lengthened) })) };
}

it.each([
  [10, 1, 10],
  [1000, 1, 999],
  [700, 128, 699 * 128],
])("shows entries a second and the second itself, of %i intervals of %i s", (rows, widthSec, last) => {
  const drawing = timeline.draw(longRun(rows, widthSec), { labels: LABELS.en, theme: THEMES.light }, []);
  if (typeof drawing === "string") throw new Error(drawing);
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
  const drawing = timeline.draw(report, { labels: LABELS.en, theme: THEMES.light }, []);
  if (typeof drawing === "string") throw new Error(drawing);
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
