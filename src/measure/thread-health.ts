import { readFileSync } from "node:fs";
import { type EventLoopUtilization, PerformanceObserver, performance } from "node:perf_hooks";

/** How busy the calling thread was between `start` and `stop`. */
export interface ThreadHealth {
  readonly wallMs: number;
  /** CPU of this thread alone; null where the system does not tell (it is read from Linux' /proc). */
  readonly cpuMs: number | null;
  /** Time in which this thread could have run but another had the core; null where the system does not tell. */
  readonly coreWaitMs: number | null;
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
  #startSchedule: ThreadSchedule | null = null;
  #startUtilization: EventLoopUtilization | undefined;

  start(): void {
    this.#gcMs = 0;
    this.#observer.observe({ entryTypes: ["gc"] });
    this.#startSchedule = threadSchedule();
    this.#startUtilization = performance.eventLoopUtilization();
    this.#startMs = performance.now();
  }

  stop(): ThreadHealth {
    const wallMs = performance.now() - this.#startMs;
    const schedule = threadSchedule();
    const before = this.#startSchedule;
    const { utilization } = performance.eventLoopUtilization(this.#startUtilization);
    for (const entry of this.#observer.takeRecords()) this.#gcMs += entry.duration;
    this.#observer.disconnect();
    return {
      wallMs,
      cpuMs: schedule === null || before === null ? null : schedule.cpuMs - before.cpuMs,
      coreWaitMs: schedule === null || before === null ? null : schedule.coreWaitMs - before.coreWaitMs,
      eventLoopUtilization: utilization,
      gcMs: this.#gcMs,
    };
  }
}

interface ThreadSchedule {
  readonly cpuMs: number;
  readonly coreWaitMs: number;
}

/** schedstat: time on the CPU, then time on a run queue, in ns (Linux, Documentation/scheduler/sched-stats). */
function threadSchedule(): ThreadSchedule | null {
  try {
    const [cpuNs, waitNs] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ").map(Number);
    return { cpuMs: cpuNs! / 1e6, coreWaitMs: waitNs! / 1e6 };
  } catch {
    return null;
  }
}
