import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Mistakes } from "./base/mistakes.js";
import { COMMANDS } from "./commands/command.js";
import { asFailure } from "./commands/failure.js";
import { takeRunOptions } from "./commands/inputs.js";
import { runOptions } from "./commands/options.js";
import { expectMistake, inProcess } from "./commands/testing.js";
import { TOOL } from "./report/tool.js";
import { OPTION_LIST } from "./scenario/options.js";
import { STRATEGY_NAMES } from "./strategies/index.js";

/** The built command, as a user runs it. */
const BIN = fileURLToPath(new URL("../bin/qbench.js", import.meta.url));
const qbench = (args: string[], env: Record<string, string> = {}, cwd = tmpdir()) =>
  execa(process.execPath, [BIN, ...args], { reject: false, env: { ...env, FORCE_COLOR: "0" }, cwd, timeout: 15_000 });

/** What a command that ends well would print. */
async function textOf(name: string, ...args: string[]): Promise<string> {
  const result = await inProcess(name, ...args);
  expect(result.exitCode).toBe(0);
  return "text" in result ? result.text : "";
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("help", () => {
  it("lists the commands", async () => {
    const { stdout, stderr, exitCode } = await qbench(["--help"]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe("");
    for (const word of ["run", "list", "explain", "Exit codes"]) expect(stdout).toContain(word);
  });

  it("tells every option of run, with its default, by both spellings", async () => {
    const { stdout } = await qbench(["run", "--help"]);
    for (const { flag } of OPTION_LIST) expect(stdout).toContain(`--${flag} <`);
    const others = ["url", "redis-server", "output", "json", "quiet", "no-color", "dry-run", "allow-remote"];
    for (const flag of [...others, "ui", "metrics-port"]) expect(stdout).toContain(`--${flag}`);
    expect((await qbench(["help", "run"])).stdout).toBe(stdout);
  });

  it.each([
    ["gate", { duration: "1s", warmup: "0; 200ms where users are in queues beforehand, 1s for revisions" }],
    ["sweep", { trials: "5", duration: "2s", warmup: "500ms" }],
    ["capacity", { duration: "3s", warmup: "500ms" }],
    ["predict", { trials: "3", duration: "1s", warmup: "500ms" }],
    ["roadmap", { trials: "5", duration: "3s", warmup: "500ms" }],
  ])("tells what %s does unless told otherwise, where that is not what run does", async (name, defaults) => {
    const command = new Command(name).configureHelp({ helpWidth: 1000 });
    (await COMMANDS.find((one) => one.name === name)!.load()).configure(command);
    for (const [flag, text] of Object.entries(defaults)) {
      expect(command.helpInformation()).toMatch(new RegExp(`^ +--${flag} <.*\\(${text}\\)$`, "m"));
    }
  });

  it("waits for no library that it does not need", async () => {
    for (const [args, forbidden] of [
      [["--help"], /ioredis|zod|yaml|hdr-histogram|cli-table3|chalk/],
      [["--version"], /ioredis|zod|yaml|hdr-histogram|cli-table3|chalk/],
      [["run", "--help"], /ioredis|zod|yaml|hdr-histogram/],
    ] as const) {
      const hook = join(folder, "loaded.mjs");
      // Every module that is resolved, CommonJS or not, goes through here.
      writeFileSync(
        hook,
        'import { register } from "node:module";\nregister("data:text/javascript," + encodeURIComponent(`' +
          "export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }" +
          "`));\n",
      );
      const { stderr, exitCode } = await execa(process.execPath, ["--import", hook, BIN, ...args], { reject: false });
      expect(exitCode).toBe(0);
      // The built files say of each part from which module it is.
      const loaded = stderr.split("\n").filter((url) => url.startsWith("file:"));
      const modules = loaded.flatMap(
        (url) => readFileSync(new URL(url), "utf8").match(/^\/\/ node_modules\/.*$/gm) ?? [],
      );
      expect(modules.join("\n")).toContain("commander");
      expect(modules.filter((module) => forbidden.test(module))).toEqual([]);
    }
  });

  it("has measuring threads load none but what they do their work with", () => {
    const reached = new Set<string>();
    const read = (url: URL): string[] => {
      if (reached.has(url.href)) return [];
      reached.add(url.href);
      const text = readFileSync(url, "utf8");
      const others = [...text.matchAll(/^(?:\} from|import) "(\.[^"]+)";$/gm)].flatMap(([, path]) =>
        read(new URL(path!, url)),
      );
      return [...[...text.matchAll(/^\/\/ node_modules\/([^/]+)/gm)].map(([, name]) => name!), ...others];
    };
    const libraries = new Set(read(new URL("../dist/worker/thread.js", import.meta.url)));
    expect([...libraries].sort()).toEqual(["cluster-key-slot", "fastest-levenshtein", "tinyqueue"]);
  });

  it("tells the version", async () => expect((await qbench(["--version"])).stdout).toBe(TOOL.version));

  it("is a usage error where a command is missing", async () => {
    const { stdout, stderr, exitCode } = await qbench([]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: qbench");
  });
});

describe("a mistake on the command line", () => {
  it.each([
    [["rnu"], /unknown command 'rnu' \(did you mean run\?\)/],
    [["run", "--vus", "-5"], /--vus: expected a whole number from 1 .*"-5"/],
  ])("%j is told in one message, exit 2", async (args, message) => {
    const { stdout, stderr, exitCode } = await qbench(args);
    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^qbench: /);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    ["run", ["--vsu", "3"], /unknown option '--vsu' \(did you mean --vus\?\)/],
    ["run", ["--vus"], /option '--vus <N>' argument missing/],
    ["run", ["--vus", "0"], /--vus: expected a whole number from 1/],
    ["run", ["a.yaml", "b.yaml"], /too many arguments/],
    ["run", ["--dry-run", "--redis-server", "/no/such"], /--redis-server \/no\/such does not exist/],
    [
      "gate",
      [
        "--base",
        "strategy:luaa",
        "--candidate",
        "lua:no.lua",
        "--fault",
        "stall@1s",
        "--duration",
        "3s",
        "--url",
        "redis://127.0.0.1",
      ],
      /^qbench: 3 mistakes.*"luaa" \(did.*\n.*lua:no.lua: there is no such file.*\n.*stall@1s:500ms is done to the server's process/s,
    ],
    ["run", ["--strategy", "luaa"], /--strategy: unknown strategy "luaa" \(did you mean "lua"\?\)/],
    ["run", ["none.yaml"], /none.yaml: no such file/],
    ["run", ["--output", "/none/x.json"], /--output \/none\/x.json: there is no folder \/none/],
    ["run", ["--dry-run", "--output", "x.pdf"], /--output x.pdf: expected a name that ends in .*\.json/],
    ["run", ["--ui", "smoke"], /--ui: expected a port from 1024 to 65535.*"smoke"\n {2}name the scenario before --ui/],
    ["run", ["--dry-run", "--url", "http://127.0.0.1"], /--url is not a Redis URL/],
    ["run", ["--dry-run", "--poll-by", "replica", "--poll-every", "1s"], /--poll-by replica: the target is one server/],
    ["run", ["--dry-run", "--cluster-shape", "3x1", "--wait-replicas", "2"], /--wait-replicas 2: a primary has 1 rep/],
    ["completion", ["tcsh"], /unknown "tcsh"\n.*bash, zsh, fish/],
    [
      "sweep",
      ["--dry-run", "--axis", "vus=1,2", "--fault", "promote@1s"],
      /--fault promote@1s needs a replica to promote/,
    ],
    ["capacity", ["--dry-run", "--url", "redis://10.0.0.1"], /10.0.0.1:6379 is not on this machine/],
    ["gate", ["--dry-run", "--cluster", "--url", "redis://127.0.0.1"], /--cluster starts a cluster and --url names/],
    ["micro", ["--dry-run", "--cluster"], /one server is needed to tell what one entry costs alone/],
    ["list", ["strategie"], /unknown "strategie" \(did you mean "strategies"\?\)/],
    ["explain", ["luaa"], /unknown strategy "luaa" \(did you mean "lua"\?\)/],
    ["explain", ["lua:no.lua"], /lua:no.lua: there is no such file/],
    ["run", ["--fault", "primary-kill@1s"], /this is one server: add --cluster\n(?!.*--url)/],
    ["micro", ["--trials", "x"], /--trials: .*\n {2}`qbench micro --help`/],
    ["doctor", ["--pool", "x"], /--pool: .*\n {2}`qbench doctor --help`/],
  ])("%s %j is told before anything is started", (name, args, message) => expectMistake(name, args, message));

  it.each([
    [
      "run",
      ["--strategy", "lau", "--vus", "0", "--url", "ftp://x", "--output", "x.pdf", "--fail-if", "foo>1", "--ui", "1"],
      /^qbench: 6 mistakes.*\n(?=.*--strategy: )(?=.*--vus: )(?=.*--url is not )(?=.*x\.pdf: )(?=.*"foo".*figures are )(?=.*--ui: )/s,
    ],
    [
      "gate",
      ["--base", "x", "--threshold", "abc", "--metrics", "foo", "--on-inconclusive", "bar", "--allow-more", "baz"],
      /6 mistakes.*--base: .*--candidate is missing.*--metrics: .*--threshold: .*--allow-more: .*--on-inconclusive: /s,
    ],
    ["run", ["--fault", "primary-kill@1s", "--wait-replicas", "2"], /2 mistakes.*--fault .*--wait-replicas 2: /s],
    ["sweep", ["--vus", "0", "--figure", "x"], /3 mistakes.*there is no axis.*--vus: .*--figure: /s],
    ["sweep", ["--axis", "vus=1,2", "--pool", "0", "--figure", "x"], /2 mistakes.*--figure: .*at vus 1: --pool: /s],
    ["capacity", ["--max-steps", "0", "--slo", "p9<1s", "--arrival", "ramp"], /3 mistakes.*--max.*arrival: .*--slo /s],
    ["admit", ["--kills", "x", "--output", "x.pdf"], /2 mistakes.*--kills: .*--output x\.pdf/s],
    ["predict", ["--at", "x", "--pool", "0", "--url", "x"], /3 mistakes.*--at .*--pool: .*--url /s],
    ["roadmap", ["--roadmap", "no.json", "--pool", "0"], /2 mistakes.*--roadmap .*--pool: /s],
  ])("%s %j: all of them are told at once", (name, args, message) => expectMistake(name, args, message));

  it("names the variable that was wrong", async () => {
    const { stderr } = await qbench(["run"], {
      QBENCH_URL: "ftp://x",
      QBENCH_FAIL_IF: "foo>1",
      QBENCH_OUTPUT: "x.pdf",
    });
    expect(stderr).toMatch(/^qbench: 3 mistakes.*\n {2}QBENCH_URL .*\n {2}QBENCH_OUTPUT .*\n {2}QBENCH_FAIL_IF /s);
  });

  it("knows no help of what it does not know", async () => {
    const { stdout, stderr, exitCode } = await qbench(["rnu", "--help"]);
    expect([stdout, stderr, exitCode]).toEqual([
      "",
      expect.stringMatching(/unknown command 'rnu' \(did you mean run/),
      2,
    ]);
  });

  it("is none where a server on another machine is only looked at", () => {
    const mistakes = new Mistakes();
    const options = takeRunOptions(mistakes, { url: ["redis://10.0.0.1"] }, {}, "doctor", { isLoaded: false });
    expect(mistakes.settle({ options }).options.urls).toEqual(["redis://10.0.0.1"]);
  });

  it.each([
    [["run", "--json", "--vus", "0", "--pool", "x"], "run", {}],
    [["rnu", "--json"], "qbench", {}],
    [["explain", "luaa"], "explain", { QBENCH_JSON: "1" }],
  ])("%j is one JSON document", async (args, kind, env) => {
    const { stdout, exitCode } = await qbench(args, env);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      kind,
      tool: TOOL,
      complete: false,
      error: { code: 2, kind: "usage", message: expect.any(String) },
    });
  });

  it("tells those of all sources together", async () => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, "vus: 10\npoool: 3\n");
    const { stderr } = await qbench(["run", file, "--trials", "0"], { QBENCH_CLIENT: "jedis" });
    expect(stderr).toContain("3 mistakes");
    expect(stderr).toContain("--trials: ");
    expect(stderr).toContain("QBENCH_CLIENT: ");
    expect(stderr).toContain(`${file}:2:1 poool: `);
  });

  it("hides no other, be it an option that nobody knows", async () => {
    const { stdout, stderr, exitCode } = await qbench(["run", "--vsu", "3", "--poool=7", "--pool", "x", "none.yaml"]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    const [first, second, third, fourth] = [
      "--vsu' \\(did you mean --vus",
      "--poool=7'",
      "none.yaml: no such",
      "--pool: ",
    ];
    expect(stderr).toMatch(new RegExp(`^qbench: 4 mistakes.*${first}.*${second}(?=.*${third}).*(?=${fourth})`, "s"));
    // Of a command that plans nothing, nothing is done.
    const listed = await qbench(["list", "--vsu", "3"]);
    expect([listed.exitCode, listed.stdout]).toEqual([2, ""]);
  });

  it("in a variable's name is told of by every command", async () => {
    const of = async (args: string[], env: Record<string, string>) => (await qbench(args, env)).stderr;
    expect(await of(["micro", "--dry-run"], { QBENCH_SEEED: "1" })).toMatch(/QBENCH_SEEED.*did you mean QBENCH_SEED\?/);
    const gate = ["gate", "--base", "strategy:lua", "--candidate", "strategy:dedup", "--dry-run"];
    const told = await of(gate, { QBENCH_VU: "5", QBENCH_METRIC: "tps", QBENCH_MAX_PAIRS: "10" });
    expect(told.match(/^qbench: warning: QBENCH_\w+ is not known/gm)).toEqual([
      "qbench: warning: QBENCH_VU is not known",
      "qbench: warning: QBENCH_METRIC is not known",
    ]);
    expect(await of([...gate, "--quiet"], { QBENCH_VU: "5" })).toBe("");
  });

  it("never shows a password", async () => {
    const url = "redis://me:s3cret@127.0.0.1:1/x";
    for (const args of [
      ["run", "--url", url, "--vus", "0"],
      ["run", "--url", url, "--json", "--dry-run"],
    ]) {
      const { stdout, stderr } = await qbench(args);
      expect(stdout + stderr).not.toContain("s3cret");
    }
  });
});

describe("a dry run", () => {
  it("prints the same plan for the same seed, and connects to nothing", async () => {
    const args = ["smoke", "--dry-run", "--seed", "7", "--trials", "3", "--url", "redis://127.0.0.1:1"];
    const [first, second] = [await textOf("run", ...args), await textOf("run", ...args)];
    expect(first).toBe(second);
    expect(first.match(/^round \d: .*$/gm)).toHaveLength(3);
  });

  it("is one JSON document with everything resolved", async () => {
    const strategies = ["--strategy", "lua", "--strategy", "dedup"];
    const plan = JSON.parse(await textOf("run", "--dry-run", "--json", "--quiet", "--vus", "10", ...strategies));
    expect(plan).toMatchObject({
      kind: "plan",
      scenario: { vus: 10, strategies: ["lua", "dedup"] },
      loadTimeMs: 120_000,
    });
    expect(plan.trials).toHaveLength(10);
    expect(plan.warnings).toEqual([{ code: "idle-connections", message: expect.any(String) }]);
    expect(plan.seed).toBe(plan.scenario.seed);
  });

  it("tells warnings on stderr unless it is to be quiet", async () => {
    const args = ["run", "--dry-run", "--vus", "10"];
    expect((await qbench(args)).stderr).toMatch(/^qbench: warning: pool 20 is more/);
    expect((await qbench([...args, "--quiet"])).stderr).toBe("");
    const switches = { QBENCH_QUIET: "1", QBENCH_JSON: "yes", QBENCH_DRY_RUN: "on" };
    expect(runOptions({}, switches, false)).toMatchObject({ quiet: true, json: true, dryRun: true });
    expect(() => runOptions({}, { QBENCH_QUIET: "perhaps" }, false)).toThrow(/QBENCH_QUIET: expected 1 or 0/);
  });
});

describe("lists", () => {
  it("hold every strategy with the calls of the published table", async () => {
    const { strategies, scenarios } = JSON.parse(await textOf("list", "--json"));
    expect(strategies.map((one: { name: string }) => one.name)).toEqual(STRATEGY_NAMES);
    const [individual] = strategies;
    expect(Object.values(individual.commands).map((commands) => (commands as string[]).length)).toEqual([6, 3, 1]);
    expect(scenarios.map((one: { name: string }) => one.name)).toContain("source-replay");
    for (const { description } of scenarios) expect(description).not.toBe("");
  });

  it("are tables for people", async () => {
    const stdout = await textOf("list", "strategies", "--score", "sequence");
    expect(stdout).toMatch(/^dedup +5 \/ 5 \/ 1 +5 \/ 5 \/ 1 +no /m);
    expect(stdout).not.toContain("smoke");
  });

  it.each(["--help", "explain"])("may be cut off by their reader: %s", async (args) => {
    const { stdout, stderr, exitCode } = await execa(
      "bash",
      ["-c", `set -o pipefail; "${process.execPath}" "${BIN}" ${args} | true`],
      { reject: false },
    );
    expect([stdout, stderr, exitCode]).toEqual(["", "", 0]);
  });
});

it.skipIf(process.platform !== "linux")("calls a full disk and too few files what they are, and no bug", () => {
  const full = openSync("/dev/full", "w");
  // With a warning, so that both are written to.
  const args = ["run", "--dry-run", "--vus", "10"];
  const { status } = spawnSync(process.execPath, [BIN, ...args], { stdio: ["ignore", full, full] });
  closeSync(full);
  expect(status).toBe(3);
  const failure = asFailure(Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" }));
  expect([failure.exitCode, failure.hint]).toEqual([3, expect.stringContaining("ulimit -n")]);
});

describe("completion", () => {
  it("completes commands, options, their values and scenarios in bash", async () => {
    const script = await textOf("completion", "bash");
    const typed = [
      "comp",
      "run --arr",
      "run --arrival po",
      "run source-r",
      "run --vus s",
      "sweep --entr",
      "gate --trials",
      "report --format cs",
      "report --chart heat",
      "run --fault st",
      "sweep --axis vu",
      "gate --metrics tp",
      "gate --allow-more roundT",
      "gate --on-inconclusive w",
      "gate --base sc",
      "list st",
      "article fewer",
      "admit --lock fen",
      "micro --strategy indi",
      "explain shar",
    ];
    const asked = typed.map(
      (words) =>
        `COMP_WORDS=(qbench ${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _qbench; echo "\${COMPREPLY[*]}"`,
    );
    const { stdout, stderr } = await execa("bash", ["--norc", "-c", [script, ...asked].join("\n")]);
    const given = ["compare completion", "--arrival", "poisson", "source-replay", "", "--entries", ""];
    given.push("csv", "heatmap", "stall@", "vus=", "tps", "roundTripsPerEntry", "warn", "scenario:", "strategies");
    given.push("fewer-calls", "fenced", "individual", "sharded");
    expect([stdout.split("\n"), stderr]).toEqual([given, ""]);
  });

  it.each(["zsh", "fish"])("has every option for %s too", async (shell) => {
    const script = await textOf("completion", shell);
    for (const { flag } of OPTION_LIST) expect(script).toMatch(new RegExp(`(--| -l )${flag}\\b`));
    for (const word of ["capacity", "poisson", "source-replay", "heatmap", "stall@"]) expect(script).toContain(word);
  });
});

it("calls what nobody foresaw a bug, in one line, and shows the stack on demand", async () => {
  const hook = join(folder, "breaks.mjs");
  writeFileSync(
    hook,
    "let times = 0;\n" +
      'Object.defineProperty(process.stdout, "isTTY", { get() { if (times++ === 0) throw new Error("boom"); } });\n',
  );
  const broken = (env: Record<string, string>, ...args: string[]) =>
    execa(process.execPath, ["--import", hook, BIN, "run", "--dry-run", "--quiet", ...args], {
      reject: false,
      timeout: 15_000,
      env,
    });
  const { stdout, stderr, exitCode } = await broken({});
  expect([exitCode, stdout]).toEqual([70, ""]);
  expect(stderr).toMatch(/^qbench: a bug in qbench: boom\n {2}QBENCH_DEBUG=1 shows where[^\n]*$/);
  expect((await broken({ QBENCH_DEBUG: "1" })).stderr).toMatch(/\n\s+at /);
  expect(JSON.parse((await broken({}, "--json")).stdout)).toMatchObject({ error: { code: 70, kind: "bug" } });
});

it("explains every strategy without a Redis", async () => {
  const foreign = await textOf("explain", "lua:lua/enter_queue.lua");
  expect(foreign).toContain("EVALSHA <lua:lua/enter_queue.lua> 3");
  expect(foreign).toContain("The script is not run");
  const stdout = await textOf("explain", "multi");
  expect(stdout).toContain("a new user: 6 commands in 2 round trips");
  expect(stdout).toContain("answer: NEW, position 5001 of 5001");
});
