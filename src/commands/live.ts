import { type LiveRun, watchRun } from "../live/live-run.js";
import { serveMetrics } from "../live/metrics.js";
import { servePage } from "../live/page-server.js";
import { createProgress } from "../live/progress.js";
import type { Target } from "../targets/target.js";
import type { TargetFacts } from "./report-file.js";
import type { RunJob } from "./run.js";

/** All who watch a run: the terminal, the page, the metrics. */
export interface Live {
  readonly run: LiveRun;
  targetOpened(target: Target, facts: TargetFacts): void;
  /** After it nobody is told anything. */
  close(): Promise<void>;
}

/**
 * Before anything connects.
 * @throws QbenchError (usage) if a port cannot be had; nothing is left open then
 */
export async function openLive({ scenario, options, live }: RunJob, startedAt: Date): Promise<Live> {
  const { uiPort, metricsPort } = live;
  const progress = options.quiet ? [] : [createProgress({ isTerminal: process.stderr.isTTY === true })];
  const page = uiPort === null ? undefined : await servePage(uiPort, scenario);
  const closePage = async (): Promise<void> => page?.close();
  let metrics: Awaited<ReturnType<typeof serveMetrics>> | undefined;
  try {
    metrics = metricsPort === null ? undefined : await serveMetrics(metricsPort, scenario, startedAt);
  } catch (error) {
    await closePage();
    throw error;
  }
  // Also where it is to be quiet: a free port is known to nobody else.
  if (page !== undefined) console.error(`qbench: live page: ${page.url}`);
  if (metrics !== undefined) console.error(`qbench: metrics: ${metrics.url}`);
  const viewers = [...progress, ...[page?.viewer, metrics?.viewer].filter((one) => one !== undefined)];
  const plannedTrialMs = scenario.entries === null ? scenario.warmupMs + scenario.durationMs : null;
  const run = watchRun(viewers, plannedTrialMs);
  return {
    run,
    targetOpened({ control }, { target }) {
      run.targetOpened(control);
      metrics?.targetOpened(target);
    },
    async close() {
      run.ended();
      await Promise.all([closePage(), metrics?.close()]);
    },
  };
}
