import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { combinationsOf, parseAt } from "../predict/grid.js";
import { planPredict } from "../predict/plan.js";
import { type PredictReport, predictReportSchema } from "../report/predict.js";
import { failureReportSchema } from "../report/schema.js";
import { resolveScenario } from "../scenario/load.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { runReport } from "./report.js";

/** The built command, as a user runs it. */
const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const qbench = (...args: string[]) =>
  execa(process.execPath, [BIN, "predict", ...args], { reject: false, timeout: 60_000, env: { FORCE_COLOR: "0" } });
const SHORT = ["--duration", "60ms", "--warmup", "40ms", "--trials", "1", "--strategy", "individual,lua"];

let test: TestRedis;
let folder: string;
beforeAll(async () => {
  test = await startTestRedis();
  folder = mkdtempSync(join(tmpdir(), "qbench-predict-"));
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("predicts every combination from one calibration, and holds it against what it measures", async () => {
  const path = join(folder, "predict.json");
  const url = `redis://127.0.0.1:${test.server.endpoint.port}`;
  const at = ["--at", "rtt=0,20ms", "--at", "vus=4,60"];
  const { stdout, exitCode } = await qbench(
    "--url",
    url,
    ...SHORT,
    ...at,
    "--measure",
    "--output",
    path,
    "--seed",
    "7",
  );
  expect(exitCode).toBe(0);
  const report: PredictReport = predictReportSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  expect(report).toMatchObject({ kind: "predict", complete: true, seed: 7 });
  expect(report.calibration.map(({ strategy, tripsPerEntry }) => [strategy, tripsPerEntry])).toEqual([
    ["individual", 6],
    ["lua", 1],
  ]);
  const cells = report.predictions.map(({ at: { rtt, vus }, strategy }) => [rtt, vus, strategy].join(" "));
  expect(cells).toEqual(["0 4", "0 60", "20ms 4", "20ms 60"].flatMap((cell) => [`${cell} individual`, `${cell} lua`]));
  for (const { at: place, tps, meanUs, measured, formula, strategy } of report.predictions) {
    expect((tps * meanUs) / 1e6).toBeCloseTo(Number(place.vus), 3);
    expect(measured?.rounds).toBe(1);
    expect(measured!.tpsOffBy).toBeCloseTo(tps / measured!.tps.median - 1, 9);
    expect(formula === undefined).toBe(strategy === "individual" || formula === undefined);
  }
  // Where the round trip is nearly all of it, the model cannot be far off on any machine.
  const far = report.predictions.find(
    ({ at: { rtt, vus }, strategy }) => rtt === "20ms" && vus === "4" && strategy === "lua",
  );
  expect(far).toMatchObject({ bottleneck: "network" });
  expect(far!.meanUs).toBeGreaterThan(20_000);
  expect(far!.meanUs).toBeLessThan(40_000);
  const off = report.predictions.map(({ measured }) => Math.abs(measured!.tpsOffBy));
  expect(report.offBy?.tps.worst).toBeCloseTo(Math.max(...off), 12);
  expect(await test.redis.keys("*")).toEqual([]);

  expect(stdout).toContain("Over 8 measured cells throughput was off by");
  const table = await runReport([path], { color: false });
  expect(stdout).toContain(table);
  expect(await runReport([path], { format: "markdown", color: false })).toContain("| rtt 20ms, vus 60 | lua |");
  const csv = await runReport([path], { format: "csv", color: false });
  expect(csv.split("\n")).toHaveLength(9);
  expect(csv).toMatch(/^20ms,60,lua,/m);
  await expect(runReport([path], { format: "svg", color: false })).rejects.toThrow(/predict, which has no svg form/);
});

describe("what is predicted", () => {
  it("is every combination, in the order given", () => {
    expect(combinationsOf(parseAt(["rtt=0,1ms", "connections=exclusive,shared"]))).toEqual([
      { rtt: "0", connections: "exclusive" },
      { rtt: "0", connections: "shared" },
      { rtt: "1ms", connections: "exclusive" },
      { rtt: "1ms", connections: "shared" },
    ]);
  });

  it("is measured in rounds, with the calibration, in an order that the seed draws", () => {
    const scenarioOf = (seed: number) =>
      resolveScenario({ flags: { seed, trials: "2", strategy: "individual,lua", pool: "5", rtt: "1ms" } }).scenario;
    const planOf = (seed: number) => {
      const scenario = scenarioOf(seed);
      const cells = ["10", "20"].map((vus) => ({ at: { vus }, scenario: { ...scenario, vus: Number(vus) } }));
      return planPredict({ scenario, cells, isMeasured: true });
    };
    const steps = planOf(7);
    expect(planOf(7)).toEqual(steps);
    expect(planOf(8)).not.toEqual(steps);
    for (const round of [0, 1]) {
      const own = steps.filter((step) => step.round === round);
      const calibrating = own.filter(({ setting }) => setting !== null);
      expect(new Set(calibrating.map(({ strategy, setting }) => `${strategy} ${setting}`)).size).toBe(8);
      expect(calibrating.every(({ scenario, setting }) => (scenario.rtt === null) === (setting !== "distant"))).toBe(
        true,
      );
      expect(own.flatMap(({ cell }) => cell ?? []).sort()).toEqual([0, 0, 1, 1]);
      expect(own.map(({ order }) => order)).toEqual(own.map((_, order) => order));
    }
  });

  it("is told by --dry-run, which connects to nothing", async () => {
    const { stdout, exitCode } = await qbench(...SHORT, "--url", "redis://127.0.0.1:1", "--measure", "--dry-run");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("8 trials to calibrate by, 6 of what is predicted");
    expect(stdout).toContain("  rtt 5ms: individual, lua");
  });
});

describe("what goes wrong is told in one message, on stdout as JSON", () => {
  it.each([
    [["--at", "vus"], 2, /--at "vus": expected an option and its values, as in --at rtt=0,1ms,5ms/],
    [["--at", "vuss=3"], 2, /--at "vuss=3": unknown option "vuss" \(did you mean "vus"\?\)/],
    [["--at", "vus=3,x"], 2, /--at "vus=3,x": expected a whole number from 1/],
    [["--at", "mix=new=100"], 2, /mix cannot be predicted from one calibration/],
    [["--at", "vus=3", "--at", "vus=4"], 2, /this option is given already/],
    [["--at", "vus=3,3"], 2, /a value is given twice/],
    [["--at", "rtt=2s"], 2, /expected a timeout longer than a round trip/],
    [["--poll-every", "1s"], 2, /the model knows nothing of poll-every/],
    [["--output", "x.svg"], 2, /expected a name that ends in/],
    [["--url", "redis://127.0.0.1:1"], 3, /127\.0\.0\.1:1/],
  ])("%j", async (args, code, message) => {
    const { stdout, stderr, exitCode } = await qbench(...args, "--json");
    expect([exitCode, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(failureReportSchema.parse(JSON.parse(stdout as string))).toMatchObject({ kind: "predict", error: { code } });
  });

  it("Ctrl-C ends it with what there is, and no key is left", async () => {
    const url = `redis://127.0.0.1:${test.server.endpoint.port}`;
    const running = qbench("--url", url, ...SHORT, "--trials", "500", "--json");
    const keys = (): Promise<string[]> => test.redis.keys("*");
    for (let i = 0; i < 2000 && !(await keys()).some((key) => /:[4-9]\}/.test(key)); i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    running.kill("SIGINT");
    const { stdout, exitCode } = await running;
    expect(exitCode).toBe(130);
    const report = predictReportSchema.parse(JSON.parse(stdout as string));
    expect(report).toMatchObject({ complete: false, error: { code: 130, kind: "interrupted" } });
    expect(await keys()).toEqual([]);
  });
});
