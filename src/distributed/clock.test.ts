import fc from "fast-check";
import { expect, it } from "vitest";
import { boundsBy, clocksByRedis, offsetBy, spanning } from "./clock.js";

const micros = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
/** A question, its way there, and its way back. */
const trips = fc.array(fc.record({ pauseUs: micros(5000), thereUs: micros(80_000), backUs: micros(80_000) }), {
  minLength: 1,
  maxLength: 16,
});
const offset = fc.integer({ min: -1e12, max: 1e12 });

it("the true offset is within the uncertainty, however long the ways are and however unlike each other", () => {
  fc.assert(
    fc.property(trips, offset, fc.integer({ min: 0, max: 1e9 }), (asked, trueUs, fromUs) => {
      let nowUs = fromUs;
      const answers = asked.map(({ pauseUs, thereUs, backUs }) => {
        const askedUs = nowUs + pauseUs;
        const heardUs = askedUs + thereUs + backUs;
        nowUs = heardUs;
        // The server tells whole microseconds, cut off.
        return boundsBy(askedUs, Math.floor(askedUs + thereUs + trueUs), heardUs);
      });
      const found = offsetBy(answers);
      expect(Math.abs(found.offsetUs - trueUs)).toBeLessThanOrEqual(found.uncertaintyUs + 1e-3);
      const quickest = Math.min(...asked.map(({ thereUs, backUs }) => thereUs + backUs));
      expect(2 * found.uncertaintyUs).toBeLessThanOrEqual(quickest + 1 + 1e-3);
    }),
  );
});

it("a clock that is set between two answers makes the offset less certain, not wrong", () => {
  fc.assert(
    fc.property(offset, offset, micros(1000), (first, second, wayUs) => {
      const found = offsetBy([
        boundsBy(0, first + wayUs, 2 * wayUs),
        boundsBy(5000, second + 5000 + wayUs, 5000 + 2 * wayUs),
      ]);
      const slackUs = found.uncertaintyUs + 1e-3;
      // Either of them may hold for the trial that follows; where they cannot both, neither is excluded.
      if (Math.abs(first - second) > 2 * wayUs + 2) {
        for (const one of [first, second]) expect(Math.abs(found.offsetUs - one)).toBeLessThanOrEqual(slackUs);
      }
    }),
  );
});

it("offsets before and after a trial span every offset between them: clocks drift", () => {
  const one = fc.record({ offsetUs: fc.integer({ min: -1e6, max: 1e6 }), uncertaintyUs: micros(1000) });
  fc.assert(
    fc.property(one, one, fc.double({ min: 0, max: 1, noNaN: true }), (before, after, share) => {
      const between = before.offsetUs + share * (after.offsetUs - before.offsetUs);
      const { offsetUs, uncertaintyUs } = spanning([before, after]);
      expect(Math.abs(offsetUs - between)).toBeLessThanOrEqual(uncertaintyUs + 1e-6);
    }),
  );
});

it("brings threads of several machines to one time, in which nothing is further off than it says", () => {
  const machine = fc.record({
    /** Redis time = the main thread's clock + this. */
    offsetUs: fc.integer({ min: -1e9, max: 1e9 }),
    errorUs: fc.integer({ min: -200, max: 200 }),
    instantUs: micros(1e6),
    threads: fc.array(
      fc.record({ zeroUs: fc.integer({ min: -1e6, max: 1e6 }), earlyUs: micros(300), lateUs: micros(300) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
    own: fc.record({ earlyUs: micros(300), lateUs: micros(300) }),
  });
  fc.assert(
    fc.property(fc.array(machine, { minLength: 1, maxLength: 4 }), (machines) => {
      const originUs = 5e5;
      let instance = 0;
      for (const { offsetUs, errorUs, instantUs, threads, own } of machines) {
        // All threads of a machine meet at `instantUs` of its main thread's clock; each one's own clock begins elsewhere.
        const named = threads.map(({ zeroUs, earlyUs, lateUs }) => ({
          instance: instance++,
          lineUps: [{ arrivedUs: instantUs - zeroUs - earlyUs, passedUs: instantUs - zeroUs + lateUs }],
        }));
        const ownLineUps = [{ arrivedUs: instantUs - own.earlyUs, passedUs: instantUs + own.lateUs }];
        const known = { offsetUs: offsetUs + errorUs, uncertaintyUs: Math.abs(errorUs) };
        const clocks = clocksByRedis(named, ownLineUps, known, originUs);
        expect(clocks.map((clock) => clock.instance)).toEqual(named.map((one) => one.instance));
        clocks.forEach(({ offsetUs: toCommonUs, uncertaintyUs }, i) => {
          const trueUs = threads[i]!.zeroUs + offsetUs - originUs;
          expect(Math.abs(toCommonUs - trueUs)).toBeLessThanOrEqual(uncertaintyUs + 1e-3);
        });
      }
    }),
  );
});

it("a thread that missed the line-up is not comparable", () => {
  const [clock] = clocksByRedis([{ instance: 0, lineUps: [] }], [], { offsetUs: 5, uncertaintyUs: 1 }, 0);
  expect(clock!.uncertaintyUs).toBe(Number.POSITIVE_INFINITY);
});
