import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { until } from "../engine/testing/program.js";
import { ownSite } from "../engine/testing/site.js";
import { type CapacityReport, capacityReportSchema } from "../report/capacity.js";
import { runReport } from "./report.js";
import { expectFailure, expectMistake, inProcess } from "./testing.js";

/** The built command, as a user runs it, where it measures; its words about arguments in this process. */
const site = ownSite();

const SMALL = ["--duration", "100ms", "--warmup", "0", "--history", "16MB"];
const capacity = (...args: string[]) => site.on("capacity", ...SMALL, ...args);
const reportIn = (stdout: string): CapacityReport => capacityReportSchema.parse(JSON.parse(stdout));

it("climbs, by turns, and offers what it says", async () => {
  const paths = Object.fromEntries(["json", "txt", "md", "csv"].map((one) => [one, site.path(`capacity.${one}`)]));
  const { stdout, stderr, exitCode } = await capacity(
    ...["--strategy", "individual,lua", "--start-rate", "200", "--max-rate", "400", "--confirmations", "2"],
    // A level that any machine keeps at such rates.
    ...["--slo", "p50<60s,success>=0%", "--json"],
    ...Object.values(paths).flatMap((path) => ["--output", path]),
  ).ended;
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
  expect(await site.keys()).toEqual([]);

  const read = (ending: string): string => readFileSync(paths[ending] as string, "utf8");
  expect(JSON.parse(read("json"))).toEqual(JSON.parse(stdout));
  expect(read("txt")).toMatch(/^looked for +the highest arrival rate at which p50<60s and success>=0%$/m);
  const json = paths.json as string;
  expect(await runReport([json], { color: false })).toBe(read("txt").trimEnd());
  expect(await runReport([json], { color: false, format: "csv" })).toBe(read("csv").trimEnd());
  expect(read("md")).toContain("| individual |");
});

it("says that a level which cannot be kept is not kept, with what showed it and what was the limit", async () => {
  // One connection with a round trip of 10 ms takes a hundred entries a second: arrivals queue up behind it.
  const slow = ["--strategy", "lua", "--pool", "1", "--rtt", "10ms", "--slo", "p50<30ms"];
  const { stdout, exitCode } = await capacity(...slow, "--start-rate", "500", "--max-steps", "4", "--json").ended;
  expect(exitCode).toBe(0);
  const [lua] = reportIn(stdout).strategies;
  expect(lua).toMatchObject({ end: "too-few-steps", capacityPerSec: null, lower: null });
  expect(lua!.steps.map(({ ratePerSec }) => ratePerSec)).toEqual([500, 500, 250, 250]);
  expect(lua!.limit!.reasons.join()).toMatch(/p50 [\d.]+ ms/);
  // All were answered in the end, long after the last arrival: that the offer was too small cannot be said.
  for (const { trial } of lua!.steps) expect(trial.limiter).not.toBe("offered-load");
  expect(lua!.limit!.limiter).not.toBe("offered-load");
});

it("--dry-run tells the level and the time, and connects to nothing", async () => {
  const args = ["--strategy", "lua", "--dry-run", "--seed", "7"];
  const slow = await inProcess("capacity", ...args, "--max-rate", "500");
  expect(slow).toMatchObject({ text: expect.stringMatching(/^rates +from 500\/s, at most 500\/s$/m) });
  const result = await inProcess("capacity", "--url", "redis://127.0.0.1:1", ...args);
  expect(result).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^must hold +p95<200ms, success>99%$/m) });
  expect(result).toMatchObject({
    text: expect.stringMatching(/^takes +usually about 1m12s, at most about 2m40s; seed 7$/m),
  });
});

describe("what goes wrong is told in one message", () => {
  it.each([
    [["--slo", "p95<200ms,sucess>99%"], /--slo "sucess>99%": unknown figure "sucess"/],
    [["--precision", "0.1%", "--max-steps", "x"], /--max-steps: expected.*\n.*--precision: expected 1% to 50%/],
    [["--start-rate", "5k", "--max-rate", "1k"], /--start-rate: expected at most --max-rate, which is 1000, got 5000/],
    [["--rate", "5k"], /unknown option '--rate'/],
    [["ticket-opening"], /arrival: spike changes the rate while a trial lasts/],
  ])("%j", (args, message) => expectMistake("capacity", args, message));

  it("where no server is, on stdout as JSON", async () => {
    const ended = await site.world.command("capacity", "--url", "redis://127.0.0.1:1", "--json").ended;
    expectFailure(ended, "capacity", 3, /127\.0\.0\.1:1/);
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
    const calls = async (): Promise<number> => (await site.calls()).evalsha ?? 0;
    const before = await calls();
    await until(async () => (await calls()) >= before + 1200);
    running.kill("SIGINT");
    const { stdout, exitCode } = await running.ended;
    expect(exitCode).toBe(130);
    expect(reportIn(stdout)).toMatchObject({ complete: false, error: { code: 130 } });
    expect(await site.keys()).toEqual([]);
  });
});
