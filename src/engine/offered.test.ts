import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findLimiter } from "../measure/limiter.js";
import { PACERS } from "../pacers/index.js";
import { offeredForMs } from "./offered.js";
import { planOfArrivalsMs } from "./pacing.js";

describe("arrivals were offered", () => {
  it.each([
    ["all of a trial whose last reply came soon after the plan", 1000, 1003, 1003],
    ["all of it up to a tenth of a second and a fiftieth of the plan later", 10_000, 10_300, 10_300],
    ["as long as was planned where the server had fallen behind", 10_000, 10_301, 10_000],
    ["as long as was planned where it took twice the time", 1000, 2000, 1000],
    ["until the end where it was cut short", 1000, 400, 400],
    ["all of a short trial up to an eighth of it later", 100, 112, 112],
    ["as long as was planned where a short trial took longer", 100, 113, 100],
  ])("%s", (_, planMs, durationMs, offeredMs) => expect(offeredForMs(planMs, durationMs)).toBe(offeredMs));

  it("never longer than the trial lasted", () => {
    const ms = fc.double({ min: 1, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(ms, ms, (planMs, durationMs) => {
        expect([planMs, durationMs]).toContain(offeredForMs(planMs, durationMs));
        expect(offeredForMs(planMs, durationMs)).toBeLessThanOrEqual(durationMs);
      }),
    );
  });

  it("at an eighth less than the rate that was kept up with, at the least", () => {
    const ms = fc.double({ min: 1, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(ms, ms, (planMs, durationMs) => {
        expect(offeredForMs(planMs, durationMs)).toBeLessThanOrEqual(1.125 * planMs);
      }),
    );
  });
});

describe("the plan of arrivals is as long as", () => {
  const segment = (count: number, lastUs: number) => ({ planned: { count, lastUs } });

  it.each([
    ["the trial, where that is given", [segment(10, 900_000)], 1500, 1500],
    ["so many gaps at the rate, where entries are", [segment(10, 900_000)], null, 1000],
    ["those of all instances", [segment(5, 800_000), segment(5, 900_000)], null, 1000],
    ["nothing, with a single arrival", [segment(1, 0)], null, 0],
    ["nothing that is known, in the closed model", [{ planned: null }], 1500, null],
  ])("%s", (_, results, durationMs, planMs) => {
    const found = planOfArrivalsMs(results, durationMs);
    if (planMs === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(planMs);
  });

  it.each(["constant", "poisson"] as const)("as the rate makes it: %s, on some instances", (arrival) => {
    const ratePerSec = 500;
    const results = Array.from({ length: 4 }, (_, index) => {
      const pacer = PACERS[arrival].pace({ ratePerSec, durationMs: 1000, stages: null, index, count: 4, seed: index });
      let lastUs = 0;
      for (let i = 0; i < 2000; i++) lastUs = pacer.nextUs();
      return segment(2000, lastUs);
    });
    const plannedPerSec = (1000 * 8000) / planOfArrivalsMs(results, null)!;
    // Poisson: the last of 2000 at random is due within 2.2 % or so of its time.
    expect(Math.abs(plannedPerSec / ratePerSec - 1)).toBeLessThan(arrival === "constant" ? 1e-9 : 0.1);
  });
});

describe("what limits a trial in the open model", () => {
  /** 4000 arrivals a second for a second, all of them answered after so many ms, by a server that was as busy as this. */
  const limiterOf = (durationMs: number, serverBusy: number): string =>
    findLimiter({
      serverBusy,
      threadBusy: 0.3,
      coreWait: 0,
      serverCoreWait: 0,
      eventLoopBusy: 0.3,
      loopLagMs: 0,
      gcShare: 0,
      connections: "exclusive",
      poolConnections: 20,
      vus: 10_000,
      entriesPerSec: 4000 / (durationMs / 1000),
      meanEntryUs: 200_000,
      meanServiceUs: 5000,
      meanPoolWaitUs: 195_000,
      pause: null,
      offeredPerSec: 4000 / (offeredForMs(1000, durationMs) / 1000),
      countedInProgress: null,
    }).limiter;

  it("is the offer where the server kept up", () => expect(limiterOf(1005, 0.7)).toBe("offered-load"));
  it("is the server where it fell behind, though it answered all in the end", () =>
    expect(limiterOf(1600, 0.97)).toBe("server"));
  it("is never the offer where nobody kept up with it", () => expect(limiterOf(1600, 0.7)).not.toBe("offered-load"));
});
