import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { availabilityOf, seriesOf } from "./availability.js";
import { Moments, mergeMoments } from "./moments.js";

const TRIAL_MS = 3000;

/** One thread's trial in which entries end at these instants, ms. */
function trial(succeededMs: readonly number[], failedMs: readonly number[] = [], kind = "timeout") {
  const moments = new Moments(TRIAL_MS);
  for (const ms of succeededMs) moments.succeed(ms * 1000);
  for (const ms of failedMs) moments.fail(kind, ms * 1000);
  return moments.data();
}

/** `perMs` entries in every ms of these spans. */
const during = (spans: readonly (readonly [number, number])[], perMs = 2): number[] =>
  spans.flatMap(([from, to]) =>
    Array.from({ length: (to - from) * perMs }, (_, i) => from + Math.floor(i / perMs) + 0.5),
  );

describe("what a fault does to the entries", () => {
  it("is told as it was: a stall of 500 ms that ends at once", () => {
    const moments = trial(
      during([
        [0, 1000],
        [1500, TRIAL_MS],
      ]),
      [1600, 1700],
    );
    const { beforePerSec, faults } = availabilityOf(moments, [{ beganMs: 1000, endedMs: 1500 }], TRIAL_MS);
    expect(beforePerSec).toBe(2000);
    expect(faults).toEqual([
      { succeeded: 3000, failures: { timeout: 2 }, longestGapMs: 500, degradedMs: 500, recoveryMs: 0 },
    ]);
  });

  it("counts the recovery from the fault's end to where 90 % are reached", () => {
    const slow = during([[1000, 1800]], 1);
    const moments = trial([
      ...during([
        [0, 1000],
        [1800, TRIAL_MS],
      ]),
      ...slow,
    ]);
    const [fault] = availabilityOf(moments, [{ beganMs: 1000, endedMs: 1000 }], TRIAL_MS).faults;
    // A window of 100 ms that begins at 1780 has 20 + 160 of 200.
    expect(fault).toMatchObject({ recoveryMs: 780, longestGapMs: 0, degradedMs: 0 });
  });

  it("begins to look for the recovery where the fault is felt, though that is after its end", () => {
    // Some are served on for 250 ms, as in a cluster of which one primary is gone.
    const moments = trial(
      during([
        [0, 1250],
        [2400, TRIAL_MS],
      ]),
    );
    const [fault] = availabilityOf(moments, [{ beganMs: 1000, endedMs: 1000 }], TRIAL_MS).faults;
    expect(fault).toMatchObject({ longestGapMs: 1150, recoveryMs: 1390 });
  });

  it("takes neither a single poor window nor a fall long after the fault for its doing", () => {
    const spans: [number, number][] = [
      [0, 1300],
      [1400, 2300],
      [2600, TRIAL_MS],
    ];
    const [fault] = availabilityOf(trial(during(spans)), [{ beganMs: 1000, endedMs: 1000 }], TRIAL_MS).faults;
    expect(fault).toMatchObject({ degradedMs: 400, recoveryMs: 0 });
  });

  it("does not say what it cannot know", () => {
    const gone = availabilityOf(trial(during([[0, 1000]])), [{ beganMs: 1000, endedMs: 1000 }], TRIAL_MS);
    expect(gone.faults[0]).toMatchObject({ succeeded: 0, longestGapMs: 2000, degradedMs: 2000, recoveryMs: null });
    const early = availabilityOf(trial(during([[0, TRIAL_MS]])), [{ beganMs: 200, endedMs: 200 }], TRIAL_MS);
    expect(early).toMatchObject({ beforePerSec: null, faults: [{ degradedMs: null, recoveryMs: null }] });
    // Five a second, and then nothing: most windows of the time before are empty, too.
    const seldom = Array.from({ length: 7 }, (_, i) => 100 + 200 * i);
    const rare = availabilityOf(trial(seldom), [{ beganMs: 1500, endedMs: 2000 }], TRIAL_MS);
    expect(rare).toMatchObject({ beforePerSec: null, faults: [{ degradedMs: null, recoveryMs: null }] });
  });

  it("shares out every entry among the faults, however many threads there were", () => {
    const anyMs = fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { maxLength: 60 });
    const anyThread = fc.tuple(anyMs, anyMs, fc.constantFrom("timeout", "OOM"));
    const anyTimes = fc.uniqueArray(fc.integer({ min: 1, max: TRIAL_MS - 1 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyThread, fc.array(anyThread, { maxLength: 2 }), anyTimes, (first, more, times) => {
        const threads = [first, ...more];
        const [one, ...others] = threads.map(([ok, failed, kind]) => trial(ok, failed, kind));
        const moments = mergeMoments([one!, ...others]);
        const spans = times.sort((a, b) => a - b).map((ms) => ({ beganMs: ms, endedMs: ms }));
        const { faults } = availabilityOf(moments, spans, TRIAL_MS);
        const since = (all: readonly number[]): number => all.filter((ms) => ms >= times[0]!).length;
        const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
        expect(sum(faults.map(({ succeeded }) => succeeded))).toBe(sum(threads.map(([ok]) => since(ok))));
        expect(sum(faults.flatMap(({ failures }) => Object.values(failures)))).toBe(
          sum(threads.map(([, failed]) => since(failed))),
        );
        for (const { longestGapMs, degradedMs } of faults) {
          expect(longestGapMs).toBeLessThanOrEqual(TRIAL_MS);
          expect(degradedMs ?? 0).toBeLessThanOrEqual(TRIAL_MS);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("is drawn in windows that all have the same length", () => {
    const series = seriesOf(trial(during([[0, TRIAL_MS]]), [10, 2999]), TRIAL_MS);
    expect(series.everyMs).toBe(100);
    expect(series.succeeded).toEqual(Array.from({ length: 30 }, () => 200));
    expect(series.failed).toEqual([1, ...Array.from({ length: 28 }, () => 0), 1]);
  });
});
