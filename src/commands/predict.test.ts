import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { until } from "../engine/testing/program.js";
import { ownSite } from "../engine/testing/site.js";
import { combinationsOf, parseAt } from "../predict/grid.js";
import { planPredict } from "../predict/plan.js";
import { type PredictReport, predictReportSchema } from "../report/predict.js";
import { shortTrials } from "../report/predict-warnings.js";
import { resolveScenario } from "../scenario/load.js";
import { runReport } from "./report.js";
import { expectFailure, expectMistake, inProcess } from "./testing.js";

/** The built command, as a user runs it, where it measures; its words about arguments in this process. */
const site = ownSite();
const SHORT = ["--duration", "60ms", "--warmup", "40ms", "--trials", "1", "--strategy", "individual,lua"];

it("predicts every combination from one calibration, and holds it against what it measures", async () => {
  const path = site.path("predict.json");
  const at = ["--at", "rtt=0,20ms", "--at", "vus=4,60"];
  const { stdout, exitCode } = await site.on("predict", ...SHORT, ...at, "--measure", "--output", path, "--seed", "7")
    .ended;
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
  // In 60 ms of trial entries of 20 ms and more hardly come round.
  expect(report.warnings.map(({ code }) => code)).toContain("short-trials");
  // Where the round trip is nearly all of it, the model cannot be far off on any machine.
  const far = report.predictions.find(
    ({ at: { rtt, vus }, strategy }) => rtt === "20ms" && vus === "4" && strategy === "lua",
  );
  expect(far).toMatchObject({ bottleneck: "network" });
  const { measured: calibrated, wakeUs } = report.calibration.find(({ strategy }) => strategy === "lua")!;
  expect(far!.meanUs).toBeGreaterThan(20_000);
  // What a trip takes here and what it takes to wake up come on top, for each of the four before the other.
  expect(far!.meanUs).toBeLessThan(20_000 + wakeUs + 4 * calibrated.alone.meanUs);
  const off = report.predictions.map(({ measured }) => Math.abs(measured!.tpsOffBy));
  expect(report.offBy?.tps.worst).toBeCloseTo(Math.max(...off), 12);
  expect(await site.keys()).toEqual([]);

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
    const result = await inProcess("predict", ...SHORT, "--url", "redis://127.0.0.1:1", "--measure", "--dry-run");
    expect(result).toMatchObject({
      exitCode: 0,
      text: expect.stringMatching(
        /8 trials to calibrate by, 6 of what is predicted[\s\S]*\n {2}rtt 5ms: individual, lua/,
      ),
    });
  });
});

it("warns of trials that were too short for what is predicted", () => {
  const measured = { rounds: 1 };
  expect(shortTrials(1000, [{ meanUs: 190_000, measured }, { meanUs: 900_000 }])).toEqual([]);
  const [warning] = shortTrials(1000, [
    { meanUs: 210_000, measured },
    { meanUs: 1e6, measured },
    { meanUs: 5, measured },
  ]);
  expect(warning).toMatchObject({
    code: "short-trials",
    message: expect.stringMatching(/^2 of 3 .*--duration 5s or more$/),
  });
});

describe("what goes wrong is told in one message", () => {
  it.each([
    [["--at", "vus"], /--at "vus": expected an option and its values, as in --at rtt=0,1ms,5ms/],
    [["--at", "vuss=3"], /--at "vuss=3": unknown option "vuss" \(did you mean "vus"\?\)/],
    [["--at", "vus=3,x"], /--at "vus=3,x": expected a whole number from 1/],
    [["--at", "mix=new=100"], /mix cannot be predicted from one calibration/],
    [["--at", "vus=3", "--at", "vus=4"], /this option is given already/],
    [["--at", "vus=3,3"], /a value is given twice/],
    [["--at", "rtt=2s"], /expected a timeout longer than a round trip/],
    [["--poll-every", "1s"], /the model knows nothing of poll-every/],
    [["--output", "x.svg"], /expected a name that ends in/],
  ])("%j", (args, message) => expectMistake("predict", args, message));

  it("where no server is, on stdout as JSON", async () => {
    const ended = await site.world.command("predict", "--url", "redis://127.0.0.1:1", "--json").ended;
    expectFailure(ended, "predict", 3, /127\.0\.0\.1:1/);
  });

  it("Ctrl-C ends it with what there is, and no key is left", async () => {
    const running = site.on("predict", ...SHORT, "--trials", "500", "--json");
    await until(async () => (await site.keys()).some((key) => /:[4-9]\}/.test(key)));
    running.kill("SIGINT");
    const { stdout, exitCode } = await running.ended;
    expect(exitCode).toBe(130);
    const report = predictReportSchema.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ complete: false, error: { code: 130, kind: "interrupted" } });
    expect(await site.keys()).toEqual([]);
  });
});
