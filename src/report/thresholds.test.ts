import { describe, expect, it } from "vitest";
import { reportOf } from "./testing.js";
import { checkThresholds, parseThresholds } from "./thresholds.js";

const NAMES = ["individual", "lua"];
const { strategies } = reportOf();
const lua = strategies.filter(({ name }) => name === "lua");
const check = (expression: string) => checkThresholds(parseThresholds([expression], NAMES), lua)[0]!;

describe("reading", () => {
  it.each([
    ["p99>25ms", undefined, "p99", ">", 25_000],
    [" lua : p50 >= 250us ", "lua", "p50", ">=", 250],
    ["successRate<99%", undefined, "successRate", "<", 0.99],
    ["successRate<0.995", undefined, "successRate", "<", 0.995],
    ["tps<50k", undefined, "tps", "<", 50_000],
    ["callsPerEntry!=1", undefined, "callsPerEntry", "!=", 1],
    ["bytesSentPerEntry>1.5kB", undefined, "bytesSentPerEntry", ">", 1536],
    ["bytesSentPerEntry>200", undefined, "bytesSentPerEntry", ">", 200],
  ])("%s", (expression, strategy, figure, operator, limit) => {
    const [threshold] = parseThresholds([expression], NAMES);
    expect(threshold).toMatchObject({ strategy, operator, limit });
    expect(threshold?.figure.name).toBe(figure);
  });

  it.each([
    ["p99>25", "expected a unit, as in 25s or 25ms"],
    ["p98>25ms", 'did you mean "p9'],
    ["callPerEntry>1", 'did you mean "callsPerEntry"?'],
    ["luaa:p99>1ms", 'did you mean "lua"?'],
    ["successRate<99", "in per cent"],
    ["successRate<101%", "in per cent"],
    ["anomalies>-1", "expected a number"],
    ["p99", "expected a figure"],
    ["p99=1ms", "expected a figure"],
    ["", "expected a figure"],
    ["x".repeat(100_000), "expected a figure"],
  ])("refuses %j", (expression, message) => expect(() => parseThresholds([expression], NAMES)).toThrow(message));

  it("tells all mistakes at once", () => {
    expect(() => parseThresholds(["nope>1", "p99>1"], NAMES)).toThrow(/nope[\s\S]*expected a unit/);
  });
});

describe("checking", () => {
  it.each([
    ["callsPerEntry>1", false],
    ["callsPerEntry>=1", true],
    ["callsPerEntry!=1", false],
    ["callsPerEntry<2", true],
    ["anomalies>0", false],
    ["successRate<100%", false],
    ["tps<1", false],
    ["tps<1M", true],
  ])("%s: %s", (expression, failed) => expect(check(expression).failed).toBe(failed));

  it("speaks of every strategy, or of the one that is named", () => {
    const of = (expression: string) =>
      checkThresholds(parseThresholds([expression], NAMES), strategies).map(({ strategy }) => strategy);
    expect(of("p99>1s")).toEqual(["individual", "dedup", "pipeline", "lua"]);
    expect(of("lua:p99>1s")).toEqual(["lua"]);
  });

  it("takes the worst trial of what is counted, and the median of what is timed", () => {
    const [first, ...rest] = lua[0]!.trials;
    const odd = { ...first!, tps: 1, server: { ...first!.server, callsPerEntry: 1.5 } };
    const changed = [{ name: "lua", trials: [odd, ...rest] }];
    const value = (expression: string) => checkThresholds(parseThresholds([expression], NAMES), changed)[0]!.value!;
    expect(value("callsPerEntry>1")).toBe(1.5);
    expect(value("tps<1")).toBeGreaterThan(1000);
  });

  it("never passes where nothing was measured", () => {
    const [result] = checkThresholds(parseThresholds(["p99>1h"], NAMES), [{ name: "lua", trials: [] }]);
    expect(result).toMatchObject({ value: null, failed: true });
  });

  it.each([
    ["off", { coverage: "none" as const }, null],
    ["numbers alone, which show few kinds", { coverage: "counts" as const }, null],
    ["numbers alone, which were wrong", { coverage: "counts" as const, anomalies: { lost: 3 } }, 4],
  ])("never passes anomalies that the audit could not see in one of the trials: %s", (_, audit, value) => {
    const [first, ...rest] = lua[0]!.trials.map((trial) => ({ ...trial, audit: { ...trial.audit, ...audit } }));
    const seen = { ...first!, audit: { ...first!.audit, coverage: "users" as const } };
    const trials = [seen, { ...rest[0]!, audit: { ...rest[0]!.audit, anomalies: value === null ? {} : { lost: 1 } } }];
    const [result] = checkThresholds(parseThresholds(["anomalies>0"], NAMES), [{ name: "lua", trials }]);
    expect(result).toMatchObject({ value, failed: true });
  });

  it("counts what the server executed, a script's own commands included, without qbench's questions", () => {
    const [trial] = lua[0]!.trials;
    const { attempted } = trial!.entries;
    const commands = {
      evalsha: { calls: attempted, usecPerCall: 1 },
      zadd: { calls: attempted, usecPerCall: 1 },
      info: { calls: 3, usecPerCall: 1 },
    };
    const own = [{ name: "lua", trials: [{ ...trial!, server: { ...trial!.server, commands } }] }];
    expect(checkThresholds(parseThresholds(["executedPerEntry!=2"], NAMES), own)[0]).toMatchObject({
      value: 2,
      failed: false,
    });
  });
});
