import { readFileSync } from "node:fs";
import { type EventLoopUtilization, monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";

/** How busy the calling thread was between `start` and `stop`. */
export interface ThreadHealth {
  readonly wallMs: number;
  /** CPU of this thread alone; null where the system does not tell (it is read from Linux' /proc). */
  readonly cpuMs: number | null;
  /** Time in which this thread could have run but another had the core; null where the system does not tell. */
  readonly coreWaitMs: number | null;
  readonly eventLoopUtilization: number;
  /** By how much a timer fired late: what was due had to wait as long. */
  readonly loopLagMs: { readonly p99: number; readonly max: number };
  /** Pauses for garbage collection in this thread. */
  readonly gcMs: number;
}

/** Samples of the event loop's delay; taken natively, without running any JavaScript. */
const LAG_EVERY_MS = 10;

export class ThreadHealthMeter {
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.#gcMs += entry.duration;
  });
  readonly #loopDelay = monitorEventLoopDelay({ resolution: LAG_EVERY_MS });
  #gcMs = 0;
  #startMs = 0;
  #startSchedule: ThreadSchedule | null = null;
  #startUtilization: EventLoopUtilization | undefined;

  start(): void {
    this.#gcMs = 0;
    this.#observer.observe({ entryTypes: ["gc"] });
    this.#loopDelay.enable();
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
    this.#loopDelay.disable();
    return {
      wallMs,
      cpuMs: schedule === null || before === null ? null : schedule.cpuMs - before.cpuMs,
      coreWaitMs: schedule === null || before === null ? null : schedule.coreWaitMs - before.coreWaitMs,
      eventLoopUtilization: utilization,
      loopLagMs: { p99: this.#lagMs(this.#loopDelay.percentile(99)), max: this.#lagMs(this.#loopDelay.max) },
      gcMs: this.#gcMs,
    };
  }

  /** What is recorded is how far two samples were apart, in ns. */
  #lagMs(apartNs: number): number {
    return this.#loopDelay.count === 0 ? 0 : Math.max(0, apartNs / 1e6 - LAG_EVERY_MS);
  }
}

export interface ThreadSchedule {
  readonly cpuMs: number;
  readonly coreWaitMs: number;
}

/**
 * schedstat: time on the CPU, then time on a run queue, in ns (Linux, Documentation/scheduler/sched-stats).
 * `pid`: of another process, its main thread.
 */
export function threadSchedule(pid?: number): ThreadSchedule | null {
  try {
    const path = pid === undefined ? "/proc/thread-self/schedstat" : `/proc/${pid}/task/${pid}/schedstat`;
    const [cpuNs, waitNs] = readFileSync(path, "utf8").split(" ").map(Number);
    return { cpuMs: cpuNs! / 1e6, coreWaitMs: waitNs! / 1e6 };
  } catch {
    return null;
  }
}
