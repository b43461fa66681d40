import { printable } from "../base/printable.js";
import type { TrialResult } from "../engine/trial-result.js";
import { summariesOf } from "../report/builder.js";
import type { TargetReport } from "../report/schema.js";
import { TOOL } from "../report/tool.js";
import { EXPOSITION_TYPE, exposition, type Metric } from "../reporters/exposition.js";
import { RUN_METRICS } from "../reporters/prometheus.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LiveState, Viewer } from "./live-run.js";
import { HEADERS, type LoopbackServer, serveLoopback } from "./loopback.js";

/**
 * What Prometheus scrapes while a run goes on: the metrics that a report has (reporters/prometheus.ts), of the trials
 * that have finished, and those of the trial that goes on, whose names begin with `qbench_live_`.
 */
export interface MetricsServer extends Pick<LoopbackServer, "url"> {
  readonly viewer: Viewer;
  targetOpened(target: TargetReport): void;
  close(): Promise<void>;
}

/** @throws QbenchError (usage) if the port cannot be had */
export async function serveMetrics(port: number, scenario: Scenario, startedAt: Date): Promise<MetricsServer> {
  const trials: TrialResult[] = [];
  let state: LiveState | undefined;
  let target: TargetReport | undefined;
  /** Made between trials: what takes time must not fall into one. */
  let finished = Promise.resolve("");

  const summarize = (): void => {
    if (target === undefined) return;
    finished = exposition(RUN_METRICS, {
      tool: TOOL,
      scenario,
      target,
      startedAt: startedAt.toISOString(),
      complete: false,
      strategies: summariesOf(scenario, trials),
    });
    // A scrape tells it.
    finished.catch(() => {});
  };
  const server = await serveLoopback("--metrics-port", port, {
    async "/metrics"(response) {
      const live = state === undefined ? "" : await exposition(LIVE_METRICS, state);
      const text = (await finished) + live;
      response.writeHead(200, { ...HEADERS, "content-type": EXPOSITION_TYPE });
      response.end(text);
    },
  });
  return {
    url: `${server.url}metrics`,
    viewer: {
      showsFigures: true,
      changed(next) {
        state = next;
      },
      trialFinished(result) {
        trials.push(result);
        summarize();
      },
      ended() {},
    },
    targetOpened(opened) {
      target = opened;
      summarize();
    },
    close: () => server.close(),
  };
}

/** Of the strategy whose trial goes on. */
const current = (state: LiveState): { strategy: string } => ({ strategy: printable(state.place?.strategy ?? "") });

export const LIVE_METRICS: readonly Metric<LiveState>[] = [
  {
    name: "live_trials_planned",
    help: "Trials of the whole run",
    labels: [],
    samples: ({ place }) => [{ labels: {}, value: place?.count }],
  },
  {
    name: "live_trials_finished",
    help: "Trials that have come to their end",
    labels: [],
    samples: ({ finishedTrials }) => [{ labels: {}, value: finishedTrials }],
  },
  {
    name: "live_left_seconds",
    help: "How long the run still takes, about",
    labels: [],
    samples: ({ leftMs }) => [{ labels: {}, value: leftMs && leftMs / 1000 }],
  },
  {
    name: "live_measuring",
    help: "1 while the trial of this strategy is measured, 0 in its warm-up and audit",
    labels: ["strategy"],
    samples: (state) =>
      state.place === null ? [] : [{ labels: current(state), value: state.phase === "measuring" ? 1 : 0 }],
  },
  {
    name: "live_entries_total",
    help: "Entries that have ended in measured time, of all trials so far",
    isCounter: true,
    labels: ["strategy", "result"],
    samples: (state) =>
      [...entriesOf(state)].flatMap(([strategy, counts]) =>
        (["succeeded", "failed"] as const).map((result) => ({
          labels: { strategy: printable(strategy), result },
          value: counts[result],
        })),
      ),
  },
  {
    name: "live_entries_per_second",
    help: "Succeeded entries a second of the trial that goes on, so far",
    labels: ["strategy"],
    samples: (state) => (state.trial === null ? [] : [{ labels: current(state), value: state.trial.perSec }]),
  },
  {
    name: "live_latency_seconds",
    help: "Percentiles of the trial that goes on, so far",
    labels: ["strategy", "quantile"],
    samples: (state) =>
      Object.entries(QUANTILES).map(([quantile, percentile]) => {
        const us = state.trial?.latencyUs[percentile];
        return { labels: { ...current(state), quantile }, value: us && us / 1e6 };
      }),
  },
  {
    name: "live_entries_in_progress",
    help: "Entries that have begun and not ended",
    labels: ["strategy"],
    samples: (state) => (state.trial === null ? [] : [{ labels: current(state), value: state.trial.inProgress }]),
  },
  {
    name: "live_busy_ratio",
    help: "How busy the server's main thread and the busiest event loop of the load generator are",
    labels: ["side"],
    samples: ({ trial }) => Object.entries(trial?.busy ?? {}).map(([side, value]) => ({ labels: { side }, value })),
  },
];

const QUANTILES = { "0.5": "p50", "0.95": "p95", "0.99": "p99" } as const;

/** Those of finished trials and of the one that goes on. */
function entriesOf({ totals, trial, place }: LiveState): Map<string, { succeeded: number; failed: number }> {
  const all = new Map(totals);
  if (trial === null || place === null) return all;
  const before = all.get(place.strategy) ?? { succeeded: 0, failed: 0 };
  return all.set(place.strategy, {
    succeeded: before.succeeded + trial.succeeded,
    failed: before.failed + trial.failed,
  });
}
