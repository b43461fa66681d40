import fc from "fast-check";
import { expect, it } from "vitest";
import { loadShare, userNumber } from "../plan/segment.js";
import { placesOf } from "./split.js";

const shapes = fc.record({ agents: fc.integer({ min: 1, max: 100 }), each: fc.integer({ min: 1, max: 8 }) });

it("every instance is at exactly one place, and every place has as many", () => {
  fc.assert(
    fc.property(shapes, ({ agents, each }) => {
      const places = placesOf(agents * each, agents);
      expect(places.flat()).toEqual(Array.from({ length: agents * each }, (_, i) => i));
      for (const instances of places) expect(instances).toHaveLength(each);
    }),
  );
});

it("users, entries, rates and room in flight of all places add up exactly", () => {
  const load = fc.record({
    vus: fc.integer({ min: 800, max: 2_000_000 }),
    entries: fc.integer({ min: 1, max: 10_000_000 }),
    ratePerSec: fc.integer({ min: 1, max: 1_000_000 }),
    maxInFlight: fc.integer({ min: 800, max: 100_000 }),
  });
  fc.assert(
    fc.property(shapes, load, ({ agents, each }, whole) => {
      const count = agents * each;
      const shares = placesOf(count, agents)
        .flat()
        .map((index) => loadShare({ ...whole, instanceShares: null }, 1, index, count));
      const sum = (of: (share: (typeof shares)[number]) => number): number =>
        shares.reduce((total, share) => total + of(share), 0);
      expect(sum(({ vus }) => vus)).toBe(whole.vus);
      expect(sum(({ entries }) => entries ?? 0)).toBe(whole.entries);
      expect(sum(({ ratePerSec }) => Math.round(1000 * (ratePerSec ?? 0)))).toBe(1000 * whole.ratePerSec);
      expect(sum(({ maxInFlight }) => maxInFlight)).toBe(whole.maxInFlight);
      expect(new Set(shares.map(({ seed }) => seed)).size).toBe(count);
    }),
  );
});

it("no two places ever have the same user", () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 50 }), ({ agents, each }, users) => {
      const count = agents * each;
      const all = placesOf(count, agents).flatMap((instances) =>
        instances.flatMap((index) => Array.from({ length: users }, (_, k) => userNumber({ index, count }, k))),
      );
      expect(new Set(all).size).toBe(all.length);
    }),
    { numRuns: 30 },
  );
});
