import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prng } from "../../base/prng.js";
import { DelayLine } from "./delay-line.js";

/** A world whose time stands still between two events; its bell rings late by what `lateUs` says. */
function world(rtt: { rttMs: number; jitterMs: number }, lateUs: () => number) {
  let now = 0;
  let ringsAtUs = Number.POSITIVE_INFINITY;
  let ring = (): void => {};
  const line = new DelayLine(
    rtt,
    () => now,
    (called) => {
      ring = called;
      return {
        set: (dueUs) => {
          ringsAtUs = Math.max(now, dueUs) + lateUs();
        },
        cancel: () => {
          ringsAtUs = Number.POSITIVE_INFINITY;
        },
      };
    },
  );
  /** Lets time pass, with all that falls into it. */
  const until = (us: number): void => {
    while (ringsAtUs <= us) {
      now = ringsAtUs;
      ringsAtUs = Number.POSITIVE_INFINITY;
      ring();
    }
    now = us;
  };
  return { line, until, now: () => now };
}

const anyRtt = fc
  .record({ rttUs: fc.integer({ min: 200, max: 50_000 }), jitter: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ rttUs, jitter }) => ({ rttMs: rttUs / 1000, jitterMs: (rttUs / 1000) * jitter }));
const anyChunks = fc.array(fc.record({ afterUs: fc.integer({ min: 0, max: 3000 }), lane: fc.nat(3) }), {
  minLength: 1,
  maxLength: 60,
});

describe("a delay line", () => {
  it("lets every chunk through once, those of a lane in their order, and none long before its time", () => {
    fc.assert(
      fc.property(anyRtt, fc.nat(), anyChunks, fc.integer({ min: 0, max: 400 }), (rtt, seed, chunks, lateUs) => {
        const { line, until, now } = world(rtt, () => lateUs);
        const lanes = Array.from({ length: 4 }, () => line.lane());
        const released: { chunk: number; lane: number; heldUs: number }[] = [];
        line.start(seed);
        let atUs = 0;
        chunks.forEach(({ afterUs, lane }, chunk) => {
          atUs += afterUs;
          until(atUs);
          const sinceUs = now();
          line.hold(lanes[lane]!, () => released.push({ chunk, lane, heldUs: now() - sinceUs }));
        });
        until(atUs + 10_000_000);
        expect(released.map(({ chunk }) => chunk).sort((a, b) => a - b)).toEqual(chunks.map((_, chunk) => chunk));
        for (const number of lanes.keys()) {
          const own = released.filter(({ lane }) => lane === number).map(({ chunk }) => chunk);
          expect(own).toEqual([...own].sort((a, b) => a - b));
        }
        const leastUs = (rtt.rttMs - rtt.jitterMs) * 1000 * 0.25;
        for (const { heldUs } of released) expect(heldUs).toBeGreaterThanOrEqual(leastUs - 1e-6);
        const { counts } = line.stop();
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(chunks.length);
      }),
    );
  });

  it("comes to hold chunks for what was asked, by the median, however late its bell", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 20_000 }),
        fc.integer({ min: 0, max: 500 }),
        fc.nat(),
        (rttUs, lateUs, seed) => {
          const random = prng(seed);
          const { line, until, now } = world(
            { rttMs: rttUs / 1000, jitterMs: 0 },
            () => lateUs * (0.5 + random.next()),
          );
          const lane = line.lane();
          const heldUs: number[] = [];
          line.start(seed);
          for (let chunk = 0; chunk < 1500; chunk++) {
            const sinceUs = now();
            line.hold(lane, () => heldUs.push(now() - sinceUs));
            // One at a time, as a single user does.
            until(sinceUs + rttUs + 2 * lateUs + 1);
          }
          const settled = heldUs.slice(500).sort((a, b) => a - b);
          expect(Math.abs(settled[settled.length >> 1]! - rttUs)).toBeLessThanOrEqual(Math.max(5, 0.1 * lateUs));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("draws its jitter from the seed that it is started with", () => {
    const { line, until, now } = world({ rttMs: 5, jitterMs: 4 }, () => 0);
    const drawnBy = (seed: number): number[] => {
      const heldUs: number[] = [];
      line.start(seed);
      for (let chunk = 0; chunk < 10; chunk++) {
        const sinceUs = now();
        line.hold(line.lane(), () => heldUs.push(now() - sinceUs));
        until(sinceUs + 10_000);
      }
      line.stop();
      // What it has learnt of its bell lets a chunk through earlier by a few.
      return heldUs.map((us) => Math.round(us / 200));
    };
    const first = drawnBy(1);
    expect(drawnBy(2)).not.toEqual(first);
    expect(drawnBy(1)).toEqual(first);
  });

  it("lets pass what comes before it starts and after it stops, and lets go what it holds then", () => {
    const { line, until } = world({ rttMs: 5, jitterMs: 0 }, () => 0);
    const lane = line.lane();
    const heard: string[] = [];
    line.hold(lane, () => heard.push("before"));
    expect(heard).toEqual(["before"]);
    line.start(1);
    line.hold(lane, () => heard.push("held first"));
    line.hold(line.lane(), () => heard.push("held second"));
    until(1000);
    expect(heard).toEqual(["before"]);
    line.stop();
    line.hold(lane, () => heard.push("after"));
    until(1e6);
    expect(heard).toEqual(["before", "held first", "held second", "after"]);
  });
});
