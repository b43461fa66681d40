import { faultText } from "../faults/index.js";
import { ANOMALY_KINDS } from "../queue/anomaly.js";
import type { LatencyReport, RunReport, StrategyReport, TrialReport } from "../report/schema.js";
import type { TextReporter } from "./reporter.js";

/** A line for each trial, for spreadsheets and plots (RFC 4180, but line feeds alone). Latencies are µs, empty = none. */
export const csv: TextReporter = {
  name: "csv",
  summary: "one line a trial, for spreadsheets and plots",
  endings: [".csv"],
  render(report) {
    const lines = report.strategies.flatMap((strategy) =>
      strategy.trials.map((trial) => COLUMNS.map(([, value]) => csvCell(value(trial, strategy, report))).join(",")),
    );
    return `${[COLUMNS.map(([name]) => name).join(","), ...lines].join("\n")}\n`;
  },
};

type FaultReport = NonNullable<TrialReport["faults"]>[number];
type Cell = string | number | boolean | null;
type Column = readonly [string, (trial: TrialReport, strategy: StrategyReport, report: RunReport) => Cell];

const PERCENTILES = ["p50", "p90", "p95", "p99", "p999", "max"] as const;

const latencyColumns = (name: string, of: (trial: TrialReport) => LatencyReport | undefined): Column[] =>
  PERCENTILES.map((percentile) => [`${name}_${percentile}_us`, (trial) => of(trial)?.[percentile] ?? null]);

const COLUMNS: readonly Column[] = [
  ["strategy", (_, strategy) => strategy.name],
  ["round", (trial) => trial.round],
  ["order", (trial) => trial.order],
  ["complete", (trial) => trial.complete],
  ["duration_ms", (trial) => trial.durationMs],
  ["attempted", (trial) => trial.entries.attempted],
  ["succeeded", (trial) => trial.entries.succeeded],
  ["failed", (trial) => trial.entries.failed],
  ["in_doubt", (trial) => trial.entries.inDoubt],
  ["dropped", (trial) => trial.entries.dropped],
  ["tps", (trial) => trial.tps],
  ["success_rate", (trial) => trial.successRate],
  ...latencyColumns("entry", (trial) => trial.latency.entry),
  ...latencyColumns("service", (trial) => trial.latency.service),
  ...latencyColumns("pool_wait", (trial) => trial.latency.poolWait),
  ...latencyColumns("response", (trial) => trial.latency.response),
  ["calls_per_entry", (trial) => trial.server.callsPerEntry],
  ["round_trips_per_entry", (trial) => trial.roundTripsPerEntry],
  ["socket_writes_per_entry", (trial) => trial.socketWritesPerEntry],
  ["server_cpu_utilization", (trial) => trial.server.cpuUtilization],
  ["generator_cpu_utilization", (trial) => trial.generator.cpuUtilization],
  ["limiter", (trial) => trial.limiter],
  ["audit_ok", (trial) => trial.audit.ok],
  ["scenario", (_trial, _strategy, report) => report.scenario.name],
  ["vus", (_trial, _strategy, report) => report.scenario.vus],
  ["connections", (_trial, _strategy, report) => report.scenario.connections],
  ["pool", (_trial, _strategy, report) => report.scenario.pool],
  ["instances", (_trial, _strategy, report) => report.scenario.instances],
  ["client", (_trial, _strategy, report) => report.scenario.client],
  ["writes", (_trial, _strategy, report) => report.scenario.writes],
  ["audit_coverage", (trial) => trial.audit.coverage],
  ["faults", (trial) => trial.faults?.map(faultText).join(" ") ?? null],
  ["fault_longest_gap_ms", (trial) => overFaults(trial, ({ longestGapMs }) => longestGapMs)],
  ["fault_degraded_ms", (trial) => overFaults(trial, ({ degradedMs }) => degradedMs)],
  ["fault_recovery_ms", (trial) => overFaults(trial, ({ recoveryMs }) => recoveryMs)],
  ["lost_by_server", (trial) => trial.audit.lostByServer],
  ...ANOMALY_KINDS.map((kind): Column => [`anomaly_${kind.replaceAll("-", "_")}`, (trial) => countOf(trial, kind)]),
];

/** The most that any fault of the trial did; empty without one, or where it cannot be told. */
function overFaults({ faults = [] }: TrialReport, of: (fault: FaultReport) => number | null): number | null {
  const figures = faults.map(of);
  return figures.length === 0 || figures.includes(null) ? null : Math.max(...(figures as number[]));
}

/** Empty where the trial could not have shown it. */
function countOf({ audit }: TrialReport, kind: string): number | null {
  const count = audit.anomalies[kind] ?? 0;
  return count > 0 || audit.exercised === undefined || audit.exercised.includes(kind) ? count : null;
}

export function csvCell(value: Cell): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  // A spreadsheet would take such text for a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
