import { describe, expect, it } from "vitest";
import type { TrialResult } from "../engine/trial-result.js";
import { trialReport } from "../report/builder.js";
import type { TrialReport } from "../report/schema.js";
import { type TrialShape, trialOf } from "../report/testing.js";
import { judgeStep, parseServiceLevel } from "./service-level.js";

const LEVEL = parseServiceLevel("p95<2s,success>99%", ["lua"]);
const seconds = (p50s: readonly number[]) =>
  p50s.map((p50, second) => ({ second, succeeded: 1000, failed: 0, p50, p99: 2 * p50 }));

function trialBy(change: Partial<TrialResult> = {}, shape: TrialShape = {}): TrialReport {
  const pacing: TrialResult["pacing"] = {
    planned: 30_000,
    started: 30_000,
    plannedPerSec: 10_000,
    achievedPerSec: 10_000,
    startLag: { unit: "us", p50: 10, p99: 100 },
    cpuUtilization: 0.1,
  };
  return trialReport(trialOf("lua", 0, { ...shape, change: { pacing, ...change } }));
}

const judged = (change: Partial<TrialResult> = {}, shape: TrialShape = {}, level = LEVEL) =>
  judgeStep(level, trialBy(change, shape), "lua", 3000);
const entriesWith = (change: Partial<TrialResult["entries"]>) => ({ ...trialOf("lua", 0).entries, ...change });
const LATE = { code: "started-late", message: "late" };

describe("a service level", () => {
  it("is read like a limit, by short names too", () => {
    expect(LEVEL.map(({ figure, limit }) => [figure.name, limit])).toEqual([
      ["p95", 2e6],
      ["successRate", 0.99],
    ]);
  });

  it.each([
    ["p95>200ms", /says what must hold, and p95>200ms asks for the worse/],
    ["success<99%", /success<99%/],
    ["p95<200", /expected a unit/],
    ["latency<1s", /--slo "latency<1s": unknown figure/],
    ["", /expected a figure/],
    ["rtt:p95<1s", /strategy "rtt" is not measured/],
  ])("%j is refused", (text, message) => expect(() => parseServiceLevel(text, ["lua"])).toThrow(message));

  it("holds where all of it does", () => expect(judged()).toEqual({ outcome: "holds", reasons: [] }));

  it("breaks where something does not, and says what", () => {
    const level = parseServiceLevel("p95<1ms,success>99%", ["lua"]);
    expect(judged({}, {}, level)).toMatchObject({
      outcome: "breaks",
      reasons: [expect.stringMatching(/^p95 \d+ ms$/)],
    });
    expect(judged({}, { timeouts: 3000 })).toMatchObject({
      outcome: "breaks",
      reasons: [expect.stringMatching(/^successRate 90\.9 %$/)],
    });
  });

  it("asks for answers even where it does not say so: latencies are of those that came", () => {
    const level = parseServiceLevel("p95<2s", ["lua"]);
    expect(judged({}, { timeouts: 3000 }, level).reasons).toEqual(["9.1 % of the entries failed"]);
  });

  it("is of one strategy where it names one", () => {
    const level = parseServiceLevel("individual:p95<1ms,success>99%", ["lua", "individual"]);
    expect(judged({}, {}, level).outcome).toBe("holds");
  });

  it("breaks where the queue grows, whatever the percentiles still say", () => {
    const growing = judged({ timeline: seconds([5000, 30_000, 60_000]) });
    expect(growing).toMatchObject({ outcome: "breaks", reasons: [expect.stringContaining("the queue grew")] });
    expect(judged({ timeline: seconds([500, 700, 1500]) }).outcome).toBe("holds");
    // What ended after the plan did is no whole second.
    expect(judged({ timeline: seconds([500, 500, 500, 90_000]) }).outcome).toBe("holds");
  });

  it.each([
    ["the limiter", { limiter: "generator" as const }],
    ["late starts", { warnings: [LATE] }],
    ["dropped arrivals", { entries: entriesWith({ dropped: 500 }) }],
  ])("does not break by what the generator could not offer: %s", (_, change) => {
    const level = parseServiceLevel("p95<1ms", ["lua"]);
    expect(judged({ limiter: "unclear", ...change }, {}, level).outcome).toBe("not-offered");
    // Latency counts from the planned start: what held, held all the same.
    expect(judged(change).outcome).toBe("holds");
  });

  it("is the server's fault where entries are dropped because it is too slow", () => {
    const change = { limiter: "server" as const, entries: entriesWith({ dropped: 500 }) };
    expect(judged(change, {}, parseServiceLevel("p95<1ms", ["lua"])).outcome).toBe("breaks");
  });

  it("is not met by arrivals that never started", () => {
    const pacing = { ...trialBy().pacing!, started: 20_000 };
    expect(judged({ pacing, limiter: "unclear" })).toMatchObject({
      outcome: "not-offered",
      reasons: ["arrivals were not started", "66.7 % of the arrivals were started"],
    });
  });
});
