import { writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { ownSite } from "./testing/site.js";

/** Strategies at once over the same keys: their shares, what the server counts, and what they promise together. */
const site = ownSite();
beforeEach(() => site.redis.config("RESETSTAT"));

// Nothing is late here: a busy machine must not make failures.
const USERS = ["--vus", "30", "--pool", "4", "--timeout", "20s"];

it.each([
  ["wire", "1"],
  ["ioredis", "2"],
])("gives each its share, and the server counts what the driver sent (client %s, %s instances)", async (client, n) => {
  const load = ["--entries", "2000", "--client", client, "--instances", n, ...USERS];
  const ended = await site.oneTrial("--mix-strategies", "individual=90,lua=10", ...load, "--json");
  expect(ended.exitCode).toBe(0);
  const report = ended.json();
  expect(report.scenario).toMatchObject({
    mixStrategies: "individual=90+lua=10",
    strategies: ["individual=90+lua=10"],
  });
  const [trial] = report.strategies[0].trials;
  expect(trial.entries).toMatchObject({ succeeded: 2000, failed: 0, new: 2000 });
  expect(trial.audit.brokenPromises).toEqual([]);
  // A disagreement of server and driver would be one.
  expect(trial.warnings).toEqual([]);
  const [individual, lua] = trial.parts;
  const byLua = lua.entries.succeeded;
  // Of every hundred entries of an instance ten; what is left over may fall either way.
  expect(Math.abs(byLua - 200)).toBeLessThanOrEqual(2);
  expect(individual).toMatchObject({ strategy: "individual", share: 90, entries: { succeeded: 2000 - byLua } });
  expect(lua).toMatchObject({ strategy: "lua", share: 10 });
  expect(individual.latency.entry.count + lua.latency.entry.count).toBe(2000);
  expect(trial.server.callsPerEntry).toBe((6 * (2000 - byLua) + byLua) / 2000);
  const calls = await site.calls();
  expect([calls.evalsha, calls.hgetall]).toEqual([byLua, 2000 - byLua]);
  expect(await site.redis.dbsize()).toBe(0);
});

it("stands beside others in a comparison, and tells of its parts; a script of the user's own, of which nothing is held", async () => {
  const path = site.path("forgets.lua");
  writeFileSync(path, 'return { "NEW", 1, 1, 0 }');
  const other = site.path("one.lua");
  writeFileSync(other, "return 1");
  const all = `lua,individual=50+lua=50,lua:${path},lua:${other}`;
  const limit = ["--fail-if", `lua:${path}:anomalies>0`];
  const ended = await site.oneTrial("--strategy", all, "--entries", "200", ...limit, ...USERS);
  // It loses every user, and that is the limit's to judge: a promise would end it with 5.
  expect(ended.exitCode).toBe(1);
  expect(ended.stdout.replace(/\s+/g, "")).toContain(`failslua:${path}:anomalies200`);
  expect(ended.stdout).toMatch(/^individual=50\+ .*\nlua=50 /m);
  expect(ended.stdout).toMatch(/ 0 % .* –$/m);
  expect(ended.stdout.replace(/\s+/g, " ")).toMatch(
    /one\.lua: 100 % of the entries failed \(reply 200: expected \{status, position, total\}, such as [^()]* got 1\)/,
  );
  expect(ended.stdout.replace(/\s+/g, " ")).toMatch(
    /mix individual=50\+lua=50: individual \(50 %\) (99|100|101) entries, p50 .*, p99 .*; lua \(50 %\) (99|100|101) entries/,
  );
});

it("is admitted beside, each read for what it is", async () => {
  const admit = ["--admit", "looped", "--admit-every", "20ms", "--admit-batch", "50"];
  const ended = await site.oneTrial(
    "--mix-strategies",
    "dedup=50,lua=50",
    "--duration",
    "300ms",
    ...admit,
    ...USERS,
    "--json",
  );
  const [trial] = ended.json().strategies[0].trials;
  expect(trial.admission.admitted).toBeGreaterThan(0);
  expect(trial.warnings).toEqual([]);
});

describe("what cannot be is told before anything connects", () => {
  it.each([
    [["--mix-strategies", "individual=90,lua=20"], /--mix-strategies: shares must sum to 100, these sum to 110/],
    [
      ["--mix-strategies", "individual=90,luaa=10"],
      /--mix-strategies: unknown strategy "luaa" \(did you mean "lua"\?\)/,
    ],
    [["--mix-strategies", "lua=50,lua=50"], /--mix-strategies: lua is given twice/],
    [["--mix-strategies", "lua"], /--mix-strategies: expected the share of lua/],
    [
      ["--mix-strategies", "lua=50,dedup=50", "--strategy", "lua"],
      /--mix-strategies: expected this or strategy, not both/,
    ],
    [["--strategy", "lua,individual=90+lua=1"], /--strategy: shares must sum to 100, these sum to 91/],
  ])("%j", (args, message) => expectMistake("run", args, message));
});
