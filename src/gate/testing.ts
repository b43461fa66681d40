import { trialReport } from "../report/builder.js";
import { buildGateReport, type GateFacts, type GateReport } from "../report/gate.js";
import type { TrialReport } from "../report/schema.js";
import { ENVIRONMENT, SCENARIO, TARGET, type TrialShape, trialOf } from "../report/testing.js";
import type { Target } from "../targets/target.js";
import { EVERY_KIND_OF_USER, type GatePlan } from "./plan.js";
import { type GateObserver, runGate } from "./procedure.js";
import type { Sides, SideTrial } from "./sides.js";

/** For tests: gates without a server. */

export const PLAN: GatePlan = {
  cases: [{ name: "lua", base: "lua", candidate: "lua" }],
  metrics: ["tps", "p99"],
  threshold: 0.1,
  maxPairs: 36,
  seed: 1,
  countedMix: EVERY_KIND_OF_USER,
  allowMore: [],
  thresholds: [],
};

export const SCENARIOS = { base: SCENARIO, candidate: SCENARIO };
export const SILENT: GateObserver = { trialStarted() {}, looked() {} };

/** What a trial comes to, by side and pair; what is asked for is kept in `asked`. */
export function fakeSides(
  shapeOf: (trial: SideTrial) => TrialShape,
  kind: Target["kind"] = "embedded",
): { sides: Sides; asked: SideTrial[] } {
  const asked: SideTrial[] = [];
  const target = { kind } as Target;
  const sides: Sides = {
    targets: { base: target, candidate: target },
    isWarm: true,
    async trial(trial): Promise<TrialReport> {
      asked.push(trial);
      const { tps, ...shape } = shapeOf(trial);
      // Of a trial that counts, the number of entries is given.
      const ofTime = trial.scenario.entries === null && tps !== undefined ? { tps } : {};
      const report = trialReport(trialOf(trial.strategy, trial.pair, { ...shape, ...ofTime }));
      const { succeeded } = report.entries;
      const { mix } = trial.scenario;
      const of = (share: number): number => (succeeded * share) / 100;
      const kinds = { new: of(mix.new), waiting: of(mix.waiting), active: of(mix.active) };
      return shape.change?.entries === undefined ? { ...report, entries: { ...report.entries, ...kinds } } : report;
    },
    async close() {},
  };
  return { sides, asked };
}

/** A wobble of a few per cent that differs from pair to pair and from side to side. */
export const wobble = ({ side, pair }: SideTrial): number =>
  1 + 0.02 * Math.sin(7 * pair + (side === "base" ? 0 : 2)) + 0.01 * Math.sin(3 * pair);

/** The report of a gate whose candidate needs `factor` times the base's time. */
export async function gateReportOf(
  factor: number,
  change: Partial<GatePlan> = {},
  facts: Partial<GateFacts> = {},
  shape: TrialShape = {},
): Promise<GateReport> {
  const plan = { ...PLAN, ...change };
  const { sides } = fakeSides((trial) => {
    const tps = Math.round((10_000 / (trial.side === "base" ? 1 : factor)) * wobble(trial));
    return { tps, ...(trial.side === "candidate" ? shape : {}) };
  });
  const outcome = await runGate(plan, SCENARIOS, sides, SILENT, new AbortController().signal);
  const side = (spec: string): GateReport["base"] => ({ spec, kind: "strategy", target: TARGET, scenario: SCENARIO });
  return buildGateReport({
    plan,
    base: side("strategy:lua"),
    candidate: side("strategy:lua"),
    target: TARGET,
    environment: ENVIRONMENT,
    outcome,
    onInconclusive: "report",
    startedAt: new Date("2026-03-01T12:00:00Z"),
    durationMs: 20_000,
    warnings: [],
    ...facts,
  });
}
