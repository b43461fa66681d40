import { describe, expect, it } from "vitest";
import { ownSite } from "./testing/site.js";

/** Users who poll, leave, come back, click twice and open tabs, held against the server's own counts. */
const site = ownSite();

const HABITS = ["--poll-every", "40ms±50%", "--leave", "20%", "--return-after", "30ms"];
const REPEATS = ["--double-click", "30%", "--tabs", "15%", "--bots", "2%"];
const run = async (...args: string[]) => {
  await site.redis.config("RESETSTAT");
  const ended = await site.oneTrial("--json", ...args);
  expect(await site.keys()).toEqual([]);
  return { exitCode: ended.exitCode, trial: ended.json().strategies[0].trials[0], calls: await site.calls() };
};

describe("users who do more than enter once", () => {
  it.each([
    ["closed, exclusive connections", ["--vus", "60", "--pool", "8"]],
    ["closed, shared connections, two instances", ["--vus", "60", "--connections", "shared", "--instances", "2"]],
    ["open", ["--vus", "400", "--rate", "300", "--arrival", "poisson", "--pool", "8"]],
    ["by ioredis", ["--vus", "60", "--pool", "8", "--client", "ioredis"]],
    ["some of whom set-up put there", ["--vus", "60", "--pool", "8", "--mix", "new=50,waiting=40,active=10"]],
  ])("%s: everything is counted once, and the data stay right", async (_, args) => {
    const load = ["--strategy", "lua", "--score", "sequence", "--duration", "1s", "--timeout", "20s"];
    const { exitCode, trial, calls } = await run(...load, ...HABITS, ...REPEATS, ...args);
    const { users, entries } = trial;
    const codes = trial.warnings.map(({ code }: { code: string }) => code);
    expect(trial.audit).toMatchObject({ ok: true, anomalies: {}, coverage: "users" });
    expect(exitCode).toBe(0);
    for (const kind of ["arrivals", "polls", "repeats", "returns", "leaves"])
      expect([kind, users[kind] > 0]).toEqual([kind, true]);
    expect(users.leavesFailed).toBe(0);
    expect(users.arrivals + users.polls + users.repeats + users.returns).toBe(entries.attempted);
    expect(trial.latency.poll.count).toBe(users.polls);
    expect(calls.evalsha).toBe(entries.attempted);
    expect(calls.zrem).toBe(2 * users.leaves);
    expect(trial.server.callsPerEntry).toBe(1);
    expect(codes).not.toContain("counters-disagree");
  });

  it("read their positions without entering, which is counted apart", async () => {
    const load = ["--strategy", "individual", "--duration", "600ms", "--vus", "60", "--pool", "8", "--timeout", "20s"];
    const { trial } = await run(...load, ...HABITS, "--poll-by", "read");
    const { users, entries } = trial;
    expect(users.polls).toBe(0);
    expect(users.reads).toBeGreaterThan(0);
    expect([users.readsFailed, users.readsNowhere]).toEqual([0, 0]);
    expect(users.arrivals + users.returns).toBe(entries.attempted);
    expect(trial.latency.poll.count).toBe(users.reads);
    // An entry asks HGETALL once and a reading never; a reading asks EXISTS once and an entry never.
    const { hgetall, exists } = trial.server.commands;
    expect([hgetall.calls, exists.calls]).toEqual([entries.attempted, users.reads]);
    expect(trial.warnings.map(({ code }: { code: string }) => code)).not.toContain("counters-disagree");
    expect(trial.audit.brokenPromises).toEqual([]);
  });

  it("enter at once from several tabs, which individual calls answer NEW more than once", async () => {
    const args = ["--strategy", "individual", "--vus", "200", "--entries", "2000", "--tabs", "100%"];
    const { trial, exitCode } = await run(...args, "--connections", "shared");
    expect(trial.audit.anomalies["double-new"]).toBeGreaterThan(0);
    expect(exitCode).toBe(0);
  });
});

describe("identities", () => {
  it("are as many as there are virtual users in the open model; then a concert is fresh again", async () => {
    const args = ["--strategy", "lua", "--vus", "70", "--instances", "2", "--rate", "2000", "--entries", "500"];
    const { trial } = await run(...args);
    expect(trial.entries).toMatchObject({ attempted: 500, new: 500 });
    expect(trial.waitingSet).toMatchObject({ atEnd: 70, limit: 70, concerts: 8 });
    expect(trial.audit.brokenPromises).toEqual([]);
  });
});
