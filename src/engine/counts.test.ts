import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { infoFields } from "../targets/server-snapshot.js";
import { entriesBegan } from "./testing/program.js";
import { ownSite } from "./testing/site.js";

/** What a run reports, held against the commandstats of the server that it was run on. */
const site = ownSite();
beforeEach(() => site.redis.config("RESETSTAT"));

const ALL = ["individual", "dedup", "pipeline", "lua", "pipeline-blind", "multi"];
const run = (...args: string[]) => site.oneTrial("--json", ...args);
// biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
const trialsOf = (report: any): Record<string, any> =>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  Object.fromEntries(report.strategies.map((one: any) => [one.name, one.trials[0]]));

describe("--entries", () => {
  it.each([
    ["users that do not divide", 1001, ["--vus", "17", "--pool", "3", "--instances", "3"]],
    ["fewer entries than instances", 1, ["--vus", "4", "--pool", "1", "--instances", "3"]],
    ["users who think", 60, ["--vus", "20", "--pool", "4", "--think-time", "20ms"]],
  ])("makes exactly as many as were asked for: %s", async (_, entries, args) => {
    const ended = await run("--strategy", "dedup,lua", "--entries", String(entries), ...args);
    expect(ended.exitCode).toBe(0);
    const { dedup, lua } = trialsOf(ended.json());
    for (const trial of [dedup, lua]) {
      expect(trial.entries).toMatchObject({ attempted: entries, succeeded: entries, new: entries, failed: 0 });
      // Not `ok`: scores from clocks promise no order, and instances that enter at once show it.
      expect(trial.audit).toMatchObject({ brokenPromises: [], coverage: "users" });
    }
    const calls = await site.calls();
    expect(calls.evalsha).toBe(entries);
    // dedup's own, and one inside each script.
    expect(calls.zadd).toBe(2 * entries);
    expect(calls.hgetall).toBe(entries);
    expect(await site.redis.dbsize()).toBe(0);
  });
});

describe("--duration", () => {
  it.each([
    ["users who think for longer", 20, ["--vus", "20", "--think-time", "5s"]],
    ["arrivals that end before", 30, ["--vus", "30", "--stages", "300:100ms,0:200ms"]],
  ])("is what throughput is counted over, also where nothing is asked at its end: %s", async (_, entries, args) => {
    const load = ["--strategy", "lua", "--pool", "4", "--timeout", "20s"];
    const { lua } = trialsOf((await run(...load, "--duration", "300ms", ...args)).json());
    expect(lua.entries.succeeded).toBe(entries);
    expect(lua.durationMs).toBeGreaterThan(299.9);
    expect(lua.tps).toBeCloseTo((1000 * entries) / lua.durationMs);
  });
});

/** Commands of one entry: the published convention. */
const CALLS: Record<string, { new: number; waiting: number; active: number }> = {
  individual: { new: 6, waiting: 3, active: 1 },
  dedup: { new: 4, waiting: 4, active: 1 },
  pipeline: { new: 4, waiting: 4, active: 1 },
  lua: { new: 1, waiting: 1, active: 1 },
  "pipeline-blind": { new: 4, waiting: 4, active: 4 },
  multi: { new: 6, waiting: 6, active: 1 },
};
/** Who asks for a number before it knows whether one is needed: INCR, one call more. */
const ASKS_SEQUENCE = {
  new: ["individual", "dedup", "pipeline", "pipeline-blind", "multi"],
  waiting: ["dedup", "pipeline", "pipeline-blind", "multi"],
  active: ["pipeline-blind"],
};

describe("calls per entry, by the server's count, are what the strategies declare", () => {
  it.each([
    ["wire", "new", "timestamp"],
    ["wire", "new", "sequence"],
    ["wire", "waiting", "sequence"],
    ["wire", "active", "timestamp"],
    ["ioredis", "new", "sequence"],
    ["ioredis", "waiting", "timestamp"],
  ] as const)("client %s, users who are %s, score %s", async (client, kind, score) => {
    const load = ["--entries", "200", "--vus", "12", "--pool", "3", "--client", client, "--score", score];
    const ended = await run("--strategy", ALL.join(","), "--mix", `${kind}=100`, ...load);
    expect(ended.exitCode).toBe(0);
    const trials = trialsOf(ended.json());
    for (const name of ALL) {
      const trial = trials[name];
      const incr = score === "sequence" && ASKS_SEQUENCE[kind].includes(name) ? 1 : 0;
      expect([name, trial.server.callsPerEntry]).toEqual([name, CALLS[name]![kind] + incr]);
      expect(trial.entries).toMatchObject({ attempted: 200, succeeded: 200, failed: 0, [kind]: 200 });
      // The driver and the server agree.
      expect(trial.warnings).toEqual([]);
    }
    expect(await site.redis.dbsize()).toBe(0);
  });
});

describe("calls per entry where entries fail", () => {
  // biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
  const codesOf = (trial: any): string[] => trial.warnings.map(({ code }: { code: string }) => code);

  /** The server stands still for so long while entries are going on. */
  const standStill = async (ms: number): Promise<void> => {
    const pid = Number(infoFields(await site.redis.info("server")).get("process_id"));
    await entriesBegan(site.redis, 200);
    process.kill(pid, "SIGSTOP");
    await sleep(ms);
    process.kill(pid, "SIGCONT");
  };

  it("are those that were sent, however many scripts the server carried out after their entries were given up", async () => {
    const load = [
      "--vus",
      "200",
      "--think-time",
      "40ms",
      "--pool",
      "4",
      "--connections",
      "shared",
      "--timeout",
      "60ms",
    ];
    const [ended] = await Promise.all([run("--strategy", "lua", "--entries", "4000", ...load), standStill(300)]);
    const { lua } = trialsOf(ended.json());
    expect(lua.entries).toMatchObject({ attempted: 4000, unsent: 0 });
    expect(lua.entries.failed).toBeGreaterThan(0);
    // It has counted what no answer told of.
    expect(lua.server.commands.exists.calls).toBeGreaterThan(lua.entries.succeeded);
    expect((await site.calls()).evalsha).toBe(4000);
    expect(lua.server).toMatchObject({ callsSent: 4000, callsPerEntry: 1, callsCountedBy: "generator" });
    expect(codesOf(lua)).not.toContain("counters-disagree");
  });

  it("are of entries that got a connection: nothing is sent for the others", async () => {
    const load = ["--vus", "2000", "--pool", "1", "--timeout", "100ms", "--duration", "400ms"];
    const { individual } = trialsOf((await run("--strategy", "individual", ...load)).json());
    const { attempted, succeeded, unsent } = individual.entries;
    const begun = attempted - unsent;
    expect(unsent).toBeGreaterThan(succeeded);
    const { callsSent, callsPerEntry } = individual.server;
    expect(callsPerEntry).toBe(callsSent / begun);
    // Those that were cut off while they had the connection sent fewer.
    expect(callsSent).toBeLessThanOrEqual(6 * begun);
    expect(callsSent).toBeGreaterThanOrEqual(6 * succeeded + begun - succeeded);
    expect(individual.socketWritesPerEntry).toBe(individual.generator.socketWrites / begun);
  });

  it("still find another client, whose commands nothing that failed explains", async () => {
    const load = [
      "--vus",
      "40",
      "--think-time",
      "5ms",
      "--pool",
      "4",
      "--connections",
      "shared",
      "--duration",
      "600ms",
    ];
    const others = async (): Promise<void> => {
      await entriesBegan(site.redis, 200);
      await Promise.all(Array.from({ length: 500 }, () => site.redis.get("somebody:elses")));
    };
    const [ended] = await Promise.all([run("--strategy", "lua", ...load), others()]);
    const { lua } = trialsOf(ended.json());
    expect(lua.entries.failed).toBe(0);
    expect(lua.server.callsCountedBy).toBe("server");
    expect(lua.server.callsSent).toBe(lua.entries.attempted + 500);
    expect(codesOf(lua)).toContain("counters-disagree");
  });
});
