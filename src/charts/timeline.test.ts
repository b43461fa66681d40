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
