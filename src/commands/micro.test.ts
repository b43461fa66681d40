import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa, type Options } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { planTurns } from "../engine/micro-plan.js";
import { parseInfo } from "../measure/server-snapshot.js";
import { OUTCOMES, SCORES } from "../queue/outcome.js";
import { type MicroReport, microReportSchema, USER_KINDS } from "../report/micro.js";
import { failureReportSchema } from "../report/schema.js";
import { renderMicroTable } from "../reporters/micro-table.js";
import { STRATEGY_NAMES, strategyNamed } from "../strategies/index.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { runCompare } from "./compare.js";
import { runReport } from "./report.js";

/** The built command, as a user runs it. */
const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const micro = (args: string[], options: Options = {}) =>
  execa(process.execPath, [BIN, "micro", ...args], {
    reject: false,
    timeout: 15_000,
    env: { FORCE_COLOR: "0" },
    ...options,
  });
const NO_OPTIONS = { allowDifferentEnvironments: false, json: false, color: false };
const SHORT = ["--duration", "20ms", "--trials", "2"];

let test: TestRedis;
let url: string;
let folder: string;
beforeAll(async () => {
  test = await startTestRedis();
  url = `redis://127.0.0.1:${test.server.endpoint.port}`;
  folder = mkdtempSync(join(tmpdir(), "qbench-micro-"));
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => test.redis.config("RESETSTAT"));

const leftovers = () => test.redis.keys("*");

describe.each(SCORES)("micro, score %s", (score) => {
  it("tells of every strategy and user what it costs, and the server counts the same", async () => {
    const path = join(folder, `${score}.json`);
    const { stdout, stderr, exitCode } = await micro([
      "--url",
      url,
      ...SHORT,
      "--strategy",
      "all",
      "--score",
      score,
      "--json",
      "--output",
      path,
    ]);
    expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/warning/i)]);
    const report = microReportSchema.parse(JSON.parse(stdout as string));
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(stdout as string));
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
    const { commands } = parseInfo(await test.redis.info("commandstats"));
    // Set-up and the end of a run use none of these.
    for (const name of ["hgetall", "zrank", "zcard", "zscore", "evalsha", "incr", "multi", "exec"]) {
      expect([name, commands.get(name)?.calls ?? 0]).toEqual([name, expected[name] ?? 0]);
    }
    expect(await leftovers()).toEqual([]);
  });
});

it.each(["wire", "ioredis"])(
  "shows a row for every strategy and user, and what is not measured (%s)",
  async (client) => {
    const { stdout, exitCode } = await micro(["--url", url, ...SHORT, "--client", client, "--strategy", "lua,multi"]);
    expect(exitCode).toBe(0);
    for (const kind of USER_KINDS) {
      expect(stdout).toMatch(new RegExp(`^lua +${kind} .* [µm]s .* 1 +1 +baseline$`, "m"));
      expect(stdout).toMatch(new RegExp(`^multi +${kind} .*×\\d.*too few rounds$`, "m"));
    }
    expect(stdout).toContain("this measures round trips, not throughput");
    expect(await leftovers()).toEqual([]);
  },
);

it("writes a report that `qbench report` renders, as a table or as JSON alone", async () => {
  const path = join(folder, "saved.json");
  const { stdout } = await micro(["--url", url, ...SHORT, "--strategy", "lua", "--output", path]);
  const table = await runReport([path], { color: false });
  expect(`${table}\n\nwritten to ${path}`).toBe(stdout);
  const json = await runReport([path], { format: "json", color: false });
  expect(JSON.parse(json)).toEqual(JSON.parse(readFileSync(path, "utf8")));
  await expect(runReport([path], { format: "csv", color: false })).rejects.toThrow(/micro, which has no csv form/);
  await expect(runCompare([path, path], NO_OPTIONS)).rejects.toThrow(/report of qbench micro; expected one of/);
});

it("starts a server of its own", async () => {
  const { stdout, exitCode } = await micro([...SHORT, "--strategy", "lua", "--json"]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout as string)).toMatchObject({ kind: "micro", target: { kind: "embedded" } });
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
    const { stdout, exitCode } = await micro(args);
    expect(exitCode).toBe(0);
    const turns = planTurns({ strategies: STRATEGY_NAMES, trials: 5, seed: 7 });
    expect(JSON.parse(stdout as string)).toMatchObject({ kind: "plan", seed: 7, turns });
  });
});

describe("what goes wrong", () => {
  it.each([
    [["--strategy", "luaa"], 2, /unknown strategy "luaa" \(did you mean "lua"\?\)/],
    [["--duration", "1h"], 2, /--duration: expected up to 1m/],
    [["--duration", "soon"], 2, /--duration: expected/],
    [["--vus", "3"], 2, /unknown option '--vus'/],
    [["--client", "fetch"], 2, /--client: expected/],
    [["--output", "/none/x.json"], 2, /there is no folder \/none/],
    [["--url", "redis://10.255.255.1:6379"], 2, /--allow-remote/],
    [["--url", "redis://127.0.0.1:1"], 3, /127\.0\.0\.1:1/],
  ])("%j is told in one message, on stdout as JSON", async (args, code, message) => {
    const { stdout, stderr, exitCode } = await micro([...args, "--json"]);
    expect(exitCode).toBe(code);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(failureReportSchema.parse(JSON.parse(stdout as string))).toMatchObject({ kind: "micro", error: { code } });
  });

  it("Ctrl-C ends it with what there is, and no key is left", async () => {
    const path = join(folder, "cut.json");
    const args = ["--url", url, "--duration", "10s", "--trials", "100", "--json", "--output", path];
    const running = micro(args);
    // The first turns have ended when their keys' successors are there.
    for (let i = 0; i < 500 && (await test.redis.exists(...concertsOf(await leftovers(), 3))) === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.kill("SIGINT");
    const { stdout, exitCode } = await running;
    expect(exitCode).toBe(130);
    const report: MicroReport = microReportSchema.parse(JSON.parse(stdout as string));
    expect(report).toMatchObject({ complete: false, error: { code: 130, kind: "interrupted" } });
    expect(roundsIn(report)).not.toEqual([]);
    expect(renderMicroTable(report, { color: false })).toContain("not complete");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(report);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it("a server that is lost ends it with what there is, exit 3", async () => {
    const other = await startTestRedis();
    try {
      const args = ["--url", `redis://127.0.0.1:${other.server.endpoint.port}`, "--duration", "10s", "--trials", "100"];
      const running = micro([...args, "--json"]);
      const keys = () => other.redis.keys("*");
      for (let i = 0; i < 500 && (await other.redis.exists(...concertsOf(await keys(), 3))) === 0; i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await other.stop();
      const { stdout, exitCode } = await running;
      expect(exitCode).toBe(3);
      const report = microReportSchema.parse(JSON.parse(stdout as string));
      expect(report).toMatchObject({ complete: false, error: { code: 3, kind: "environment" } });
      expect(roundsIn(report)).not.toEqual([]);
      expect(report.warnings.map(({ code }) => code)).toContain("not-cleaned");
    } finally {
      await other.stop();
    }
  });
});

/** Keys among `keys` of the concert with this number, or one that does not exist. */
function concertsOf(keys: readonly string[], number: number): string[] {
  const found = keys.filter((key) => key.includes(`:${number}}`));
  return found.length > 0 ? found : ["none"];
}

const roundsIn = ({ strategies }: MicroReport) =>
  strategies.flatMap(({ users }) => USER_KINDS.flatMap((kind) => users[kind].rounds));
