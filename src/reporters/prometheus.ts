import { printable } from "../base/printable.js";
import type { RunReport, StrategyReport } from "../report/schema.js";
import { exposition, type Metric, type Sample } from "./exposition.js";
import type { Reporter } from "./reporter.js";

/** For the textfile collector of Prometheus' node exporter, or a push gateway. */
export const prometheus: Reporter = {
  name: "prometheus",
  summary: "metrics as Prometheus reads them, for its textfile collector",
  endings: [".prom"],
  render: (report) => exposition(RUN_METRICS, report),
};

/** What metrics are made of: a whole report, or one that has not come to its end and has no trials yet. */
export interface Summaries extends Pick<RunReport, "tool" | "scenario" | "target" | "startedAt" | "complete"> {
  readonly strategies: readonly Summarized[];
}
type Summarized = Pick<StrategyReport, "name" | "summary">;

/** One sample, or several, of each strategy. */
const each =
  (of: (strategy: Summarized) => readonly Sample[]): Metric<Summaries>["samples"] =>
  ({ strategies }) =>
    strategies.flatMap((strategy) =>
      of(strategy).map(({ labels, value }) => ({ labels: { strategy: printable(strategy.name), ...labels }, value })),
    );

const figure = (
  name: string,
  help: string,
  of: (summary: StrategyReport["summary"]) => number | null | undefined,
): Metric<Summaries> => ({
  name,
  help,
  labels: ["strategy"],
  samples: each(({ summary }) => [{ labels: {}, value: of(summary) }]),
});

const tallied = (counts: Readonly<Record<string, number>>, label: string): Sample[] =>
  Object.entries(counts).map(([kind, value]) => ({ labels: { [label]: printable(kind) }, value }));

export const RUN_METRICS: readonly Metric<Summaries>[] = [
  {
    name: "run_info",
    help: "What was measured; always 1",
    labels: ["version", "scenario", "server", "server_version", "client", "connections"],
    samples: ({ tool, scenario, target }) => [
      {
        labels: {
          version: printable(tool.version),
          scenario: printable(scenario.name),
          server: printable(target.server),
          server_version: printable(target.version),
          client: scenario.client,
          connections: scenario.connections,
        },
        value: 1,
      },
    ],
  },
  {
    name: "run_started_timestamp_seconds",
    help: "When the run started",
    labels: [],
    samples: ({ startedAt }) => [{ labels: {}, value: Date.parse(startedAt) / 1000 }],
  },
  {
    name: "run_complete",
    help: "1 if the run came to its end",
    labels: [],
    samples: ({ complete }) => [{ labels: {}, value: complete ? 1 : 0 }],
  },
  figure("entries_per_second", "Succeeded entries a second, median of the trials", ({ tps }) => tps?.median),
  figure("entries_per_second_low", "Lower end of the interval of the median", ({ tps }) => tps?.low),
  figure("entries_per_second_high", "Upper end of the interval of the median", ({ tps }) => tps?.high),
  {
    name: "latency_seconds",
    help: "Median over the trials of their percentiles",
    labels: ["strategy", "quantile"],
    samples: each(({ summary: { p50, p95, p99 } }) =>
      Object.entries({ "0.5": p50, "0.95": p95, "0.99": p99 }).map(([quantile, us]) => ({
        labels: { quantile },
        value: us && us.median / 1e6,
      })),
    ),
  },
  {
    name: "tps_ratio",
    help: "Entries a second over the baseline's, mean of the rounds",
    labels: ["strategy", "baseline"],
    samples: each(({ summary: { vsBaseline } }) =>
      vsBaseline === undefined
        ? []
        : [{ labels: { baseline: printable(vsBaseline.baseline) }, value: vsBaseline.tpsRatio }],
    ),
  },
  figure("success_ratio", "Share of the entries that succeeded", ({ successRate }) => successRate),
  figure("calls_per_entry", "Commands that the server was sent for an entry", ({ callsPerEntry }) => callsPerEntry),
  figure("round_trips_per_entry", "Waits in sequence of an entry", ({ roundTripsPerEntry }) => roundTripsPerEntry),
  figure("entries_succeeded", "Entries of all complete trials that succeeded", ({ entries }) => entries.succeeded),
  figure("entries_failed", "Entries of all complete trials that failed", ({ entries }) => entries.failed),
  {
    name: "failures",
    help: "Failed entries by kind",
    labels: ["strategy", "kind"],
    samples: each(({ summary }) => tallied(summary.failures, "kind")),
  },
  {
    name: "trials_limited",
    help: "Trials by what limited them",
    labels: ["strategy", "limiter"],
    samples: each(({ summary }) => tallied(summary.limiters, "limiter")),
  },
  {
    name: "anomalies",
    help: "What the audit found, by kind",
    labels: ["strategy", "kind"],
    samples: each(({ summary }) => tallied(summary.audit.anomalies, "kind")),
  },
  figure("audit_ok", "1 if the audit found the data right", ({ audit }) => (audit.ok ? 1 : 0)),
];
