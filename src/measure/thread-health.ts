import { readFileSync } from "node:fs";
import { type EventLoopUtilization, PerformanceObserver, performance } from "node:perf_hooks";

/** How busy the calling thread was between `start` and `stop`. */
export interface ThreadHealth {
  readonly wallMs: number;
  /** CPU of this thread alone; null where the system does not tell (it is read from Linux' /proc). */
  readonly cpuMs: number | null;
  readonly eventLoopUtilization: number;
  /** Pauses for garbage collection in this thread. */
  readonly gcMs: number;
}

export class ThreadHealthMeter {
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.#gcMs += entry.duration;
  });
  #gcMs = 0;
  #startMs = 0;
  #startCpuMs: number | null = null;
  #startUtilization: EventLoopUtilization | undefined;

  start(): void {
    this.#gcMs = 0;
    this.#observer.observe({ entryTypes: ["gc"] });
    this.#startCpuMs = threadCpuMs();
    this.#startUtilization = performance.eventLoopUtilization();
    this.#startMs = performance.now();
  }

  stop(): ThreadHealth {
    const wallMs = performance.now() - this.#startMs;
    const cpuMs = threadCpuMs();
    const { utilization } = performance.eventLoopUtilization(this.#startUtilization);
    for (const entry of this.#observer.takeRecords()) this.#gcMs += entry.duration;
    this.#observer.disconnect();
    return {
      wallMs,
      cpuMs: cpuMs === null || this.#startCpuMs === null ? null : cpuMs - this.#startCpuMs,
      eventLoopUtilization: utilization,
      gcMs: this.#gcMs,
    };
  }
}

/** First field of schedstat: time spent on the CPU in ns (Linux, Documentation/scheduler/sched-stats). */
function threadCpuMs(): number | null {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return null;
  }
}
