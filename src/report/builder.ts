import { EXIT, QbenchError } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import type { TrialResult } from "../engine/trial-result.js";
import type { Scenario } from "../scenario/scenario.js";
import type { AgentFacts } from "./agents.js";
import { latencyFigures } from "./latency.js";
import {
  type EnvironmentReport,
  type FailureReport,
  type RunReport,
  SCHEMA_VERSION,
  type StrategyReport,
  type TargetReport,
  type TrialReport,
} from "./schema.js";
import { type LatencyBasis, successRateOf, summarize, tpsOf } from "./summary.js";
import { checkThresholds, type Threshold } from "./thresholds.js";
import { TOOL } from "./tool.js";
import { totalOf } from "./totals.js";
import { warningsOf } from "./warnings.js";

export interface RunFacts {
  readonly scenario: Scenario;
  readonly target: TargetReport;
  readonly environment: EnvironmentReport;
  /** In the order in which they ran. */
  readonly trials: readonly TrialResult[];
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly complete: boolean;
  /** Of the run as a whole; those of a trial stay with it, and those that follow from the figures are added here. */
  readonly warnings: readonly Warning[];
  /** What `--fail-if` asked for. */
  readonly thresholds?: readonly Threshold[];
  /** Where agents on other machines made the load. */
  readonly agents?: readonly AgentFacts[];
  readonly error?: unknown;
  readonly seed: number;
}

/** The report of a run: strategies in the scenario's order, the first of them the baseline. */
export function buildRunReport(facts: RunFacts): RunReport {
  const { scenario, trials } = facts;
  const strategies = summariesOf(scenario, trials).map(({ name, summary }) => ({
    name,
    trials: trials.filter(({ strategy }) => strategy === name).map(trialReport),
    summary,
  }));
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: "run",
    tool: TOOL,
    complete: facts.complete,
    startedAt: facts.startedAt.toISOString(),
    durationMs: facts.durationMs,
    seed: facts.seed,
    environment: facts.environment,
    target: facts.target,
    ...(facts.agents === undefined ? {} : { agents: facts.agents }),
    scenario,
    strategies,
    ...(facts.thresholds?.length
      ? { thresholds: checkThresholds(facts.thresholds, begunOf(strategies, scenario)) }
      : {}),
    warnings: [...facts.warnings, ...warningsOf(strategies, scenario, facts.complete)],
    ...(facts.error === undefined ? {} : { error: errorReport(facts.error) }),
  };
}

/** What the trials come to, by strategy, in the scenario's order; the first is the baseline. */
export function summariesOf(
  scenario: Scenario,
  trials: readonly TrialResult[],
): Pick<StrategyReport, "name" | "summary">[] {
  const basis: LatencyBasis = scenario.ratePerSec === null ? "entry" : "response";
  const [first] = scenario.strategies;
  const trialsOf = (strategy: string): TrialResult[] => trials.filter((trial) => trial.strategy === strategy);
  return scenario.strategies.map((name) => {
    const baseline = first === undefined || name === first ? undefined : { name: first, trials: trialsOf(first) };
    return { name, summary: summarize(trialsOf(name), baseline, basis) };
  });
}

/** Stages of a roll-out that stopped before them crossed no limit. */
const begunOf = (strategies: readonly StrategyReport[], { order }: Scenario): readonly StrategyReport[] =>
  order === "staged" && strategies.some(({ trials }) => trials.length > 0)
    ? strategies.filter(({ trials }) => trials.length > 0)
    : strategies;

/** What `--json` prints if there is nothing to report but the failure. `kind`: the command, "run" for `qbench run`. */
export const buildFailureReport = (kind: string, error: unknown): FailureReport => ({
  schemaVersion: SCHEMA_VERSION,
  kind,
  tool: TOOL,
  complete: false,
  error: errorReport(error),
});

export function errorReport(error: unknown): FailureReport["error"] {
  if (error instanceof QbenchError) {
    return { code: error.exitCode, kind: error.kind, message: error.message, hint: error.hint ?? null };
  }
  return { code: EXIT.bug, kind: "bug", message: error instanceof Error ? error.message : String(error), hint: null };
}

export function trialReport(result: TrialResult): TrialReport {
  // Named ones first, in the order in which a person wants them; what the engine adds later follows by itself.
  const { strategy: _, round, order, seed, complete, durationMs, entries, failures, latency, parts, ...rest } = result;
  return {
    round,
    order,
    seed,
    complete,
    durationMs,
    entries,
    failures: totalOf([failures]),
    tps: tpsOf(result),
    successRate: successRateOf(entries),
    latency: {
      entry: latencyFigures(latency.entry),
      service: latencyFigures(latency.service),
      poolWait: latencyFigures(latency.poolWait),
      failed: latencyFigures(latency.failed),
      ...(latency.response === undefined ? {} : { response: latencyFigures(latency.response) }),
      ...(latency.startLag === undefined ? {} : { startLag: latencyFigures(latency.startLag) }),
      ...(latency.poll === undefined ? {} : { poll: latencyFigures(latency.poll) }),
    },
    ...rest,
    ...(parts === undefined
      ? {}
      : { parts: parts.map(({ entry, ...part }) => ({ ...part, latency: { entry: latencyFigures(entry) } })) }),
    audit: { ...rest.audit, anomalies: totalOf([rest.audit.anomalies]) },
  };
}
