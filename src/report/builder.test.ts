import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { environmentError, interruptedError } from "../base/errors.js";
import { countOf, fromBase64, mergeCounts, percentileUs } from "../measure/hdr.js";
import { buildFailureReport } from "./builder.js";
import { reportJsonSchema } from "./json-schema.js";
import { failureReportSchema, type RunReport, runReportSchema } from "./schema.js";
import { AUDIT, reportOf, SCENARIO, trialOf, trialsOf } from "./testing.js";
import { answerOf } from "./words.js";

const strategy = (report: RunReport, name: string) => report.strategies.find((one) => one.name === name)!;
const message = (report: RunReport, code: string) => report.warnings.find((one) => one.code === code)?.message;

const ajv = new Ajv2020({ strict: true, validateFormats: false });
const isValid = ajv.compile(reportJsonSchema());

/** Valid for zod and for a JSON Schema validator alike. */
function expectValid(report: unknown): void {
  const text = JSON.stringify(report);
  expect(JSON.parse(JSON.stringify(runReportSchema.parse(JSON.parse(text))))).toEqual(JSON.parse(text));
  expect(isValid(JSON.parse(text)), JSON.stringify(isValid.errors)).toBe(true);
}

describe("run report", () => {
  it("fits its schema: whole, open model, interrupted, without a single trial", () => {
    const open = { ...SCENARIO, ratePerSec: 5000, strategies: ["lua"] };
    const response = trialOf("lua", 0).latency.entry;
    const withResponse = trialOf("lua", 0, { change: { latency: { ...trialOf("lua", 0).latency, response } } });
    expectValid(reportOf());
    expectValid(reportOf({ scenario: open, trials: [withResponse] }));
    expectValid(reportOf({ complete: false, error: interruptedError("SIGINT"), trials: [] }));
    expectValid(reportOf({}, { lua: { timeouts: 5 } }));
  });

  it("keeps the published JSON Schema up to date", async () => {
    await expect(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      "../../docs/report.schema.json",
    );
  });

  it("lets unknown fields through, and no wrong ones", () => {
    const report = JSON.parse(JSON.stringify(reportOf())) as Record<string, unknown>;
    expect(isValid({ ...report, later: 1 })).toBe(true);
    expect(runReportSchema.safeParse({ ...report, later: 1 }).success).toBe(true);
    expect(isValid({ ...report, seed: "42" })).toBe(false);
    expect(runReportSchema.safeParse({ ...report, seed: "42" }).success).toBe(false);
  });

  it("carries every histogram losslessly", () => {
    const trials = trialsOf(SCENARIO);
    const report = reportOf({ trials });
    for (const result of trials) {
      const reported = strategy(report, result.strategy).trials[result.round]!;
      for (const name of ["entry", "service", "poolWait", "failed"] as const) {
        const back = fromBase64(reported.latency[name].histogram);
        expect(back.valuesUs).toEqual(result.latency[name].valuesUs);
        expect(back.counts).toEqual(result.latency[name].counts);
        expect(reported.latency[name].count).toBe(countOf(result.latency[name]));
      }
      expect(reported.latency.failed.p99).toBeNull();
    }
  });

  it("passes on what a later engine adds to a trial", () => {
    const later = { ...trialOf("lua", 0), later: ["restart"] };
    const report = reportOf({ scenario: { ...SCENARIO, strategies: ["lua"] }, trials: [later] });
    expect(report.strategies[0]!.trials[0]).toMatchObject({ later: ["restart"], round: 0, tps: 10_000 });
  });

  it("holds the error of a run that ended early", () => {
    const error = environmentError("the server was lost", "look at its log");
    const report = reportOf({ complete: false, error });
    expect(report).toMatchObject({
      complete: false,
      error: { code: 3, kind: "environment", message: "the server was lost", hint: "look at its log" },
    });
    const failure = buildFailureReport("run", error);
    expect(failureReportSchema.parse(failure)).toEqual(failure);
    expect(isValid({ ...failure, kind: "run", strategies: [] })).toBe(false);
    expect(isValid(failure)).toBe(true);
    expect(buildFailureReport("run", new TypeError("oops")).error).toMatchObject({ code: 70, kind: "bug", hint: null });
  });
});

describe("summary", () => {
  it("takes medians over trials, never averages of percentiles", () => {
    const tps = [100, 900, 300, 200, 1000];
    const trials = tps.map((one, round) => trialOf("lua", round, { tps: one }));
    const { summary } = reportOf({ scenario: { ...SCENARIO, strategies: ["lua"] }, trials }).strategies[0]!;
    expect(summary.tps).toEqual({ median: 300, low: 100, high: 1000, coverage: 0.9375 });
    const p99 = trials.map((trial) => percentileUs(trial.latency.entry, 99)!).sort((a, b) => a - b);
    expect(summary.p99).toMatchObject({ median: p99[2], low: p99[0], high: p99[4] });
    const merged = mergeCounts(trials.map((trial) => trial.latency.entry));
    expect(summary.merged).toMatchObject({ count: countOf(merged), p99: percentileUs(merged, 99), max: merged.maxUs });
    expect(summary.entries.succeeded).toBe(7500);
  });

  it("speaks of the response time in the open model", () => {
    const base = trialOf("lua", 0);
    const response = trialOf("lua", 0, { tps: 10 }).latency.entry;
    const trials = [{ ...base, latency: { ...base.latency, response } }];
    const scenario = { ...SCENARIO, strategies: ["lua"], ratePerSec: 100 };
    const { summary } = reportOf({ scenario, trials }).strategies[0]!;
    expect(summary.latency).toBe("response");
    expect(summary.p50!.median).toBe(percentileUs(response, 50));
  });

  it("compares each strategy with the first, by rounds", () => {
    const report = reportOf();
    expect(strategy(report, "individual").summary.vsBaseline).toBeUndefined();
    const { vsBaseline } = strategy(report, "pipeline").summary;
    expect(vsBaseline).toMatchObject({ baseline: "individual", verdict: "faster", rounds: 5, leftOut: 0 });
    expect(vsBaseline!.tpsRatio).toBeCloseTo(2, 1);
    expect(vsBaseline!.p95).toMatchObject({ verdict: "faster" });
    expect(vsBaseline!.p95.ratio).toBeCloseTo(0.5, 1);
    expect(strategy(report, "lua").summary.vsBaseline).toMatchObject({ verdict: "no-difference" });
  });

  it("does not depend on the order in which trials of a round ran", () => {
    const trials = trialsOf(SCENARIO);
    fc.assert(
      fc.property(fc.shuffledSubarray(trials, { minLength: trials.length }), (shuffled) => {
        const summaries = (list: typeof trials) =>
          reportOf({ trials: list }).strategies.map(({ summary }) => summary.vsBaseline);
        expect(summaries(shuffled)).toEqual(summaries(trials));
      }),
      { numRuns: 5 },
    );
  });

  it("leaves incomplete trials out, with their rounds, and says so", () => {
    const trials = trialsOf(SCENARIO).map((trial) =>
      trial.strategy === "individual" && trial.round === 2 ? { ...trial, complete: false } : trial,
    );
    const report = reportOf({ trials });
    expect(strategy(report, "individual").summary).toMatchObject({ trials: 4, trialsLeftOut: 1 });
    expect(strategy(report, "lua").summary).toMatchObject({
      trials: 5,
      vsBaseline: { rounds: 4, leftOut: 1, verdict: "too-few-rounds" },
    });
    expect(report.warnings.map((one) => one.code)).toContain("trials-left-out");
    expect(message(report, "rounds-left-out")).toMatch(
      /^\w+: 1 of 5 rounds cannot be compared with individual: a trial was not complete$/,
    );
  });

  it("calls nobody faster who served nobody in some rounds, and says so", () => {
    const scenario = { ...SCENARIO, strategies: ["individual", "lua"], trials: 8 };
    const trials = trialsOf(scenario, { individual: { tps: 10_000 }, lua: { tps: 11_000 } }).map((trial) =>
      trial.strategy === "lua" && trial.round < 3 ? trialOf("lua", trial.round, { tps: 0, timeouts: 40 }) : trial,
    );
    const report = reportOf({ scenario, trials });
    const none = { ratio: null, low: null, high: null, verdict: "not-comparable" };
    expect(strategy(report, "lua").summary.vsBaseline).toMatchObject({
      tpsRatio: null,
      verdict: "not-comparable",
      rounds: 5,
      leftOut: 3,
      p50: none,
      p95: none,
      p99: none,
    });
    expect(message(report, "rounds-left-out")).toBe(
      "lua: 3 of 8 rounds cannot be compared with individual: lua served nobody in 3 trials, so there is no ratio and no verdict",
    );
    expect(answerOf(report)).toEqual([
      "In throughput against individual: lua is not comparable, since one side served nobody in a round.",
    ]);
    // Nor is the other one, seen from there.
    const turned = reportOf({ scenario: { ...scenario, strategies: ["lua", "individual"] }, trials });
    expect(strategy(turned, "individual").summary.vsBaseline).toMatchObject({ verdict: "not-comparable" });
  });

  it("counts a trial in which nothing succeeded as zero throughput, not as missing", () => {
    const dead = trialOf("lua", 0, { tps: 0, timeouts: 12 });
    const { summary } = reportOf({ scenario: { ...SCENARIO, strategies: ["lua"] }, trials: [dead] }).strategies[0]!;
    expect(summary).toMatchObject({ tps: { median: 0 }, p50: null, successRate: 0, callsPerEntry: null });
    expect(summary.failures).toEqual({ timeout: 12 });
  });

  it("flags comparisons in which the generator was the limit, on either side", () => {
    const flags = (shapes: Parameters<typeof reportOf>[1]) =>
      reportOf({}, shapes).strategies.map(({ summary }) => summary.vsBaseline?.generatorBound);
    expect(flags({})).toEqual([undefined, false, false, false]);
    expect(flags({ pipeline: { limiter: "generator" } })).toEqual([undefined, false, true, false]);
    expect(flags({ individual: { limiter: "generator" } })).toEqual([undefined, true, true, true]);
  });

  it("names the limiter of most trials, and none without a majority", () => {
    const scenario = { ...SCENARIO, strategies: ["lua"] };
    const limiterOf = (...limiters: ("server" | "generator" | "pool")[]) =>
      reportOf({ scenario, trials: limiters.map((limiter, round) => trialOf("lua", round, { limiter })) })
        .strategies[0]!.summary.limiter;
    expect(limiterOf("server", "generator", "server")).toBe("server");
    expect(limiterOf("server", "generator")).toBe("unclear");
    expect(limiterOf("server", "generator", "pool")).toBe("unclear");
    expect(limiterOf()).toBe("unclear");
  });
});

describe("warnings of a report", () => {
  const codes = (report: RunReport) => report.warnings.map((one) => one.code);

  it("has none where all is well", () => {
    expect(reportOf().warnings).toEqual([]);
  });

  it("says what happened and what to do", () => {
    const audit = { ...AUDIT, ok: false, anomalies: { lost: 3 }, brokenPromises: ["lost" as const] };
    const report = reportOf(
      { scenario: { ...SCENARIO, trials: 3 } },
      { lua: { limiter: "generator", timeouts: 30 }, dedup: { change: { audit } } },
    );
    expect(codes(report).sort()).toEqual(["broken-promise", "failures", "generator-bound", "too-few-rounds"]);
    expect(message(report, "generator-bound")).toMatch(/^lua: .*--instances/);
    expect(message(report, "too-few-rounds")).toContain("--trials 5");
    expect(message(report, "failures")).toMatch(/lua: .*timeout 90.*may have happened/);
    expect(message(report, "broken-promise")).toContain("lost 9");
    const scenario = { ...SCENARIO, client: "ioredis" as const };
    expect(message(reportOf({ scenario }, { lua: { limiter: "generator" } }), "generator-bound")).toContain(
      "--client wire",
    );
  });
});
