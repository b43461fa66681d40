import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type CapacityReport, capacityReportSchema } from "../report/capacity.js";
import { failureReportSchema } from "../report/schema.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { runReport } from "./report.js";

/** The built command, as a user runs it. */
const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const qbench = (...args: string[]) =>
  execa(process.execPath, [BIN, ...args], { reject: false, timeout: 60_000, env: { FORCE_COLOR: "0" } });
// Whole programs, whose threads start others, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let test: TestRedis;
let url: string;
let folder: string;
beforeAll(async () => {
  test = await startTestRedis();
  url = `redis://127.0.0.1:${test.server.endpoint.port}`;
  folder = mkdtempSync(join(tmpdir(), "qbench-capacity-"));
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

const SMALL = ["--duration", "100ms", "--warmup", "0", "--history", "16MB"];
const capacity = (...args: string[]) => qbench("capacity", "--url", url, ...SMALL, ...args);
const reportIn = (stdout: unknown): CapacityReport => capacityReportSchema.parse(JSON.parse(stdout as string));

it("climbs, by turns, and offers what it says", async () => {
  const paths = Object.fromEntries(["json", "txt", "md", "csv"].map((one) => [one, join(folder, `capacity.${one}`)]));
  const { stdout, stderr, exitCode } = await capacity(
    ...["--strategy", "individual,lua", "--start-rate", "200", "--max-rate", "400", "--confirmations", "2"],
    // A level that any machine keeps at such rates.
    ...["--slo", "p50<60s,success>=0%", "--json"],
    ...Object.values(paths).flatMap((path) => ["--output", path]),
  );
  expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/bug/)]);
  expect(stderr).toContain("the highest rate for individual, lua: usually about");
  const report = reportIn(stdout);
  expect(report).toMatchObject({ complete: true, capacity: { slo: ["p50<60s", "success>=0%"], maxSteps: 40 } });
  for (const { steps } of report.strategies) {
    expect(steps[0]).toMatchObject({ phase: "climb", ratePerSec: 200 });
    for (const { ratePerSec, trial } of steps) {
      // As many as fit into 100 ms.
      expect(trial.pacing!.planned).toBe(Math.ceil(ratePerSec / 10));
    }
  }
  expect(await test.redis.keys("*")).toEqual([]);

  const read = (ending: string): string => readFileSync(paths[ending] as string, "utf8");
  expect(JSON.parse(read("json"))).toEqual(JSON.parse(stdout as string));
  expect(read("txt")).toMatch(/^looked for +the highest arrival rate at which p50<60s and success>=0%$/m);
  const json = paths.json as string;
  expect(await runReport([json], { color: false })).toBe(read("txt").trimEnd());
  expect(await runReport([json], { color: false, format: "csv" })).toBe(read("csv").trimEnd());
  expect(read("md")).toContain("| individual |");
});

it("says that a level which nothing keeps is not kept, with what showed it", async () => {
  const args = ["--strategy", "lua", "--slo", "p50<1us", "--start-rate", "50", "--max-steps", "4", "--json"];
  const { stdout, exitCode } = await capacity(...args);
  expect(exitCode).toBe(0);
  const [lua] = reportIn(stdout).strategies;
  expect(lua).toMatchObject({ end: "too-few-steps", capacityPerSec: null, lower: null });
  expect(lua!.steps.map(({ ratePerSec }) => ratePerSec)).toEqual([50, 50, 25, 25]);
  expect(lua!.limit!.reasons.join()).toMatch(/p50 [\d.]+ [µm]s/);
});

it("--dry-run tells the level and the time, and connects to nothing", async () => {
  const args = ["--strategy", "lua", "--dry-run", "--seed", "7"];
  const { stdout, exitCode } = await qbench("capacity", "--url", "redis://127.0.0.1:1", ...args);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^must hold +p95<200ms, success>99%$/m);
  expect(stdout).toMatch(/^takes +usually about 1m12s, at most about 2m40s; seed 7$/m);
});

describe("what goes wrong is told in one message, on stdout as JSON", () => {
  it.each([
    [["--slo", "p95<200ms,sucess>99%"], 2, /--slo "sucess>99%": unknown figure "sucess"/],
    [["--precision", "0.1%", "--max-steps", "x"], 2, /--max-steps: expected.*\n.*--precision: expected 1% to 50%/],
    [["--rate", "5k"], 2, /unknown option '--rate'/],
    [["ticket-opening"], 2, /arrival: spike changes the rate while a trial lasts/],
    [["--url", "redis://127.0.0.1:1"], 3, /127\.0\.0\.1:1/],
  ])("%j", async (args, code, message) => {
    const { stdout, stderr, exitCode } = await qbench("capacity", ...args, "--json");
    expect([exitCode, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(failureReportSchema.parse(JSON.parse(stdout as string))).toMatchObject({
      kind: "capacity",
      error: { code },
    });
  });

  it("Ctrl-C ends it with what there is", async () => {
    const running = capacity(
      "--strategy",
      "lua",
      "--max-steps",
      "900",
      "--precision",
      "1%",
      "--duration",
      "300ms",
      "--json",
    );
    const calls = async (): Promise<number> =>
      Number((await test.redis.info("commandstats")).match(/cmdstat_evalsha:calls=(\d+)/)?.[1] ?? 0);
    const before = await calls();
    for (let i = 0; i < 2000 && (await calls()) < before + 1200; i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    running.kill("SIGINT");
    const { stdout, exitCode } = await running;
    expect(exitCode).toBe(130);
    expect(reportIn(stdout)).toMatchObject({ complete: false, error: { code: 130 } });
    expect(await test.redis.keys("*")).toEqual([]);
  });
});
