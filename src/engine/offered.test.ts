import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findLimiter } from "../measure/limiter.js";
import { offeredForMs } from "./offered.js";

describe("arrivals were offered", () => {
  it.each([
    ["all of a trial whose last reply came soon after the plan", 1000, 1003, 1003],
    ["all of it up to a tenth of a second and a fiftieth of the plan later", 10_000, 10_300, 10_300],
    ["as long as was planned where the server had fallen behind", 10_000, 10_301, 10_000],
    ["as long as was planned where it took twice the time", 1000, 2000, 1000],
    ["until the end where it was cut short", 1000, 400, 400],
    ["until the end where entries were planned, not a time", null, 2000, 2000],
  ])("%s", (_, planMs, durationMs, offeredMs) => expect(offeredForMs(planMs, durationMs)).toBe(offeredMs));

  it("never longer than the trial lasted", () => {
    const ms = fc.double({ min: 1, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(fc.option(ms), ms, (planMs, durationMs) => {
        expect([planMs, durationMs]).toContain(offeredForMs(planMs, durationMs));
        expect(offeredForMs(planMs, durationMs)).toBeLessThanOrEqual(durationMs);
      }),
    );
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
