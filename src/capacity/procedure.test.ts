import { describe, expect, it } from "vitest";
import { trialReport } from "../report/builder.js";
import { buildCapacityReport, type CapacityReport, capacityReportSchema } from "../report/capacity.js";
import { ENVIRONMENT, SCENARIO, TARGET, trialOf } from "../report/testing.js";
import { renderCapacityCsv, renderCapacityMarkdown, renderCapacityTable } from "../reporters/capacity-text.js";
import { type CapacityPlan, type CapacityStep, runCapacity } from "./procedure.js";
import { parseServiceLevel } from "./service-level.js";

const CAPACITIES: Readonly<Record<string, number>> = { individual: 12_000, lua: 40_000 };
const STRATEGIES = Object.keys(CAPACITIES);
const PLAN: CapacityPlan = {
  strategies: STRATEGIES,
  level: parseServiceLevel("p95<10s,success>99%", STRATEGIES),
  search: { startPerSec: 1000, mostPerSec: 1_000_000, precision: 0.05, confirmations: 3, maxSteps: 40 },
  seed: 7,
  scenario: { ...SCENARIO, strategies: STRATEGIES, ratePerSec: 1000 },
};
const NEVER = new AbortController().signal;
const SILENT = { stepStarted() {}, stepFinished() {} };

/** Beyond its capacity a third of the entries time out. */
const measure = async ({ strategy, ratePerSec, step }: CapacityStep) =>
  trialReport(trialOf(strategy, step, { tps: 1000, timeouts: ratePerSec > (CAPACITIES[strategy] ?? 0) ? 1000 : 0 }));

async function reportBy(by: typeof measure, signal = NEVER): Promise<CapacityReport> {
  const outcome = await runCapacity(PLAN, by, SILENT, signal);
  return buildCapacityReport({
    plan: PLAN,
    target: TARGET,
    environment: ENVIRONMENT,
    ...outcome,
    startedAt: new Date("2026-03-01T12:00:00Z"),
    durationMs: 60_000,
    warnings: [],
  });
}

describe("a search over several strategies", () => {
  it("finds the capacity of each, by turns, and says who takes more", async () => {
    const report = await reportBy(measure);
    expect(capacityReportSchema.safeParse(JSON.parse(JSON.stringify(report))).error).toBeUndefined();
    for (const { name, end, lower, higher } of report.strategies) {
      expect(end).toBe("found");
      expect(lower!.ratePerSec).toBeLessThanOrEqual(CAPACITIES[name]!);
      expect(higher!.ratePerSec).toBeGreaterThan(CAPACITIES[name]!);
    }
    const [individual, lua] = report.strategies;
    expect(lua!.vsBaseline).toMatchObject({ baseline: "individual", verdict: "more" });
    expect(lua!.limit).toEqual({ limiter: "server", reasons: ["successRate 75.0 %"] });
    for (const { steps } of [individual!, lua!]) expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i));
    expect(new Set(lua!.steps.map(({ order }) => order)).size).toBe(2);

    const table = renderCapacityTable(report, { color: false });
    expect(table).toMatch(/^lua +\d\d,\d00\/s +held at .*\(3 of 3\) +×3\.\d+ more +server +successRate 75\.0 %/m);
    expect(renderCapacityMarkdown(report)).toMatch(/^\| individual \| 11,\d00\/s \| held at .* broke at /m);
    const lines = renderCapacityCsv(report).trimEnd().split("\n");
    expect(lines).toHaveLength(1 + individual!.steps.length + lua!.steps.length);
    expect(new Set(lines.map((line) => line.split(",").length)).size).toBe(1);
  });

  it("calls what the generator could not offer a lower bound", async () => {
    const report = await reportBy(async (step) => {
      const trial = await measure(step);
      return step.strategy === "lua" ? { ...trial, limiter: "generator" as const } : trial;
    });
    const lua = report.strategies[1]!;
    expect(lua).toMatchObject({ end: "generator", vsBaseline: { verdict: "more" } });
    expect(renderCapacityTable(report, { color: false })).toMatch(/^lua +at least \d\d,\d00\/s +held .* generator +/m);
    expect(report.warnings).toMatchObject([
      { code: "generator-bound", message: expect.stringMatching(/^lua: .*lower bound/) },
    ]);
  });

  it("keeps what it has when it is interrupted", async () => {
    const controller = new AbortController();
    let measured = 0;
    const report = await reportBy(async (step) => {
      measured += 1;
      if (measured === 6) controller.abort("SIGTERM");
      return measure(step);
    }, controller.signal);
    expect(report.strategies.flatMap(({ steps }) => steps)).toHaveLength(5);
    expect(report.strategies.map(({ end }) => end)).toEqual(["too-few-steps", "too-few-steps"]);
  });
});
