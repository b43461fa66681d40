import { beforeEach, describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { ownSite } from "./testing/site.js";

/** `qbench run --admit`: users are admitted beside the entries, and neither the counts nor the audit confuse the two. */
const site = ownSite();
beforeEach(() => site.redis.config("RESETSTAT"));

const run = (...args: string[]) => site.oneTrial("--json", ...args);
// Nothing is late here: a busy machine must not make failures.
const ADMIT = ["--admit-every", "20ms", "--vus", "40", "--pool", "4", "--timeout", "20s"];
// biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
const trialOf = (report: any, name: string): any => report.strategies.find((one: any) => one.name === name).trials[0];
const CALLS: Record<string, number> = { individual: 6, dedup: 4, pipeline: 4, lua: 1 };

// One script, one call after another, and one that decides by itself how many: what each does alone, its contract says.
describe.each(["looped", "pipelined", "token-bucket"])("%s", (design) => {
  it("leaves the entries' calls exact, loses nobody, and is found in the data again", async () => {
    const ended = await run("--admit", design, "--admit-batch", "150", "--duration", "150ms", ...ADMIT);
    expect(ended.exitCode).toBe(0);
    const report = ended.json();
    let admitted = 0;
    for (const name of Object.keys(CALLS)) {
      const trial = trialOf(report, name);
      expect([name, trial.server.callsPerEntry]).toEqual([name, CALLS[name]]);
      expect(trial.warnings).toEqual([]);
      expect(trial.entries.failed).toBe(0);
      expect(trial.audit.anomalies.lost ?? 0).toBe(0);
      expect(trial.audit.anomalies.phantom ?? 0).toBe(0);
      const { admission } = trial;
      expect(admission).toMatchObject({ design, everyMs: 20, batch: 150, failedCalls: 0 });
      expect(admission.calls).toBeGreaterThan(0);
      expect(admission.found).toBe(admission.admitted);
      if (design === "pipelined") expect(admission.stallMs).toBeNull();
      else expect(admission.stallShare).toBeGreaterThan(0);
      admitted += admission.admitted;
    }
    expect(admitted).toBeGreaterThan(0);
    expect(await site.redis.dbsize()).toBe(0);
    // Who calls scripts by EVAL is the scheduler alone.
    const { evalsha = 0 } = await site.calls();
    expect(evalsha).toBe(trialOf(report, "lua").entries.attempted);
  });
});

it("follows a concert to its next generation", async () => {
  const sizes = ["--max-waiting", "400", "--admit-batch", "1000", "--entries", "6000"];
  const ended = await run("--admit", "looped", "--strategy", "lua", ...sizes, ...ADMIT, "--think-time", "1ms");
  const trial = trialOf(ended.json(), "lua");
  expect(trial.audit).toMatchObject({ ok: true, coverage: "users" });
  expect(trial.waitingSet.concerts).toBe(15);
  // More than the first generation ever held.
  expect(trial.admission.admitted).toBeGreaterThan(400);
  expect(trial.admission.found).toBe(trial.admission.admitted);
});

it("does not call a user lost whose token was over before the audit looked", async () => {
  // The bucket removes members whose time is over: after a second nothing is left of the first ones.
  const admit = ["--admit", "token-bucket", "--admit-batch", "50", "--admit-ttl", "1s", ...ADMIT];
  const ended = await run(...admit, "--strategy", "lua", "--duration", "2s", "--think-time", "5ms");
  expect(ended.exitCode).toBe(0);
  const { admission, audit } = trialOf(ended.json(), "lua");
  expect(admission.found).toBeLessThan(admission.admitted);
  // Members whose tokens ended after the last tick still stand in the active set: that is told, and nothing else.
  const { "leaked-capacity": _, ...others } = audit.anomalies;
  expect([others, audit.brokenPromises]).toEqual([{}, []]);
});

it("tells an active user who was waiting before, as soon as he is admitted", async () => {
  const mix = ["--mix", "waiting=100", "--prefill", "500", "--admit-batch", "100"];
  const ended = await run("--admit", "sliced", "--strategy", "lua", ...mix, "--duration", "500ms", ...ADMIT);
  const trial = trialOf(ended.json(), "lua");
  expect(trial.entries.active).toBeGreaterThan(0);
  expect(trial.audit).toMatchObject({ ok: true });
  expect(trial.server.callsPerEntry).toBe(1);
});

it("says in the table what it did to the entries", async () => {
  const args = ["--admit", "looped", "--strategy", "lua", "--duration", "200ms", "--rate", "1k", ...ADMIT];
  const { stdout } = await site.oneTrial(...args);
  expect(stdout).toMatch(/^admission {2}looped, 1,000 users every 20ms$/m);
  expect(stdout.replace(/\s+/g, " ")).toMatch(
    /lua: looped admitted [\d,]+ users? in \d+ calls; each script keeps all others waiting for .* of the time: .* p99 \(from 1 % on\)/,
  );
});

describe("what cannot work is told before anything connects", () => {
  it.each([
    [["--admit", "zset-token"], /--admit: zset-token makes no token .* which no strategy reads/],
    [["--admit", "set-ex"], /set-ex makes tokens that are strings, and individual, dedup, pipeline read a hash/],
    [["--admit", "loped"], /--admit: expected one of looped, .*did you mean "looped"/],
    [["--admit", "looped", "--concerts", "1001"], /--concerts: expected at most 1,000 concerts/],
    [["--admit-every", "1ms"], /--admit-every: expected a duration from 10ms/],
  ])("%j", (args, message) => expectMistake("run", args, message));

  it("set-ex beside lua, which asks EXISTS, can", async () => {
    const ended = await run("--admit", "set-ex", "--strategy", "lua", "--duration", "200ms", ...ADMIT);
    expect(ended.exitCode).toBe(0);
    expect(trialOf(ended.json(), "lua").audit.ok).toBe(true);
  });
});
