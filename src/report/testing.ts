import { type Prng, prng } from "../base/prng.js";
import type { TrialResult } from "../engine/trial-result.js";
import { bucketUs, EMPTY_COUNTS } from "../measure/hdr.js";
import type { HistogramCounts } from "../measure/histogram.js";
import type { Limiter } from "../measure/limiter.js";
import type { Scenario } from "../scenario/scenario.js";
import { buildRunReport, type RunFacts } from "./builder.js";
import type { EnvironmentReport, RunReport, TargetReport } from "./schema.js";

/** For tests: invented but consistent results, the same from the same arguments. */

export const SCENARIO: Scenario = {
  name: "default",
  strategies: ["individual", "dedup", "pipeline", "lua"],
  mixStrategies: null,
  order: "interleaved",
  vus: 3000,
  pool: 20,
  instances: 1,
  instanceShares: null,
  connections: "exclusive",
  client: "wire",
  writes: "coalesced",
  rtt: null,
  score: "timestamp",
  durationMs: 3000,
  warmupMs: 500,
  entries: null,
  trials: 5,
  concerts: 1,
  shards: 8,
  waitReplicas: 0,
  zipf: 0,
  mix: { new: 100, waiting: 0, active: 0 },
  prefill: 0,
  maxWaiting: 1_000_000,
  timeoutMs: 1000,
  thinkTimeMs: 0,
  ratePerSec: null,
  arrival: "constant",
  stages: null,
  pollEvery: null,
  pollBy: "entry",
  leavePercent: 0,
  returnAfterMs: null,
  doubleClickPercent: 0,
  tabsPercent: 0,
  botsPercent: 0,
  maxInFlight: 10_000,
  admit: null,
  admitEveryMs: 1000,
  admitBatch: 1000,
  admitTtlMs: 600_000,
  faults: [],
  audit: "full",
  historyMb: 256,
  seed: 42,
};

export const TARGET: TargetReport = {
  kind: "embedded",
  server: "redis",
  version: "7.0.15",
  nodes: [{ role: "primary", loopback: true }],
};

export const ENVIRONMENT: EnvironmentReport = {
  machine: {
    cpuModel: "Example CPU @ 3.00GHz",
    cores: 2,
    architecture: "x64",
    platform: "linux",
    kernel: "6.1.0",
    memoryBytes: 8 * 2 ** 30,
    container: { cpuLimitCores: null, memoryLimitBytes: null },
    governor: "performance",
    loadAverage: [0.1, 0.2, 0.3],
  },
  software: { node: "20.20.2", qbench: "0.1.0", ioredis: "6.0.0", hdrHistogram: "3.0.1" },
  redis: {
    server: "redis",
    version: "7.0.15",
    mode: "standalone",
    build: {
      id: "abc",
      gitSha1: "00000000",
      allocator: "jemalloc",
      compiler: "12",
      multiplexing: "epoll",
      os: "Linux",
    },
    config: { "io-threads": "1", save: "" },
  },
  scripts: { enter_queue: "0123456789012345678901234567890123456789" },
  git: { revision: "f".repeat(40), dirty: false },
  seed: 42,
};

/** A histogram of latencies spread around `middleUs`. */
export function histogramAround(middleUs: number, count: number, random: Prng): HistogramCounts {
  const byBucket = new Map<number, number>();
  let [minUs, maxUs, sumUs] = [Number.POSITIVE_INFINITY, 0, 0];
  for (let i = 0; i < 200; i++) {
    const us = Math.floor(middleUs * Math.exp(0.5 * (random.next() + random.next() - 1)));
    const times = Math.floor(count / 200) + (i < count % 200 ? 1 : 0);
    if (times === 0) continue;
    byBucket.set(bucketUs(us), (byBucket.get(bucketUs(us)) ?? 0) + times);
    minUs = Math.min(minUs, us);
    maxUs = Math.max(maxUs, us);
    sumUs += us * times;
  }
  if (byBucket.size === 0) return EMPTY_COUNTS;
  const sorted = [...byBucket].sort(([a], [b]) => a - b);
  return {
    valuesUs: sorted.map(([value]) => value),
    counts: sorted.map(([, times]) => times),
    minUs,
    maxUs,
    sumUs,
    outOfRange: 0,
  };
}

export interface TrialShape {
  readonly tps?: number;
  readonly calls?: number;
  readonly roundTrips?: number;
  readonly limiter?: Limiter;
  /** Entries that timed out. */
  readonly timeouts?: number;
  readonly change?: Partial<TrialResult>;
}

export const AUDIT: TrialResult["audit"] = {
  ok: true,
  anomalies: {},
  brokenPromises: [],
  checked: 45_000,
  coverage: "users",
  lostByServer: 0,
  durationMs: 40,
};

/** A trial of three seconds. */
export function trialOf(strategy: string, round: number, shape: TrialShape = {}): TrialResult {
  const { tps = 10_000, calls = 1, roundTrips = 1, limiter = "server", timeouts = 0 } = shape;
  const random = prng(1000 * round + calls);
  const succeeded = 3 * tps;
  const middleUs = (3000 / tps) * 1e6;
  return {
    strategy,
    round,
    order: 0,
    seed: 7 + round,
    complete: true,
    durationMs: 3000,
    entries: {
      attempted: succeeded + timeouts,
      succeeded,
      failed: timeouts,
      inDoubt: timeouts,
      unsent: 0,
      dropped: 0,
      new: succeeded,
      waiting: 0,
      active: 0,
    },
    failures: timeouts > 0 ? { timeout: timeouts } : {},
    latency: {
      entry: histogramAround(middleUs, succeeded, random),
      service: histogramAround(middleUs / 150, succeeded, random),
      poolWait: histogramAround(middleUs, succeeded, random),
      failed: timeouts > 0 ? histogramAround(1e6, timeouts, random) : EMPTY_COUNTS,
    },
    timeline: [0, 1, 2].map((second) => ({
      second,
      succeeded: tps,
      failed: second === 1 ? timeouts : 0,
      p50: Math.floor(middleUs),
      p99: Math.floor(middleUs * 1.4),
    })),
    server: {
      commands: { zadd: { calls: succeeded, usecPerCall: 2.5 } },
      callsSent: succeeded * calls,
      callsPerEntry: calls,
      callsCountedBy: timeouts > 0 ? "generator" : "server",
      cpuUtilization: 0.97,
      cpuUsPerEntry: 0.97e6 / tps,
      stolenShare: 0,
      wallMs: 3010,
    },
    generator: {
      cpuUtilization: 0.6,
      cpuUsPerEntry: 0.6e6 / tps,
      eventLoopUtilization: 0.65,
      loopLagMs: { p99: 1.2, max: 4.5 },
      gcMs: 12,
      stolenShare: 0.01,
      threads: [{ instance: 0, cpuUtilization: 0.6, eventLoopUtilization: 0.65 }],
      commands: { zadd: succeeded },
      socketWrites: succeeded * roundTrips,
      bytesSent: succeeded * 100,
      bytesReceived: succeeded * 20,
      reconnects: 0,
      scriptReloads: 0,
      historyEntries: succeeded,
      historyBytes: succeeded * 32,
      memory: { rssBytes: 90e6, heapUsedBytes: 12e6, arrayBuffersBytes: 8e6, bytesPerUser: 640 },
    },
    events: [],
    inProgress: { expected: 3000, counted: 2999, samples: 60 },
    waitingSet: { atStart: 0, atEnd: succeeded, mean: succeeded / 2, limit: 1_000_000, concerts: 1 },
    roundTripsPerEntry: roundTrips,
    socketWritesPerEntry: roundTrips,
    limiter,
    limiterEvidence: ["Redis main thread 97 % busy (limit from 90 %)"],
    audit: { ...AUDIT, checked: succeeded },
    warnings: [],
    ...shape.change,
  };
}

/** The shape of each of the default strategies' trials. */
const SHAPES: Readonly<Record<string, TrialShape>> = {
  individual: { tps: 15_000, calls: 6, roundTrips: 6 },
  dedup: { tps: 21_000, calls: 4, roundTrips: 4 },
  pipeline: { tps: 30_000, calls: 4, roundTrips: 2 },
  lua: { tps: 15_300, calls: 1, roundTrips: 1 },
};

/** Trials of `rounds` rounds in which every figure differs a little. */
export function trialsOf(scenario: Scenario, shapes: Readonly<Record<string, TrialShape>> = {}): TrialResult[] {
  return Array.from({ length: scenario.trials }, (_, round) =>
    scenario.strategies.map((strategy, order) => {
      const shape = { ...SHAPES[strategy], ...shapes[strategy] };
      // A drift of the machine that all share, and a wobble of each trial.
      const wobble = 1 - 0.02 * round + 0.01 * ((round * 7 + order * 3) % 5);
      const tps = Math.round((shape.tps ?? 10_000) * wobble);
      return trialOf(strategy, round, { ...shape, tps, change: { order, ...shape.change } });
    }),
  ).flat();
}

/** A whole report. */
export function reportOf(change: Partial<RunFacts> = {}, shapes: Readonly<Record<string, TrialShape>> = {}): RunReport {
  const scenario = change.scenario ?? SCENARIO;
  return buildRunReport({
    scenario,
    target: TARGET,
    environment: ENVIRONMENT,
    trials: trialsOf(scenario, shapes),
    startedAt: new Date("2026-03-01T12:00:00Z"),
    durationMs: 75_000,
    complete: true,
    warnings: [],
    seed: scenario.seed,
    ...change,
  });
}
