import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { designNamed } from "../admission/index.js";
import { environmentError } from "../base/errors.js";
import { callsOf, entriesBegan, list, makeWorld, type World } from "../engine/testing/program.js";
import type { GateVerdict } from "../stats/gate.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { exitCodeOf } from "./execute-gate.js";
import { configure, execute } from "./gate.js";
import { runReport } from "./report.js";
import { expectMistake, inProcess } from "./testing.js";

/** The built command on a real server. Verdicts on times are simulated elsewhere: this machine may be busy. */
const ENTER_QUEUE = readFileSync(fileURLToPath(new URL("../../lua/enter_queue.lua", import.meta.url)), "utf8");
const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const SMALL = ["--vus", "50", "--pool", "4", "--seed", "1"];

// Each of these starts programs and servers, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

let test: TestRedis;
let world: World;
let url: string;
let folder: string;
beforeAll(async () => {
  [test, world] = await Promise.all([startTestRedis(), makeWorld()]);
  url = `redis://127.0.0.1:${test.server.endpoint.port}`;
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
});
afterAll(async () => {
  world.remove();
  rmSync(folder, { recursive: true, force: true });
  await test.stop();
});

/** enter_queue.lua, changed. */
const script = (name: string, change: (source: string) => string): string => {
  const path = join(folder, `${name}.lua`);
  writeFileSync(path, change(ENTER_QUEUE));
  return `lua:${path}`;
};
const gate = (base: string, candidate: string, ...args: string[]) =>
  world.command("gate", "--base", base, "--candidate", candidate, ...SMALL, "--url", url, ...args);
// biome-ignore lint/suspicious/noExplicitAny: see engine/testing/program.ts
const exactOf = (report: any, figure: string) => report.exact.find((one: any) => one.figure === figure);

describe("exact counts", () => {
  it("fail a script that does one more ZRANK, in one trial a side", async () => {
    const oneMore = script("one-more", (source) =>
      source.replace(/^local rank = /m, 'redis.call("ZRANK", waiting, user)\n$&'),
    );
    await test.redis.config("RESETSTAT");
    const ended = await gate("strategy:lua", oneMore, "--mix", "new=100", "--json").ended;
    expect(ended.exitCode).toBe(1);
    const report = ended.json();
    expect(report).toMatchObject({ kind: "gate", complete: true, verdict: "fail", pairs: [] });
    expect(report.warnings.map(({ code }: { code: string }) => code)).toContain("not-exercised");
    expect(exactOf(report, "executedPerEntry")).toMatchObject({ base: 5, candidate: 6, verdict: "more" });
    expect(exactOf(report, "callsPerEntry")).toMatchObject({ base: 1, candidate: 1, verdict: "same" });
    // The server saw those trials, a second time since others might use it, and no more: 2 × 2 × 2000 entries.
    const calls = await callsOf(test.redis);
    expect(calls.evalsha).toBe(8000);
    expect(calls.zrank).toBe(4000 * 1 + 4000 * 2);
    expect(await test.redis.dbsize()).toBe(0);
  });

  it("pass a script that does the same, whatever users there are, and write every format", async () => {
    const same = script("same", (source) => `-- the same\n${source}`);
    const [json, md, xml] = ["g.json", "g.md", "g.xml"].map((name) => join(folder, name)) as [string, string, string];
    const outputs = [json, md, xml].flatMap((path) => ["--output", path]);
    const ended = await gate("strategy:lua", same, "--metrics", "none", ...outputs).ended;
    expect(ended.exitCode).toBe(0);
    expect(ended.stdout).toContain("PASS");
    const { exact, anomalies, warnings } = JSON.parse(readFileSync(json, "utf8"));
    expect(new Set(anomalies.map((one: { verdict: string }) => one.verdict))).toEqual(
      new Set(["none", "not-exercised"]),
    );
    expect(warnings).toEqual([]);
    expect(ended.stdout).toMatch(/^counted +entries by 70 % new, 20 % waiting and 10 % active; looked for lost, /m);
    expect(exact.map((one: { verdict: string }) => one.verdict)).toEqual(["same", "same", "same", "same"]);
    expect(readFileSync(md, "utf8")).toContain("PASS");
    expect(readFileSync(xml, "utf8")).toContain('failures="0"');
    expect(`${await runReport([json], { format: "markdown", color: false })}\n`).toBe(readFileSync(md, "utf8"));
  });

  it("name the script of who admits beside the entries, as a run does", async () => {
    const ended = await gate("strategy:lua", "strategy:lua", "--metrics", "none", "--admit", "looped", "--json").ended;
    expect(Object.keys(ended.json().environment.scripts)).toEqual(["enter_queue", designNamed("looped").script?.name]);
  });

  it("fail a script that the server answers with errors, and refuse one that it cannot compile", async () => {
    const broken = script("broken", () => 'return redis.call("NOSUCH")');
    const ended = await gate("strategy:lua", broken, "--json").ended;
    const report = ended.json();
    expect([ended.exitCode, exactOf(report, "errors").verdict]).toEqual([1, "more"]);
    expect(report.reasons.join()).toMatch(/errors went up from 0 to 2000: ERR Unknown Redis command/);
    const wrong = script("wrong", () => "return (");
    await expectMistake("gate", ["--base", "strategy:lua", "--candidate", wrong, "--url", url], /wrong\.lua/);
    expect(await test.redis.dbsize()).toBe(0);
  });

  it.each([
    ["puts a user who waits already at the end", '"NX", ', "", 1, "order-broken"],
    ["never looks at the token", /^if redis.*?^end$/ms, "", 5, "wait-and-active"],
  ])("fail a script that %s", async (_, from, to, code, kind) => {
    const wrong = script(kind, (source) => source.replace(/^--.*$/gm, "").replace(from, to));
    const ended = await gate("strategy:lua", wrong, "--metrics", "none", "--json").ended;
    const { verdict, reasons, brokenPromises } = ended.json();
    expect([ended.exitCode, verdict, reasons.join()]).toEqual([code, "fail", expect.stringContaining(kind)]);
    expect(brokenPromises).toEqual(code === 5 ? [kind] : []);
  });

  it("compare scenarios, and two servers, each with their strategies", async () => {
    const scenario = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return `scenario:${join(folder, name)}`;
    };
    const base = scenario("a.yaml", "strategy: [dedup, lua]\npool: 3\n");
    const candidate = scenario("b.yaml", "strategy: [lua, dedup, multi]\npool: 5\nscore: sequence\n");
    const ended = await world.command(
      "gate",
      "--base",
      base,
      "--candidate",
      candidate,
      "--vus",
      "40",
      "--url",
      url,
      "--json",
    ).ended;
    const { exact, gate: plan } = ended.json();
    expect(plan.cases.map(({ name }: { name: string }) => name)).toEqual(["dedup", "lua"]);
    // INCR comes on top: in its own call, or inside the script.
    expect(
      exact
        .filter(({ verdict }: { verdict: string }) => verdict === "more")
        .map(({ figure }: { figure: string }) => figure),
    ).toEqual(["executedPerEntry", "callsPerEntry", "roundTripsPerEntry", "executedPerEntry"]);
    expect(ended.exitCode).toBe(1);
  });

  it("compare two servers", async () => {
    const other = await startTestRedis();
    try {
      const there = `url:redis://127.0.0.1:${other.server.endpoint.port}`;
      const two = await world.command(
        "gate",
        "--base",
        `url:${url}`,
        "--candidate",
        there,
        ...SMALL,
        "--metrics",
        "none",
        "--strategy",
        "lua",
      ).ended;
      expect(two.exitCode).toBe(0);
      expect((await callsOf(other.redis)).evalsha).toBe(2000);
      expect(await other.redis.dbsize()).toBe(0);
    } finally {
      await other.stop();
    }
  });
});

describe("pairs", () => {
  it("are measured on both sides and kept, and what comes of them decides the exit code", async () => {
    const ended = await gate(
      "strategy:lua",
      "strategy:lua",
      "--duration",
      "20ms",
      "--think-time",
      "5ms",
      "--max-pairs",
      "10",
      "--json",
      "--metrics",
      "tps",
    ).ended;
    const report = ended.json();
    expect(report.pairs.length).toBe(10);
    for (const { base, candidate } of report.pairs) {
      for (const trial of [base, candidate]) expect(trial).toMatchObject({ complete: true, audit: { ok: true } });
      expect(base.entries.succeeded).toBeGreaterThan(0);
    }
    expect(ended.exitCode).toBe({ pass: 0, fail: 1, inconclusive: 4 }[report.verdict as GateVerdict]);
    expect(report.metrics).toMatchObject([{ figure: "tps", pairs: 10, alpha: 0.002 }]);
  });

  it("that are interrupted leave nothing behind and never pass", async () => {
    await test.redis.config("RESETSTAT");
    const running = gate("strategy:lua", "strategy:lua", "--duration", "5s", "--json");
    await entriesBegan(test.redis, 10_000);
    running.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.exitCode).toBe(130);
    expect(ended.json()).toMatchObject({ kind: "gate", complete: false, verdict: null, error: { code: 130 } });
    expect(await test.redis.dbsize()).toBe(0);
    expect(world.records()).toEqual([]);
  });

  it("cannot be measured where there is no server: 3, with one JSON document", async () => {
    const sides = ["--base", "strategy:lua", "--candidate", "strategy:lua"];
    const ended = await inProcess("gate", ...sides, "--url", "redis://127.0.0.1:1", "--json");
    expect(ended).toMatchObject({ exitCode: 3 });
  });
});

/** In this process: nothing is connected to. */
const asked = async (...args: string[]) => {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  configure(command);
  command.parse(["--base", "strategy:dedup", "--candidate", "strategy:lua", "--dry-run", ...args], { from: "user" });
  return execute(command);
};

describe("the command line", () => {
  it.each([
    [["--metrics", "tsp"], 'did you mean "tps"?'],
    [["--metrics", "tps,tps"], "given twice"],
    [["--threshold", "10"], "--threshold"],
    [["--threshold", "2%"], "--threshold"],
    [["--max-pairs", "9"], "from 10 to 36"],
    [["--on-inconclusive", "ignore"], "--on-inconclusive"],
    [["--allow-more", "tps"], "--allow-more"],
    [["--strategy", "lua"], "name what is compared"],
    [["--fail-if", "p99>1"], "expected a unit"],
    [["--output", "x.csv"], "expected a name that ends in"],
    [["--trials", "3"], "unknown option"],
    [
      ["--base", "url:redis://127.0.0.1:1", "--candidate", "url:redis://127.0.0.1:2", "--url", "redis://h"],
      "name the servers",
    ],
    [
      ["--base", "git:HEAD", "--candidate", "git:HEAD", "--strategy", "lua:lua/enter_queue.lua"],
      "that they have themselves",
    ],
  ])("is refused: %j", async (args, message) => expect(asked(...args)).rejects.toThrow(message));

  it("shows what it would do, and how long that takes", async () => {
    const { text, exitCode } = await asked();
    expect(exitCode).toBe(0);
    expect(text).toMatch(/metrics {4}tps, p99[\s\S]*takes {6}about \d+s if the answer is clear, at most about/);
  });

  it.each([
    ["pass", "fail", 0],
    ["fail", "pass", 1],
    ["inconclusive", "report", 4],
    ["inconclusive", "pass", 0],
    ["inconclusive", "warn", 0],
    ["inconclusive", "fail", 1],
    [null, "pass", 70],
  ] as const)("a verdict of %s with --on-inconclusive %s ends with %i", (verdict, onInconclusive, code) => {
    const outcome = { verdict, brokenPromises: [], error: undefined };
    expect(exitCodeOf(outcome, { onInconclusive })).toBe(code);
    expect(exitCodeOf({ ...outcome, brokenPromises: ["lost"] }, { onInconclusive })).toBe(5);
    expect(exitCodeOf({ ...outcome, error: environmentError("gone") }, { onInconclusive })).toBe(3);
  });
});

describe("revisions", () => {
  /** A repository whose revisions are this build, each with options of its own: building the real one takes too long. */
  it("run as processes of their own builds, which are gone afterwards", async () => {
    const repository = join(folder, "repository");
    mkdirSync(join(repository, "bin"), { recursive: true });
    const git = (...args: string[]) =>
      execa("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", ...args], {
        cwd: repository,
      });
    const write = (strategy: string): void => {
      const swap = `process.argv = process.argv.map((arg) => (arg === "dedup" ? "${strategy}" : arg));`;
      writeFileSync(
        join(repository, "bin", "qbench.js"),
        `import { existsSync } from "node:fs";\nif (!existsSync(new URL("../built", import.meta.url))) throw new Error("not built");\n${swap}\nawait import(${JSON.stringify(BIN)});\n`,
      );
    };
    writeFileSync(
      join(repository, "package.json"),
      JSON.stringify({ type: "module", scripts: { build: "echo yes > built" } }),
    );
    writeFileSync(join(repository, "package-lock.json"), "{}");
    writeFileSync(join(repository, ".gitignore"), "node_modules\nbuilt\n");
    mkdirSync(join(repository, "node_modules"));
    await git("init", "-q", "-b", "main");
    write("dedup");
    await git("add", ".");
    await git("commit", "-qm", "one");
    write("individual");
    await git("commit", "-qam", "two");

    const args = [
      "gate",
      "--base",
      "git:HEAD~1",
      "--candidate",
      "git:main",
      "--strategy",
      "dedup",
      "--warmup",
      "0",
      ...SMALL,
      "--json",
    ];
    const env = { XDG_CACHE_HOME: world.cache, TMPDIR: world.temporary };
    const before = list(world.temporary);
    const ended = await execa(process.execPath, [BIN, ...args], { cwd: repository, env, reject: false });
    expect(ended.stderr).toContain("building base");
    const report = JSON.parse(ended.stdout);
    // Users who wait or may buy are counted here too: a revision is told so.
    const [base, candidate] = [expect.closeTo(3.7, 0), expect.closeTo(4.9, 0)];
    expect(exactOf(report, "callsPerEntry")).toMatchObject({ base, candidate, verdict: "more" });
    expect(report.base.revision).toMatch(/^[0-9a-f]{40}$/);
    expect(report.candidate.revision).not.toBe(report.base.revision);
    expect(ended.exitCode).toBe(1);
    expect((await git("worktree", "list")).stdout.split("\n").length).toBe(1);
    expect(list(world.temporary)).toEqual(before);

    // Here, in the repository of this very project.
    const unknown = ["--base", "git:HEAD", "--candidate", "git:nope", "--strategy", "lua", "--url", url];
    await expectMistake("gate", unknown, /git:nope: this repository knows no such revision/);
  });
});
