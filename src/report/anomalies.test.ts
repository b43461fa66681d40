import { describe, expect, it } from "vitest";
import type { TrialResult } from "../engine/trial-result.js";
import { ANOMALY_KINDS } from "../queue/anomaly.js";
import { summarizeAnomalies, tellsOfAnomalies } from "./anomalies.js";
import { AUDIT, reportOf, SCENARIO, trialOf } from "./testing.js";

const trialWith = (audit: Partial<TrialResult["audit"]>, round = 0): TrialResult =>
  trialOf("lua", round, { tps: 100, change: { audit: { ...AUDIT, ...audit } } });
const EXERCISED = { exercised: ["lost", "double-new", "order-broken"], promises: ["lost", "double-new"] } as const;

describe("anomalies of a strategy", () => {
  it("are kept, broken, expected, absent or not exercised", () => {
    const trials = [
      trialWith({ ...EXERCISED, anomalies: { "double-new": 2, "position-grew": 1 } }),
      trialWith({ ...EXERCISED, anomalies: { "double-new": 1 } }, 1),
    ];
    const found = summarizeAnomalies(trials)!;
    expect(Object.keys(found)).toEqual(ANOMALY_KINDS);
    // 600 entries attempted in all.
    expect(found["double-new"]).toMatchObject({ count: 3, perMillion: 5000, promise: "broken" });
    expect(found["double-new"]!.low).toBeCloseTo(1701.7, 0);
    expect(found["double-new"]!.high).toBeCloseTo(14596.2, 0);
    expect(found.lost).toMatchObject({ count: 0, perMillion: 0, low: 0, promise: "kept" });
    expect(found.lost!.high).toBeGreaterThan(0);
    expect(found["position-grew"]).toMatchObject({ count: 1, promise: "expected" });
    expect(found["order-broken"]).toMatchObject({ count: 0, promise: "absent" });
    expect(found["wait-and-active"]).toEqual({
      count: 0,
      perMillion: null,
      low: null,
      high: null,
      promise: "not-exercised",
    });
  });

  it("never call a promise kept that could not have been broken", () => {
    const found = summarizeAnomalies([trialWith({ exercised: [], promises: ANOMALY_KINDS })])!;
    expect(new Set(Object.values(found).map(({ promise }) => promise))).toEqual(new Set(["not-exercised"]));
  });

  it("have no interval where more were found than entries were made", () => {
    const found = summarizeAnomalies([trialWith({ ...EXERCISED, anomalies: { lost: 1000 } })])!;
    expect(found.lost).toMatchObject({ count: 1000, low: null, high: null, promise: "broken" });
  });

  it("are not told of trials that do not say what they could have shown, nor of those that were not complete", () => {
    expect(summarizeAnomalies([trialWith({})])).toBeUndefined();
    const cut = { ...trialWith({ ...EXERCISED, anomalies: { lost: 5 } }, 1), complete: false };
    const report = reportOf({ scenario: { ...SCENARIO, strategies: ["lua"] }, trials: [trialWith(EXERCISED), cut] });
    expect(report.strategies[0]!.summary.anomalies!.lost).toMatchObject({ count: 0, promise: "kept" });
  });

  it("are worth a table where one was found, or a race could have shown one", () => {
    const tells = (audit: Partial<TrialResult["audit"]>): boolean => {
      const scenario = { ...SCENARIO, strategies: ["lua"] };
      return tellsOfAnomalies(reportOf({ scenario, trials: [trialWith(audit)] }).strategies.map((one) => one.summary));
    };
    expect(tells({})).toBe(false);
    expect(tells({ exercised: ["lost", "phantom", "wrong-outcome", "order-broken"] })).toBe(false);
    expect(tells({ exercised: ["lost", "double-new"] })).toBe(true);
    expect(tells({ exercised: ["lost"], anomalies: { "order-broken": 1 } })).toBe(true);
  });
});
