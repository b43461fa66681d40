import fc from "fast-check";
import { expect, it } from "vitest";
import { Histogram } from "../measure/histogram.js";
import { mergeTimelines } from "../measure/timeline.js";
import { individual } from "../strategies/individual.js";
import { answer } from "../strategies/strategy.js";
import { EntryTable } from "./entry-table.js";
import { Recorder } from "./recorder.js";

/** When an entry was planned, how much later it was ready, and how long it then took, µs. */
const entries = fc.array(
  fc.record({ plannedUs: fc.nat(5e6), lateUs: fc.nat(1e6), tookUs: fc.integer({ min: 1, max: 1e6 }) }),
  { minLength: 1, maxLength: 50 },
);

it.each([
  ["open", true],
  ["closed", false],
])("has one latency in the seconds, in what is shown meanwhile and in the totals of the %s model", (_, isOpen) => {
  fc.assert(
    fc.property(entries, (list) => {
      const table = new EntryTable(1, individual.machine("timestamp").first);
      const recorder = new Recorder({ instance: 0, startUs: 0, isOpen, isPolled: false, historyBytes: 1e5 });
      const [entry, response] = [new Histogram(), new Histogram()];
      const inOrder = list
        .map(({ plannedUs, lateUs, tookUs }) => ({
          plannedUs,
          readyUs: plannedUs + lateUs,
          endUs: plannedUs + lateUs + tookUs,
        }))
        .sort((a, b) => a.endUs - b.endUs);
      for (const { plannedUs, readyUs, endUs } of inOrder) {
        table.plannedUs[0] = plannedUs;
        table.readyUs[0] = readyUs;
        table.sentUs[0] = readyUs;
        recorder.succeed(table, 0, 0, answer("NEW", 1, 1), endUs);
        entry.record(endUs - readyUs);
        response.record(endUs - plannedUs);
      }
      const shown = isOpen ? response : entry;
      const live = new Histogram();
      for (const counts of recorder.latencyCounts) live.addCounts(counts);
      expect(live.toCounts().counts).toEqual(shown.toCounts().counts);
      const told = recorder.finish();
      expect(Histogram.of(told.entry).toCounts()).toEqual(entry.toCounts());
      expect(told.response && Histogram.of(told.response).toCounts()).toEqual(isOpen ? response.toCounts() : null);
      // The slowest entry of all is the slowest of its second.
      const p99s = mergeTimelines([told.seconds]).timeline.flatMap(({ p99 }) => p99 ?? []);
      expect(Math.max(...p99s)).toBe(shown.quantileUs(1));
    }),
    { numRuns: 50 },
  );
});
