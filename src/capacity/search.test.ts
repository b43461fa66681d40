import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prng } from "../base/prng.js";
import { Search, type SearchOptions } from "./search.js";
import type { StepOutcome } from "./service-level.js";

const OPTIONS: SearchOptions = {
  startPerSec: 1000,
  mostPerSec: 1_000_000,
  precision: 0.05,
  confirmations: 3,
  maxSteps: 200,
};

/** Runs the search against a server that answers for each rate. */
function searched(outcomeAt: (ratePerSec: number) => StepOutcome, change: Partial<SearchOptions> = {}) {
  const options = { ...OPTIONS, ...change };
  const search = new Search(options);
  const rates: number[] = [];
  for (let next = search.next(); next !== null; next = search.next()) {
    rates.push(next.ratePerSec);
    expect(rates.length).toBeLessThanOrEqual(options.maxSteps);
    search.record(next.ratePerSec, outcomeAt(next.ratePerSec));
  }
  return { search, rates };
}

describe("the search for the capacity", () => {
  it("ends on both sides of it, within the precision, both ends confirmed", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 3, max: 900_000, noNaN: true }),
        fc.constantFrom(0.01, 0.05, 0.2),
        fc.integer({ min: 1, max: 5 }),
        (capacity, precision, confirmations) => {
          const { search } = searched((rate) => (rate <= capacity ? "holds" : "breaks"), { precision, confirmations });
          const { lower, higher } = search.ends;
          expect(search.end).toBe("found");
          expect(lower!.ratePerSec).toBeLessThanOrEqual(capacity);
          expect(higher!.ratePerSec).toBeGreaterThan(capacity);
          // Rates have three digits: of small ones that is less than 1 %.
          expect(higher!.ratePerSec / lower!.ratePerSec).toBeLessThanOrEqual(1 + Math.max(precision, 0.011));
          for (const end of [lower!, higher!]) expect(end.outcomes.length).toBeGreaterThanOrEqual(confirmations);
        },
      ),
    );
  });

  it("needs about as many trials as it says", () => {
    const { rates } = searched((rate) => (rate <= 41_000 ? "holds" : "breaks"));
    expect(rates.slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000]);
    expect(rates.length).toBeLessThanOrEqual(20);
  });

  it("never takes a rate that the generator could not offer for the server's limit", () => {
    const { search } = searched((rate) => (rate <= 41_000 ? "holds" : "not-offered"));
    expect(search.end).toBe("generator");
    // Below that the server has a limit of its own.
    const mixed = searched((rate) => (rate <= 41_000 ? "holds" : rate < 60_000 ? "breaks" : "not-offered"));
    expect(mixed.search.end).toBe("found");
    expect(searched(() => "not-offered").search.end).toBe("generator");
  });

  it("says so where there is nothing to find", () => {
    expect(searched(() => "breaks").search.end).toBe("never-holds");
    expect(searched(() => "breaks").search.ends.lower).toBeNull();
    const held = searched(() => "holds", { mostPerSec: 5000 });
    expect(held.search.end).toBe("no-limit-met");
    expect(held.search.ends.lower).toMatchObject({ ratePerSec: 5000, outcomes: ["holds", "holds", "holds"] });
    const short = searched((rate) => (rate <= 41_000 ? "holds" : "breaks"), { maxSteps: 8 });
    expect(short.search.end).toBe("too-few-steps");
    expect(short.search.ends).toMatchObject({ lower: { ratePerSec: 32_000 }, higher: { ratePerSec: 64_000 } });
  });

  it("is not led astray by one disturbed trial", () => {
    let disturbed = 0;
    const { search } = searched((rate) => {
      if (rate === 4000 && disturbed++ === 0) return "breaks";
      return rate <= 41_000 ? "holds" : "breaks";
    });
    expect(search.end).toBe("found");
    expect(search.ends.lower!.ratePerSec).toBeGreaterThan(38_000);
  });

  it("comes to an end near the capacity too, where chance decides", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const random = prng(seed);
        // Half of the trials hold at 40,000; hardly any does at 44,000.
        const { search } = searched((rate) =>
          random.next() < 1 / (1 + Math.exp((rate - 40_000) / 1000)) ? "holds" : "breaks",
        );
        const { lower, higher } = search.ends;
        expect(higher!.ratePerSec).toBeGreaterThan(lower!.ratePerSec);
        expect(lower!.ratePerSec).toBeGreaterThan(30_000);
        expect(lower!.ratePerSec).toBeLessThan(46_000);
      }),
      { numRuns: 100 },
    );
  });
});
