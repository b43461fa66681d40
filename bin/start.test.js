import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `npm start -- …options`, less npm. */
const start = (options, { env = {}, nodeOptions = [] } = {}) =>
  spawnSync(process.execPath, [...nodeOptions, inProject("bin/start.js"), ...options], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, ...env },
  });

describe("where no redis-server can be had", () => {
  const bare = () => ({ PATH: folder, XDG_CACHE_HOME: folder });

  test("one message says what to type; nothing on stdout, no stack trace, exit 3", () => {
    const { status, stdout, stderr } = start([], { env: bare() });
    expect(status).toBe(3);
    expect(stdout).toBe("");
    expect(stderr).toContain("sudo apt-get update && sudo apt-get install -y redis-server");
    expect(stderr).toContain("brew install redis");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.each([
    ["another server is named", ["--url", "redis://127.0.0.1:1"], 3, "127.0.0.1:1"],
    ["another program is named", ["--redis-server=/no/such/program"], 2, "/no/such/program"],
  ])("none is looked for if %s", (_, options, code, quoted) => {
    const { status, stderr } = start(options, { env: bare() });
    expect(stderr).not.toContain("apt-get");
    expect(stderr).toContain(quoted);
    expect(status).toBe(code);
  });

  test("none is needed to show the plan", () => {
    const { status, stdout } = start(["--dry-run", "--strategy", "lua"], { env: bare() });
    expect(stdout).toContain("lua");
    expect(status).toBe(0);
  });
});

test("a Node.js that is too old is told so before anything is installed", () => {
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.1' } })";
  const { status, stdout, stderr } = start([], { nodeOptions: ["--import", `data:text/javascript,${pretend}`] });
  expect(status).toBe(3);
  expect(stdout).toBe("");
  expect(stderr).toContain("Node.js 18.20.1 is too old: >=20.19 is needed");
});

describe("with all in place", () => {
  test("set-up says nothing, and options reach the run", () => {
    const { status, stdout, stderr } = start(["--dry-run", "--strategy", "lua", "--vus", "1234"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/round 1\W+lua/);
    expect(stdout).toMatch(/1,?234/);
    expect(status).toBe(0);
  });

  test("a scenario file takes the default one's place, wherever it stands", () => {
    const scenario = join(folder, "mine.yml");
    writeFileSync(scenario, "name: of-my-own\nvus: 77\nstrategy: [dedup]\n");
    for (const options of [
      [scenario, "--dry-run"],
      ["--dry-run", "mine.yml"],
    ]) {
      const { stdout, stderr, status } = start(options);
      expect(stderr).toBe("");
      expect(stdout).toContain("dedup");
      expect(stdout).toMatch(/\b77\b/);
      expect(status).toBe(0);
    }
  });

  test("a report's path is not taken for a scenario", () => {
    const { stderr } = start(["--dry-run", "--output", "report.yaml"]);
    expect(stderr).not.toContain("scenario");
  });

  test("wrong options end with the run's own message and code", () => {
    const { status, stdout, stderr } = start(["--vus", "many"]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("--vus");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("%s reaches the run itself, which ends in good order", async (signal, code) => {
    const shortTrials = [
      "--strategy",
      "lua",
      "--vus",
      "10",
      "--trials",
      "100",
      "--duration",
      "200ms",
      "--warmup",
      "0s",
    ];
    const options = [...shortTrials, "--output", "report.json"];
    const child = spawn(process.execPath, [inProject("bin/start.js"), ...options], { cwd: folder });
    let said = "";
    const hasStarted = new Promise((resolve) => {
      child.stderr.on("data", (data) => {
        said += data;
        if (/\blua\b/.test(said)) resolve();
      });
    });
    child.stdout.resume();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await Promise.race([hasStarted, ended]);
    child.kill(signal);
    expect(await ended, said).toBe(code);
  });
});

describe("the line that continuous integration ends with", () => {
  const passed = { status: "passed", assertionResults: [{ status: "passed" }, { status: "passed" }] };
  const failed = { status: "failed", assertionResults: [{ status: "passed" }, { status: "failed" }] };
  const notLoaded = { status: "failed", assertionResults: [] };

  test.each([
    ["all is well", { success: true, numPassedTests: 2, testResults: [passed] }, "2 passed, 0 failed\n", 0],
    ["a test fails", { success: false, numPassedTests: 3, testResults: [passed, failed] }, "3 passed, 1 failed\n", 1],
    [
      "a file is broken",
      { success: false, numPassedTests: 2, testResults: [passed, notLoaded] },
      "2 passed, 1 failed\n",
      1,
    ],
    ["there are no tests", { success: true, numPassedTests: 0, testResults: [] }, "0 passed, 0 failed\n", 1],
  ])("if %s", (_, results, line, code) => {
    const path = join(folder, "results.json");
    writeFileSync(path, JSON.stringify(results));
    const { stdout, status } = spawnSync(process.execPath, [inProject(".ci/closing-line.js"), path], {
      encoding: "utf8",
    });
    expect(stdout).toBe(line);
    expect(status).toBe(code);
  });
});

test("a clone that was not built yet says how", () => {
  mkdirSync(join(folder, "bin"));
  const copy = join(folder, "bin", "qbench.mjs");
  copyFileSync(inProject("bin/qbench.js"), copy);
  const { status, stdout, stderr } = spawnSync(process.execPath, [copy], { encoding: "utf8" });
  expect(status).toBe(3);
  expect(stdout).toBe("");
  expect(stderr).toContain("npm run build");
});

test("a build without packages says what to type", () => {
  for (const path of ["bin", "src"]) mkdirSync(join(folder, path));
  for (const file of [
    "bin/build.js",
    "bin/bundle.js",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
  ]) {
    copyFileSync(inProject(file), join(folder, file));
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "bin/build.js")], { encoding: "utf8" });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^qbench: there is no compiler here yet\n {2}type: npm install/);
});
