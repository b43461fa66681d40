import { describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { ownSite } from "./testing/site.js";

/** A round trip that is added: what it does to entries, and that it changes nothing else. */
const site = ownSite();

const RTT_MS = 10;
const trialOf = async (...args: string[]) => {
  await site.redis.config("RESETSTAT");
  const fixed = ["--url", site.url, "--trials", "1", "--warmup", "0", "--timeout", "20s", "--json"];
  const { exitCode, json } = await site.world.run(...fixed, ...args).ended;
  expect(exitCode).toBe(0);
  const report = json();
  return { scenario: report.scenario, ...report.strategies[0].trials[0] };
};
/** Chunks may be let through early by so much, where that makes the median right. */
const LEAST_SHARE = 0.25;

describe.each(["wire", "ioredis"])("client %s", (client) => {
  it.each([
    ["individual", 6],
    ["lua", 1],
  ])("%s pays for each of its round trips, and asks the server for the same", async (strategy, roundTrips) => {
    const load = ["--strategy", strategy, "--client", client, "--vus", "1", "--pool", "1", "--entries", "12"];
    const trial = await trialOf(...load, "--rtt", `${RTT_MS}ms`);
    expect(trial.scenario.rtt).toEqual({ rttMs: RTT_MS, jitterMs: 0 });
    expect(trial.roundTripsPerEntry).toBe(roundTrips);
    expect(trial.entries).toMatchObject({ succeeded: 12, failed: 0, new: 12 });
    expect(trial.latency.service.min).toBeGreaterThan(roundTrips * RTT_MS * 1000 * LEAST_SHARE);
    // Of a user who waits for each answer, no more than that fits into the time.
    expect(trial.durationMs).toBeGreaterThan(12 * roundTrips * RTT_MS * LEAST_SHARE);
    expect(trial.network).toMatchObject({ rttMs: RTT_MS, jitterMs: 0 });
    expect(trial.network.added.p50).toBeGreaterThan(RTT_MS * 1000 * LEAST_SHARE);
    const calls = await site.calls();
    expect(strategy === "lua" ? calls.evalsha : calls.zrank).toBe(strategy === "lua" ? 12 : 24);
    expect(trial.audit.ok).toBe(true);
  });

  it("keeps the replies of a connection in order under jitter, with many entries in flight on it", async () => {
    const trial = await trialOf(
      ...["--strategy", "individual", "--client", client, "--connections", "shared", "--pool", "2", "--instances", "2"],
      ...["--vus", "40", "--entries", "400", "--rtt", "3ms±3ms"],
    );
    expect(trial.entries).toMatchObject({ succeeded: 400, failed: 0, new: 400 });
    expect(trial.audit).toMatchObject({ ok: true });
    expect(trial.network.jitterMs).toBe(3);
  });
});

it("names the network where users wait for nothing else", async () => {
  const trial = await trialOf(
    ...["--strategy", "lua", "--connections", "shared", "--vus", "10", "--rtt", "50ms", "--duration", "600ms"],
  );
  // Where others take the cores, it has to say that instead.
  if (trial.limiter !== "unclear") expect(trial.limiter).toBe("network");
  else expect(trial.limiterEvidence.join("; ")).toMatch(/too few free cores|both busy/);
});

it("goes with arrivals that are paced", async () => {
  const trial = await trialOf(
    ...[
      "--strategy",
      "lua",
      "--rate",
      "200",
      "--duration",
      "500ms",
      "--vus",
      "1000",
      "--rtt",
      "5ms",
      "--instances",
      "2",
    ],
  );
  expect(trial.entries.succeeded + trial.entries.dropped).toBe(trial.pacing.planned);
  expect(trial.latency.response.min).toBeGreaterThan(5000 * LEAST_SHARE);
});

it.each([
  [["--rtt", "2s", "--timeout", "1s"], /rtt.*timeout|timeout.*rtt|timeout longer than a round trip/],
  [["--rtt", "1ms±2ms"], /expected a round-trip delay/],
  [["--rtt", "5"], /expected a unit/],
  [["--rtt", "1ms±"], /expected a round-trip delay|expected a duration/],
])("refuses %s", (args, message) => expectMistake("run", ["--strategy", "lua", ...args], message));
