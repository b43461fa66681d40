import type { TrialProgress } from "../engine/bench.js";
import type { TrialPlace } from "../engine/run.js";
import { Histogram } from "../measure/histogram.js";

/** For tests: what an engine would tell. */

export const placeOf = (index: number, strategy: string): TrialPlace => ({ index, count: 20, strategy, round: 0 });

/** Entries that took 1, 2, 3 … ms, as many as succeeded; `busy`: share of the time in which the event loop worked. */
export function progressOf(
  figures: Pick<TrialProgress, "succeeded" | "failed" | "elapsedMs"> & { readonly busy?: number },
): TrialProgress {
  const { busy = 0.5, elapsedMs, succeeded } = figures;
  return {
    ...figures,
    inProgress: 12,
    heapUsedBytes: 0,
    arrayBuffersBytes: 0,
    latencies() {
      const latencies = new Histogram();
      for (let i = 0; i < succeeded; i++) latencies.record(1000 * (1 + (i % 100)));
      return latencies;
    },
    eventLoops: () => [{ idle: elapsedMs * (1 - busy), active: elapsedMs * busy, utilization: busy }],
  };
}

/** An `INFO cpu` whose main thread has used so much; undefined: a server that is too old to tell. */
export const cpuInfo = (cpuSec: number | undefined): string =>
  `# CPU\r\nused_cpu_sys:1.0\r\nused_cpu_user:2.0\r\n${
    cpuSec === undefined ? "" : `used_cpu_sys_main_thread:0\r\nused_cpu_user_main_thread:${cpuSec}\r\n`
  }`;
