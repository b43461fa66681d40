import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { planTurns } from "../engine/micro-plan.js";
import { until } from "../engine/testing/program.js";
import { ownSite } from "../engine/testing/site.js";
import { OUTCOMES, SCORES } from "../queue/outcome.js";
import { type MicroReport, microReportSchema, USER_KINDS } from "../report/micro.js";
import { renderMicroTable } from "../reporters/micro-table.js";
import { STRATEGY_NAMES, strategyNamed } from "../strategies/index.js";
import { parseInfo } from "../targets/server-snapshot.js";
import { withRedis } from "../targets/testing.js";
import { runCompare } from "./compare.js";
import { runReport } from "./report.js";
import { expectFailure, expectMistake, inProcess } from "./testing.js";

/** The built command, as a user runs it, where it measures; its words about arguments in this process. */
const site = ownSite();
const micro = (...args: string[]) => site.on("micro", ...args);
const NO_OPTIONS = { allowDifferentEnvironments: false, json: false, color: false };
const SHORT = ["--duration", "20ms", "--trials", "2"];
const ENDLESS = ["--duration", "10s", "--trials", "100"];

beforeEach(() => site.redis.config("RESETSTAT"));

describe.each(SCORES)("micro, score %s", (score) => {
  it("tells of every strategy and user what it costs, and the server counts the same", async () => {
    const path = site.path(`${score}.json`);
    const { stdout, stderr, exitCode } = await micro(
      ...SHORT,
      "--strategy",
      "all",
      "--score",
      score,
      "--json",
      "--output",
      path,
    ).ended;
    expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/warning/i)]);
    const report = microReportSchema.parse(JSON.parse(stdout));
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(stdout));
    expect(report).toMatchObject({ complete: true, warnings: [], scenario: { score, durationMs: 20 } });
    expect(report.strategies.map(({ name }) => name)).toEqual(STRATEGY_NAMES);

    const expected: Record<string, number> = {};
    const add = (name: string, calls: number): void => {
      expected[name] = (expected[name] ?? 0) + calls;
    };
    for (const { name, users } of report.strategies) {
      for (const outcome of OUTCOMES) {
        const { rounds, summary } = users[outcome.toLowerCase() as (typeof USER_KINDS)[number]];
        const cost = strategyNamed(name).cost(score)[outcome];
        expect(rounds.map(({ round }) => round)).toEqual([0, 1]);
        expect(summary.callsPerEntry, `${name} ${outcome}`).toBe(cost.commands.length);
        expect(summary.roundTripsPerEntry, `${name} ${outcome}`).toBe(cost.roundTrips);
        expect(summary.entriesPerSec).toBeGreaterThan(0);
        for (const { entriesWithWarmup, sentPerEntry } of rounds) {
          expect(sentPerEntry).toBe(cost.commands.length);
          for (const one of cost.commands) add(one.toLowerCase(), entriesWithWarmup);
          for (const [one, calls] of Object.entries(cost.innerCalls)) add(one, calls * entriesWithWarmup);
        }
      }
    }
    const { commands } = parseInfo(await site.redis.info("commandstats"));
    // Set-up and the end of a run use none of these.
    for (const name of ["hgetall", "zrank", "zcard", "zscore", "evalsha", "incr", "multi", "exec"]) {
      expect([name, commands.get(name)?.calls ?? 0]).toEqual([name, expected[name] ?? 0]);
    }
    expect(await site.keys()).toEqual([]);
  });
});

it.each(["wire", "ioredis"])(
  "shows a row for every strategy and user, and what is not measured (%s)",
  async (client) => {
    const { stdout, exitCode } = await micro(...SHORT, "--client", client, "--strategy", "lua,multi").ended;
    expect(exitCode).toBe(0);
    for (const kind of USER_KINDS) {
      expect(stdout).toMatch(new RegExp(`^lua +${kind} .* [µm]s .* 1 +1 +baseline$`, "m"));
      expect(stdout).toMatch(new RegExp(`^multi +${kind} .*×\\d.*too few rounds$`, "m"));
    }
    expect(stdout).toContain("this measures round trips, not throughput");
    expect(await site.keys()).toEqual([]);
  },
);

it("writes a report that `qbench report` renders, as a table or as JSON alone", async () => {
  const path = site.path("saved.json");
  const { stdout } = await micro(...SHORT, "--strategy", "lua", "--output", path).ended;
  const table = await runReport([path], { color: false });
  expect(`${table}\n\nwritten to ${path}`).toBe(stdout);
  const json = await runReport([path], { format: "json", color: false });
  expect(JSON.parse(json)).toEqual(JSON.parse(readFileSync(path, "utf8")));
  await expect(runReport([path], { format: "csv", color: false })).rejects.toThrow(/micro, which has no csv form/);
  await expect(runCompare([path, path], NO_OPTIONS)).rejects.toThrow(
    /report of qbench micro; expected a report of qbench run/,
  );
});

it("starts a server of its own", async () => {
  const { stdout, exitCode } = await site.world.command("micro", ...SHORT, "--strategy", "lua", "--json").ended;
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ kind: "micro", target: { kind: "embedded" } });
});

describe("the order of turns", () => {
  it("is drawn from the seed, differs from round to round, and leaves nobody out", () => {
    const plan = { strategies: STRATEGY_NAMES, trials: 5, seed: 7 };
    const turns = planTurns(plan);
    expect(planTurns(plan)).toEqual(turns);
    expect(planTurns({ ...plan, seed: 8 })).not.toEqual(turns);
    const rounds = Array.from({ length: 5 }, (_, round) =>
      turns.filter((turn) => turn.round === round).map(({ strategy, outcome }) => `${strategy} ${outcome}`),
    );
    expect(new Set(rounds.map(String)).size).toBe(5);
    for (const round of rounds) expect([...round].sort()).toEqual([...rounds[0]!].sort());
    expect(new Set(rounds[0]).size).toBe(STRATEGY_NAMES.length * OUTCOMES.length);
  });

  it("is told by --dry-run, which connects to nothing", async () => {
    const args = ["--dry-run", "--json", "--seed", "7", "--url", "redis://127.0.0.1:1", "--strategy", "all"];
    const result = await inProcess("micro", ...args);
    const turns = planTurns({ strategies: STRATEGY_NAMES, trials: 5, seed: 7 });
    expect(JSON.parse("text" in result ? result.text : "")).toMatchObject({
      kind: "plan",
      complete: true,
      seed: 7,
      turns,
    });
  });
});

describe("what goes wrong", () => {
  it.each([
    [["--strategy", "luaa"], /unknown strategy "luaa" \(did you mean "lua"\?\)/],
    [["--duration", "1h"], /--duration: expected up to 1m/],
    [["--duration", "soon"], /--duration: expected/],
    [["--vus", "3"], /unknown option '--vus'/],
    [["--client", "fetch"], /--client: expected/],
    [["--output", "/none/x.json"], /there is no folder \/none/],
    [["--url", "redis://10.255.255.1:6379"], /--allow-remote/],
  ])("%j is told in one message", (args, message) => expectMistake("micro", args, message));

  it("where no server is, it says so, on stdout as JSON", async () => {
    const ended = await site.world.command("micro", "--url", "redis://127.0.0.1:1", "--json").ended;
    expectFailure(ended, "micro", 3, /127\.0\.0\.1:1/);
  });

  it("Ctrl-C ends it with what there is, and no key is left", async () => {
    const path = site.path("cut.json");
    const running = micro(...ENDLESS, "--json", "--output", path);
    await until(() => hasTakenTurns(site.redis));
    running.kill("SIGINT");
    const { stdout, exitCode } = await running.ended;
    expect(exitCode).toBe(130);
    const report: MicroReport = microReportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ complete: false, error: { code: 130, kind: "interrupted" } });
    expect(roundsIn(report)).not.toEqual([]);
    expect(renderMicroTable(report, { color: false })).toContain("not complete");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(report);
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await site.keys()).toEqual([]);
  });

  it("a server that is lost ends it with what there is, exit 3", () =>
    withRedis(async (other) => {
      const at = `redis://127.0.0.1:${other.server.endpoint.port}`;
      const running = site.world.command("micro", "--url", at, ...ENDLESS, "--json");
      await until(() => hasTakenTurns(other.redis));
      await other.stop();
      const { stdout, exitCode } = await running.ended;
      expect(exitCode).toBe(3);
      const report = microReportSchema.parse(JSON.parse(stdout));
      expect(report).toMatchObject({ complete: false, error: { code: 3, kind: "environment" } });
      expect(roundsIn(report)).not.toEqual([]);
      expect(report.warnings.map(({ code }) => code)).toContain("not-cleaned");
    }));
});

/** Each turn has a concert of its own: there is the fourth one's. */
const hasTakenTurns = async (redis: Redis): Promise<boolean> =>
  (await redis.keys("*")).some((key) => key.includes(":3}"));

const roundsIn = ({ strategies }: MicroReport) =>
  strategies.flatMap(({ users }) => USER_KINDS.flatMap((kind) => users[kind].rounds));
