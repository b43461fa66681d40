import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeTimelines, type SecondData, Timeline } from "./timeline.js";

const DAY_S = 24 * 3600;

interface End {
  readonly second: number;
  readonly latencyUs: number;
  readonly isFailure: boolean;
}

/** Ends of entries in order of time, up to a day. */
const ends = fc
  .array(
    fc.record({ second: fc.nat(DAY_S - 1), latencyUs: fc.integer({ min: 1, max: 1e7 }), isFailure: fc.boolean() }),
    { minLength: 1, maxLength: 300 },
  )
  .map((list) => list.sort((a, b) => a.second - b.second));

function record(list: readonly End[]): SecondData[] {
  const timeline = new Timeline();
  for (const { second, latencyUs, isFailure } of list) {
    if (isFailure) timeline.fail("timeout", second * 1e6 + 5);
    else timeline.succeed(latencyUs, second * 1e6 + 5);
  }
  return timeline.finish().seconds;
}

const rowOf = (list: readonly End[], second: number, widthSec: number) => {
  const inside = list.filter((one) => one.second >= second && one.second < second + widthSec);
  return {
    succeeded: inside.filter((one) => !one.isFailure).length,
    failed: inside.filter((one) => one.isFailure).length,
  };
};

describe("the timeline", () => {
  it("counts every end in the interval it belongs to, however long the run and however many threads", () => {
    fc.assert(
      fc.property(fc.array(ends, { minLength: 1, maxLength: 3 }), (threads) => {
        const all = threads.flat();
        const { timeline, widthSec } = mergeTimelines(threads.map(record));
        expect(timeline.reduce((sum, row) => sum + row.succeeded + row.failed, 0)).toBe(all.length);
        // Those in which nothing ended are there too.
        expect(timeline.map(({ second }) => second)).toEqual(timeline.map((_, i) => i * widthSec));
        for (const row of timeline.filter(({ succeeded, failed }) => succeeded + failed > 0)) {
          expect(row).toMatchObject(rowOf(all, row.second, widthSec));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("keeps percentiles when intervals are joined", () => {
    fc.assert(
      fc.property(ends, (list) => {
        const { timeline, widthSec } = mergeTimelines([record(list)]);
        expect(timeline.filter(({ succeeded, p50 }) => (succeeded === 0) !== (p50 === null))).toEqual([]);
        for (const { second, p50 } of timeline.filter(({ succeeded }) => succeeded > 0)) {
          const latencies = list
            .filter((one) => !one.isFailure && one.second >= second && one.second < second + widthSec)
            .map((one) => one.latencyUs)
            .sort((a, b) => a - b);
          expect(p50! / latencies[Math.ceil(latencies.length / 2) - 1]!).toBeCloseTo(1, 2);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("has seconds for the first 17 minutes, and stays small over a day", () => {
    const every = (stepSec: number, untilSec: number): End[] =>
      Array.from({ length: untilSec / stepSec }, (_, i) => ({ second: i * stepSec, latencyUs: 100, isFailure: false }));
    expect(mergeTimelines([record(every(1, 1024))])).toMatchObject({ widthSec: 1, timeline: { length: 1024 } });
    const day = record(every(64, DAY_S));
    const { timeline, widthSec } = mergeTimelines([day]);
    expect(widthSec).toBe(128);
    expect(timeline).toHaveLength(DAY_S / 128);
    expect(timeline.every((row) => row.succeeded === 2)).toBe(true);
    // What the thread holds is as bounded as what the report shows.
    expect(day).toHaveLength(DAY_S / 128);
    expect(JSON.stringify(timeline).length).toBeLessThan(60_000);
  });
});
