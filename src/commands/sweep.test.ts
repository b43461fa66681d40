import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { until } from "../engine/testing/program.js";
import { ownSite } from "../engine/testing/site.js";
import { type SweepReport, sweepReportSchema } from "../report/sweep.js";
import { renderSweepTable } from "../reporters/sweep-text.js";
import { planOf, sweepReportOf } from "../sweep/testing.js";
import { type ReportOptions, runReport } from "./report.js";
import { expectFailure, expectMistake, inProcess } from "./testing.js";

/** The built command, as a user runs it, where it measures; its words about arguments in this process. */
const site = ownSite();

const SMALL = ["--entries", "200", "--warmup", "0", "--history", "8MB"];
const sweep = (...args: string[]) => site.on("sweep", ...SMALL, ...args);
const reportIn = (stdout: string): SweepReport => sweepReportSchema.parse(JSON.parse(stdout));

it("measures every cell, each as its values say, and leaves nothing behind", async () => {
  const paths = Object.fromEntries(["json", "txt", "md", "csv", "svg"].map((one) => [one, site.path(`sweep.${one}`)]));
  const { stdout, stderr, exitCode } = await sweep(
    ...["--axis", "vus=20,40", "--axis", "pool=2,4", "--axis", "strategy=individual,lua", "--trials", "2", "--json"],
    ...Object.values(paths).flatMap((path) => ["--output", path]),
  ).ended;
  expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/bug/)]);
  expect(stderr).toContain("8 cells, 2 trials of 200 entries each");
  const report = reportIn(stdout);
  expect(report).toMatchObject({ complete: true, sweep: { cells: 8, strategies: ["individual", "lua"], waves: 1 } });
  expect(report.points.map(({ values }) => `${values.vus} ${values.pool}`)).toEqual(["20 2", "20 4", "40 2", "40 4"]);
  for (const { strategies, values } of report.points) {
    for (const { name, trials } of strategies) {
      expect(trials.map(({ round }) => round)).toEqual([0, 1]);
      for (const { entries, audit, server, inProgress } of trials) {
        expect([entries.succeeded, audit.ok, server.callsPerEntry]).toEqual([200, true, name === "lua" ? 1 : 6]);
        expect(inProgress!.expected).toBeLessThan(1.5 * Number(values.vus));
      }
    }
  }
  expect(await site.keys()).toEqual([]);

  const read = (ending: string): string => readFileSync(paths[ending] as string, "utf8");
  expect(JSON.parse(read("json"))).toEqual(JSON.parse(stdout));
  expect(read("txt")).toMatch(/^40 +4 +[\d,.]+\/s +[\d,.]+\/s/m);
  expect(read("svg")).toContain("tps by vus × pool");
  expect(read("csv").trimEnd().split("\n")).toHaveLength(1 + 16);
  const json = paths.json as string;
  const rendered = (options: Partial<ReportOptions>) => runReport([json], { color: false, ...options });
  expect(await rendered({})).toBe(read("txt").trimEnd());
  expect(await rendered({ format: "markdown" })).toBe(read("md").trimEnd());
  expect(await rendered({ format: "svg", chart: "crossover" })).toContain("<svg");
  await expect(rendered({ format: "svg", chart: "tps" })).rejects.toThrow(/no chart tps of a sweep/);
  await expect(runReport([json, json], { color: false, format: "svg" })).rejects.toThrow(/drawn alone/);
});

it("opens what each cell needs: threads, and one that paces", async () => {
  const args = ["--axis", "rate=1k,4k", "--strategy", "lua", "--trials", "1"];
  const { stdout, exitCode } = await sweep(...args, "--json", "--axis", "instances=1,2", "--vus", "50").ended;
  expect(exitCode).toBe(0);
  const { points } = reportIn(stdout);
  expect(points).toHaveLength(4);
  for (const { strategies, values } of points) {
    const [trial] = strategies[0]!.trials;
    expect(trial!.pacing!.planned).toBe(200);
    // Without the pacing thread there is no such figure.
    expect(trial!.pacing!.cpuUtilization).not.toBeNull();
    expect(trial!.generator.threads).toHaveLength(Number(values.instances));
  }
});

it("goes on where it was cut, under the seed that it had", async () => {
  const path = site.path("resume.jsonl");
  const args = ["--axis", "vus=10,20,30", "--strategy", "lua", "--trials", "6", "--resume", path, "--json"];
  const lines = (): number => (existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0);
  const first = sweep(...args);
  await until(() => lines() > 5);
  first.kill("SIGKILL");
  await first.ended;
  const kept = lines();
  expect(kept).toBeLessThan(1 + 18);
  // As if the last line had been cut short too.
  appendFileSync(path, '{"wave":0,"ro');
  const { stdout, stderr, exitCode } = await sweep(...args).ended;
  expect(exitCode).toBe(0);
  expect(stderr).toContain(`${kept - 1} trials are there already`);
  const report = reportIn(stdout);
  expect(lines()).toBe(1 + 18);
  expect(report.seed).toBe(JSON.parse(readFileSync(path, "utf8").split("\n")[0]!).plan.seed);
  for (const { strategies } of report.points) expect(strategies[0]!.trials).toHaveLength(6);
  const other = [...SMALL, ...args, "--pool", "3", "--quiet"];
  await expectMistake("sweep", other, /another sweep:\n.*scenario.pool: 20 there, 3 here/);
  expect(await site.keys()).toEqual([]);
});

it("Ctrl-C ends it with what there is", async () => {
  const args = ["--axis", "vus=10,20", "--strategy", "lua", "--trials", "500", "--json"];
  const path = site.path("cut.jsonl");
  const running = sweep(...args, "--resume", path);
  await until(() => existsSync(path) && readFileSync(path, "utf8").split("\n").length > 4);
  running.kill("SIGINT");
  const { stdout, exitCode } = await running.ended;
  expect(exitCode).toBe(130);
  const report = reportIn(stdout);
  expect(report).toMatchObject({ complete: false, error: { code: 130 } });
  expect(report.points[0]!.strategies[0]!.trials).not.toEqual([]);
  expect(await site.keys()).toEqual([]);
});

it.each([
  [1, /^10 +[\d,]+\/s +lua\n +server\n/m, /median of the trials; ratio/],
  [
    2,
    /^10 +[\d,]+\/s +lua\n +[\d,.k]+–[\d,.k]+\n +server/m,
    /; the interval that holds the true one \(50.0 % sure\); ratio/,
  ],
])("tells the interval of a cell only where there is one: %i trials", async (trials, row, legend) => {
  const plan = planOf(["pool=10,20"], { trials, strategies: ["lua"] });
  const text = renderSweepTable(await sweepReportOf(plan, () => 100_000), { color: false });
  expect(text).toMatch(row);
  expect(text.replace(/\s+/g, " ")).toMatch(legend);
});

it("--dry-run tells the cells and the time, and connects to nothing", async () => {
  const args = ["--axis", `vus=${Array.from({ length: 20 }, (_, i) => 10 * (i + 1))}`, "--strategy", "lua,dedup"];
  const dry = async (...more: string[]): Promise<string> => {
    const url = "redis://127.0.0.1:1";
    const result = await inProcess("sweep", "--url", url, ...args, "--max-cells", "12", "--dry-run", ...more);
    return "text" in result ? result.text : result.message;
  };
  const text = await dry();
  expect(text).toMatch(/^cells +12, 6 of them first, the others where these change most$/m);
  expect(text).toMatch(/about 2m45s; seed \d+$/m);
  const document = JSON.parse(await dry("--json", "--seed", "7"));
  expect(document).toMatchObject({ kind: "plan", seed: 7, cells: 12 });
  expect(document.trials).toHaveLength(6 * 5);
});

describe("what goes wrong is told in one message", () => {
  it.each([
    [[], /there is no axis/],
    [["--axis", "vsu=1,2", "--axis", "pool=x,3"], /did you mean "vus".*\n.*expected a whole number/],
    [["--axis", "vus=1,2", "--vus", "3"], /--vus: an axis says it already/],
    [["--axis", "vus=2,50", "--instances", "4"], /at vus 2: .*expected at least one virtual user for each instance/],
    [["--axis", "vus=10,20", "--figure", "p98"], /--figure: unknown figure "p98"/],
    [["--axis", "vus=10,20,30", "--max-cells", "3"], /--max-cells: expected 8 at least, got 3/],
    [["--axis", "vus=10,20", "--resume", "x.json"], /--resume x.json: expected a name that ends in .jsonl/],
  ])("%j", (args, message) => expectMistake("sweep", args, message));

  it("where no server is, on stdout as JSON", async () => {
    const args = ["--axis", "vus=10,20", "--url", "redis://127.0.0.1:1", "--json"];
    expectFailure(await site.world.command("sweep", ...args).ended, "sweep", 3, /127\.0\.0\.1:1/);
  });

  it("a file of somebody else's is not written to", async () => {
    const path = site.path("notes.jsonl");
    writeFileSync(path, "my notes\n");
    await expectMistake("sweep", ["--axis", "vus=10,20", "--resume", path], /is no file of a sweep/);
    expect(readFileSync(path, "utf8")).toBe("my notes\n");
  });
});
