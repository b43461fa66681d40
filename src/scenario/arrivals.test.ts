import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanRateOf } from "../pacers/profile.js";
import { resolveScenario } from "./load.js";
import { pollEvery } from "./poll-every.js";
import { stages } from "./stages.js";
import { percent, type ValueType } from "./values.js";

/** Values of how users arrive and what they do. */
function read<T>(type: ValueType<T>, raw: unknown): T | string {
  const said: string[] = [];
  return type.read(raw, (message, path = []) => void said.push(`${path.join(".")}${message}`)) ?? said.join("; ");
}
const scenarioOf = (flags: Record<string, unknown>) => resolveScenario({ flags });

describe("stages", () => {
  it.each([
    ["5k:10s", [[5000, 5000, 10_000]]],
    [
      "0..5k:10s, 5k:1m",
      [
        [0, 5000, 10_000],
        [5000, 5000, 60_000],
      ],
    ],
    [["1.5k..0.5:250ms"], [[1500, 0.5, 250]]],
  ])("reads %j", (raw, expected) => {
    expect(read(stages, raw)).toEqual(
      expected.map(([fromPerSec, toPerSec, forMs]) => ({ fromPerSec, toPerSec, forMs })),
    );
  });

  it.each([
    ["5k", /^expected a rate and a time such as/],
    ["", /^expected a rate and a time/],
    [5, /^expected a rate and a time/],
    [{ rate: 5 }, /^expected a rate and a time/],
    [[], /^expected 1 to 100 stages/],
    ["5k:10", /^expected a unit, as in 10s/],
    ["x:10s", /^expected a number such as/],
    ["1..2..3:10s", /^expected a number/],
    ["20M:1s", /^expected at most 10M/],
    ["5:0s", /^expected a time from 1ms/],
    ["0:5s,0..0:1s", /^expected a stage in which somebody arrives/],
    [["5k:10s", "6k"], /^1expected a rate and a time/],
  ])("refuses %j", (raw, message) => expect(read(stages, raw)).toMatch(message));

  it("are read as they are written", () => {
    const rate = fc.oneof(fc.integer({ min: 0, max: 10_000_000 }), fc.constantFrom(0.5, 2500, 1e6));
    const stage = fc.record({
      fromPerSec: rate,
      toPerSec: rate.filter((one) => one > 0),
      forMs: fc.integer({ min: 1, max: 1e7 }),
    });
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 6 }), (list) => {
        expect(read(stages, stages.format(list))).toEqual(list);
      }),
    );
  });

  it("say how long a trial is and, as a mean, what is offered", () => {
    const { scenario, warnings } = scenarioOf({ stages: "0..100:1s,50:3s", duration: "9s" });
    expect(scenario).toMatchObject({ durationMs: 4000, ratePerSec: 50, arrival: "constant" });
    expect(scenario.ratePerSec).toBe(meanRateOf(scenario.stages!));
    expect(warnings.map(({ code }) => code)).toEqual(["no-effect"]);
  });

  it.each([
    [{ stages: "5:1s", rate: "5" }, "stages say how many arrive, a rate cannot as well"],
    [{ stages: "5:1s", entries: "5" }, "stages say how long a trial is, a number of entries cannot as well"],
    [{ stages: "5:1s", arrival: "ramp" }, "with them arrivals are constant or poisson, not ramp"],
    [{ stages: "5:1s", "max-in-flight": "1", instances: "2" }, "at least one entry in flight for each instance"],
  ])("cannot be had with what contradicts them: %j", (flags, message) =>
    expect(() => scenarioOf(flags)).toThrow(message),
  );
});

describe("--poll-every", () => {
  it.each([
    ["adaptive", "adaptive"],
    ["5s", { everyMs: 5000, jitterPercent: 0 }],
    ["5s±20%", { everyMs: 5000, jitterPercent: 20 }],
    ["1m30s+-12.5%", { everyMs: 90_000, jitterPercent: 12.5 }],
  ])("reads %j, and what it writes of it", (raw, expected) => {
    expect(read(pollEvery, raw)).toEqual(expected);
    expect(read(pollEvery, pollEvery.format(expected as never))).toEqual(expected);
  });

  it.each(["5", "5s±", "5s±120%", "5s±-3%", "1ms", "2h", "", "often", 5, null, ["5s"]])("refuses %j", (raw) => {
    expect(read(pollEvery, raw)).toMatch(/^expected "adaptive" or a pause from 10ms to 1h/);
  });

  it("warns where nobody stays long enough to poll", () => {
    const codes = (flags: Record<string, unknown>) => scenarioOf(flags).warnings.map(({ code }) => code);
    expect(codes({ rate: "1k", vus: "3k", "poll-every": "5s" })).toEqual(["few-identities"]);
    expect(codes({ rate: "1k", vus: "10k", "poll-every": "adaptive" })).toEqual([]);
    expect(codes({ rate: "1k", vus: "3k", leave: "5", "return-after": "5s" })).toEqual(["few-identities"]);
    expect(codes({ vus: "3k", "return-after": "5s" })).toEqual(["no-effect"]);
  });
});

it("shares are per cent, with or without the sign", () => {
  expect(["30%", "30", 30, "0.5%", 0, "100%"].map((raw) => read(percent, raw))).toEqual([30, 30, 30, 0.5, 0, 100]);
  for (const raw of ["101%", "-1%", "30k", "% ", "", true, Number.NaN]) {
    expect(read(percent, raw)).toMatch(/^expected a share in per cent from 0 to 100, got/);
  }
});

it("takes no more users with several entries at once than there are slots for", () => {
  expect(() => scenarioOf({ vus: "2M", tabs: "1%" })).toThrow("at most 1,000,000 virtual users where some enter twice");
});
