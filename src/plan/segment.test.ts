import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { share, usersByInstance } from "../scenario/shares.js";
import { loadShare, shareOfRate, userNumber } from "./segment.js";

const counts = fc.integer({ min: 1, max: 200 });
const totals = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1_000_000_000 }));
const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
const all = <T>(count: number, of: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => of(index));

describe("shares", () => {
  it("sum to the whole and differ by one at most", () => {
    fc.assert(
      fc.property(totals, counts, (total, count) => {
        const shares = all(count, (index) => share(total, index, count));
        expect(sum(shares)).toBe(total);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("sum to the whole for rates of thousandths", () => {
    fc.assert(
      fc.property(totals, counts, (thousandths, count) => {
        const shares = all(count, (index) => shareOfRate(thousandths / 1000, index, count));
        expect(Math.round(sum(shares.map((one) => Math.round(one * 1000))))).toBe(thousandths);
      }),
    );
  });
});

describe("loadShare", () => {
  const scenario = { vus: 3000, entries: 100_001, ratePerSec: 5000.5, maxInFlight: 10_000, instanceShares: null };

  it("splits everything exactly, with a seed for each segment", () => {
    const parts = all(7, (index) => loadShare(scenario, 42, index, 7));
    expect(sum(parts.map((part) => part.vus))).toBe(3000);
    expect(sum(parts.map((part) => part.entries ?? 0))).toBe(100_001);
    expect(sum(parts.map((part) => (part.ratePerSec ?? 0) * 1000))).toBeCloseTo(5_000_500, 6);
    expect(sum(parts.map((part) => part.maxInFlight))).toBe(10_000);
    expect(new Set(parts.map((part) => part.seed)).size).toBe(7);
  });

  it("gives uneven shares where they are asked for, and still all", () => {
    const asked = { ...scenario, ratePerSec: null, instanceShares: [70, 30] };
    expect(all(2, (index) => loadShare(asked, 42, index, 2).vus)).toEqual([2100, 900]);
    fc.assert(
      fc.property(
        totals,
        fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }),
        (vus, parts) => {
          const instanceShares = parts.map((part) => (100 * part) / sum(parts));
          const users = usersByInstance({ vus, instances: parts.length, instanceShares });
          expect(sum(users)).toBe(vus);
          for (const [i, own] of users.entries()) {
            expect(Math.abs(own - (vus * instanceShares[i]!) / 100)).toBeLessThanOrEqual(1 + 1e-6);
          }
        },
      ),
    );
  });

  it("leaves open what the scenario leaves open", () => {
    expect(loadShare({ ...scenario, entries: null, ratePerSec: null }, 1, 0, 2)).toMatchObject({
      entries: null,
      ratePerSec: null,
    });
  });
});

it("never gives two segments the same user, and leaves none out", () => {
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 50 }), (count, users) => {
      const numbers = all(count, (index) => all(users, (k) => userNumber({ index, count }, k))).flat();
      expect(numbers.sort((a, b) => a - b)).toEqual(all(count * users, (n) => n));
    }),
  );
});
