import fc from "fast-check";
import { expect, it } from "vitest";
import { Histogram, type HistogramData } from "../measure/histogram.js";
import { SharedControl } from "./live-counters.js";

const latencies = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 30 });
const histogramOf = (valuesUs: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const us of valuesUs) histogram.record(us);
  return histogram;
};

it("shows to anyone who has the memory what all threads have told last, each in a place of its own", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(latencies, latencies, fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }),
      (threads) => {
        const control = SharedControl.for(threads.length);
        const all = new Histogram();
        for (const [instance, [first, more, succeeded, failed]] of threads.entries()) {
          const live = new SharedControl(control.memory).of(instance);
          const [one, other] = [histogramOf(first), histogramOf(more)];
          live.setLatencies(one.counts, other.counts);
          // Again, later: what is told takes the place of what was.
          live.setLatencies(one.counts, other.counts);
          live.set(succeeded, failed, 1);
          live.setMemory(10, 20);
          for (const part of [one, other] as HistogramData[]) all.add(part);
        }
        const seen = new SharedControl(control.memory);
        expect(seen.readLatencies().counts).toEqual(all.counts);
        const sum = (of: (thread: (typeof threads)[number]) => number): number =>
          threads.reduce((total, thread) => total + of(thread), 0);
        expect(seen.read()).toEqual({
          succeeded: sum(([, , succeeded]) => succeeded),
          failed: sum(([, , , failed]) => failed),
          inProgress: threads.length,
          heapUsedBytes: 10 * threads.length,
          arrayBuffersBytes: 20 * threads.length,
        });
        control.close();
        expect(seen.readLatencies().quantileUs(1)).toBeNull();
        expect(seen.read().succeeded).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});
