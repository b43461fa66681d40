import { describe, expect, it } from "vitest";
import { trialReport } from "../report/builder.js";
import { sweepReportSchema } from "../report/sweep.js";
import { againstText, crossoverText, kneeText, leadText } from "../report/sweep-words.js";
import { trialOf } from "../report/testing.js";
import { renderSweepCsv, renderSweepMarkdown, renderSweepTable } from "../reporters/sweep-text.js";
import { keyOf } from "./plan.js";
import { runSweep, type SweepResult } from "./procedure.js";
import { measureBy, NEVER, planOf, reportOn, SILENT, sweepReportOf } from "./testing.js";

/** lua is best at 20 connections; individual grows with them and overtakes it between 30 and 40. */
const byPool = (strategy: string, [pool = 0]: readonly number[]): number =>
  strategy === "lua" ? 30_000 - 20 * (pool - 20) ** 2 : 600 * pool;

describe("what a sweep finds", () => {
  it("names the best value of an axis, and whether the next one is worse", async () => {
    const report = await sweepReportOf(planOf(["pool=10,20,30,50"]), byPool);
    const [individual, lua] = report.knees;
    expect(lua).toMatchObject({ axis: "pool", strategy: "lua", best: { pool: "20" }, next: { pool: "30" } });
    expect(lua!.against).toMatchObject({ verdict: "slower", rounds: 5 });
    expect(lua!.against!.ratio).toBeCloseTo(28 / 30, 1);
    expect(individual).toMatchObject({ best: { pool: "50" }, next: null, against: null });
    expect(kneeText(report, lua!)).toMatch(/^lua, along pool: best at 20, [\d,]+\/s; at 30 ×0\.9\d \(.*\), slower$/);
    expect(kneeText(report, individual!)).toContain("the last value: more may do better");
  });

  it("finds no difference where there is none", async () => {
    const report = await sweepReportOf(planOf(["pool=10,20"]), () => 10_000);
    for (const { against } of report.knees) expect(against?.verdict ?? "no-difference").toBe("no-difference");
    for (const point of report.points) expect(leadText(point)).toMatch(/^\w+ or \w+$/);
  });

  it("compares every cell with the same strategy at the first values: 3000 on 20 with 5000 on 50", async () => {
    const plan = planOf(["vus=3000,5000", "pool=20,50"]);
    const slower = (_: string, [vus = 0, pool = 0]: readonly number[]): number =>
      vus > 3000 && pool > 20 ? 9000 : 10_000;
    const report = await sweepReportOf(plan, slower);
    const cell = report.points.find(({ values }) => values.vus === "5000" && values.pool === "50")!.strategies[0]!;
    expect(cell.vsFirst).toMatchObject({ verdict: "slower" });
    expect(cell.vsFirst!.ratio).toBeCloseTo(0.9, 1);
    expect(report.points[0]!.strategies[0]!.vsFirst).toBeNull();
  });

  it("finds where one strategy overtakes another, with an interval that holds the place", async () => {
    const report = await sweepReportOf(planOf(["pool=10,20,30,40,50"]), byPool);
    const [crossover] = report.crossovers;
    expect(report.crossovers).toHaveLength(1);
    expect(crossover).toMatchObject({ axis: "pool", before: "lua", after: "individual", held: {}, scale: "linear" });
    // 30,000 − 20 (p − 20)² = 600 p
    const truth = 5 + Math.sqrt(25 + 1100);
    expect(crossover!.low!).toBeLessThan(crossover!.at);
    expect(crossover!.high!).toBeGreaterThan(crossover!.at);
    // Between two values the ratio is taken for a straight line, which it is not quite.
    expect(Math.abs(crossover!.at - truth)).toBeLessThan(1);
    expect(crossoverText(report, crossover!)).toMatch(
      /^individual overtakes lua at pool 3\d\.\d \(95 %: .* to .*\), between 30 and 40, which were measured$/,
    );
  });

  it.each(["tps", "p99"] as const)(
    "has nobody lead or overtake by rounds in which the other served nobody, by %s",
    async (figure) => {
      const plan = planOf(["pool=10,20,30,40"], { figure });
      const { results } = await runSweep(plan, [], measureBy(plan, byPool), SILENT, NEVER);
      const silent = (result: SweepResult): SweepResult =>
        result.strategy === "individual" && result.point[0] === 3 && result.round === 2
          ? { ...result, trial: trialReport(trialOf("individual", 2, { tps: 0, timeouts: 9 })) }
          : result;
      expect(reportOn(plan, results).crossovers).toHaveLength(1);
      const report = reportOn(plan, results.map(silent));
      expect(report.crossovers).toEqual([]);
      expect(report.points[3]!.lead!.against).toMatchObject({ verdict: "not-comparable", ratio: null });
      expect(report.points[3]!.strategies[0]!.vsFirst).toMatchObject({ verdict: "not-comparable" });
      expect(report.points[2]!.lead!.against).toMatchObject({ verdict: "faster" });
      expect(report.warnings.map(({ code }) => code)).toContain("served-nobody");
      expect(againstText(report.points[3]!.lead!.against)).toBe("not comparable");
    },
  );

  it("is of latency the other way round: less is better", async () => {
    const report = await sweepReportOf(planOf(["pool=10,20,30,50"], { figure: "p99" }), byPool);
    expect(report.knees.find(({ strategy }) => strategy === "lua")).toMatchObject({ best: { pool: "20" } });
    expect(report.crossovers[0]).toMatchObject({ before: "lua", after: "individual" });
  });

  it("measures the cells that it may, the crossover among them", async () => {
    const pools = `pool=${Array.from({ length: 33 }, (_, i) => 10 + i)}`;
    const report = await sweepReportOf(planOf([pools], { maxCells: 20 }), byPool);
    const cells = report.points.length * 2;
    expect(cells).toBe(20);
    expect(report.sweep).toMatchObject({ cells: 66, maxCells: 20 });
    expect(report.sweep.waves).toBeGreaterThan(1);
    // The neighbours of the crossover at 38.5 are next to each other.
    expect(report.points.map(({ values }) => values.pool)).toEqual(expect.arrayContaining(["38", "39"]));
    expect(report.warnings.map(({ code }) => code)).toContain("not-all-cells");
  });
});

describe("a sweep that is taken up again", () => {
  const plan = planOf([`pool=${Array.from({ length: 9 }, (_, i) => 10 + 5 * i)}`], { maxCells: 10, trials: 2 });
  const measure = measureBy(plan, byPool);

  it("measures only what is missing, and comes to the same, wherever it was cut", async () => {
    const whole = (await runSweep(plan, [], measure, SILENT, NEVER)).results;
    for (const cut of [0, 1, 7, whole.length - 1, whole.length]) {
      const asked: SweepResult[] = [];
      const observer = { trialStarted() {}, trialFinished: (result: SweepResult) => void asked.push(result) };
      const { results } = await runSweep(plan, whole.slice(0, cut), measure, observer, NEVER);
      expect(results).toEqual(whole);
      expect(asked).toEqual(whole.slice(cut));
    }
  });

  it("keeps what it has when it is interrupted, whole trials only", async () => {
    const controller = new AbortController();
    let measured = 0;
    const { results, error } = await runSweep(
      plan,
      [],
      async (trial) => {
        measured += 1;
        if (measured === 4) controller.abort("SIGINT");
        return measure(trial);
      },
      SILENT,
      controller.signal,
    );
    expect([results.length, error?.exitCode]).toEqual([3, 130]);
  });
});

describe("the report", () => {
  it("is what its schema says, and reads as table, Markdown and CSV", async () => {
    const plan = planOf(["vus=100,200", "pool=10,20"], { trials: 2, strategies: ["individual", "lua"] });
    const report = await sweepReportOf(plan, (strategy, numbers) => byPool(strategy, numbers.slice(1)) + 1000);
    expect(sweepReportSchema.safeParse(JSON.parse(JSON.stringify(report))).error).toBeUndefined();
    expect(report.points.map(({ values }) => values)).toEqual([
      { vus: "100", pool: "10" },
      { vus: "100", pool: "20" },
      { vus: "200", pool: "10" },
      { vus: "200", pool: "20" },
    ]);
    const table = renderSweepTable(report, { color: false });
    expect(table).toMatch(/^vus +pool +individual +lua +leads$/m);
    expect(table).toMatch(/^best +individual, along vus at pool 10: /m);
    const lines = renderSweepCsv(report).trimEnd().split("\n");
    expect(lines).toHaveLength(1 + 4 * 2 * 2);
    expect(lines[0]).toMatch(/^axis_vus,axis_pool,strategy,wave,round,/);
    expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
    expect(renderSweepMarkdown(report)).toMatch(/^\| 200 \| 20 \| .* \| .* \| .* \|$/m);
  });

  it("says what is cut short", async () => {
    const plan = planOf(["pool=10,20"]);
    const { results } = await runSweep(plan, [], measureBy(plan, byPool), SILENT, NEVER);
    expect(new Set(results.map(({ point }) => keyOf(point))).size).toBe(2);
    const whole = await sweepReportOf(plan, byPool);
    const cut = { ...whole, complete: false, points: [], knees: [], crossovers: [] };
    expect(renderSweepTable(cut, { color: false })).toContain("cut short");
  });
});
