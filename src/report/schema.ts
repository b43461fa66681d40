import * as z from "zod";
import { AUDITS } from "../audit/audit-depth.js";
import { CLIENTS, WRITES } from "../drivers/driver.js";
import { SCORES } from "../queue/outcome.js";
import { CONNECTIONS, ORDERS, POLL_BY } from "../scenario/scenario.js";
import { VERDICTS } from "../stats/comparison.js";
import { agentFacts } from "./agents.js";
import { thresholdResult } from "./thresholds.js";
import { amount, count, counts, entries, LIMITERS, latency, name, share, trial, warning } from "./trial-schema.js";

/**
 * The JSON report, version 1. Names and meanings are kept: fields may be added, and what is added later is optional,
 * so that every report ever written stays readable. Unknown fields are let through. Latencies are µs.
 */
export const SCHEMA_VERSION = 1;

const medianInterval = z.object({ median: amount, low: amount, high: amount, coverage: share }).meta({
  id: "medianInterval",
  description: "median over trials; coverage: the chance that low … high holds the true median",
});

const comparison = z
  .object({
    ratio: amount.nullable(),
    low: amount.nullable(),
    high: amount.nullable(),
    verdict: z.enum(VERDICTS),
  })
  .meta({ id: "comparison" });

const vsBaseline = z
  .object({
    baseline: name,
    tpsRatio: amount.nullable(),
    low: amount.nullable(),
    high: amount.nullable(),
    verdict: z.enum(VERDICTS),
    rounds: count,
    leftOut: count.meta({ description: "rounds without a ratio: a trial was not complete, or served nobody" }),
    generatorBound: z.boolean().meta({ description: "most trials of one side were limited by the load generator" }),
    p50: comparison,
    p95: comparison,
    p99: comparison,
  })
  .meta({ description: "this strategy over the baseline, by rounds; 95 % Student t interval of the ratio" });

const anomaly = z
  .object({
    count,
    perMillion: amount.nullable().meta({ description: "of the entries attempted; null: could not have been seen" }),
    low: amount.nullable(),
    high: amount.nullable(),
    promise: z.enum(["kept", "broken", "expected", "absent", "not-exercised"]).meta({
      description:
        "kept: promised, exercised and not seen; broken: promised and seen; expected: seen, not promised; " +
        "absent: neither; not-exercised: the run could not have shown it",
    }),
  })
  .meta({ id: "anomalyRate", description: "one kind of anomaly over all trials; 95 % Wilson interval" });

const faultSummary = z
  .object({
    fault: name.meta({ description: "as --fault takes it" }),
    trials: count.meta({ description: "those in which it happened" }),
    recovered: count.meta({ description: "those of them in which throughput was back within the trial" }),
    successRate: share.nullable(),
    longestGapMs: amount,
    degradedMs: amount.nullable(),
    recoveryMs: amount.nullable().meta({ description: "null: in half of the trials or more it was not seen" }),
    failures: counts,
  })
  .meta({ id: "faultSummary", description: "one fault over the trials: medians, and sums of failures" });

const summary = z.object({
  trials: count.meta({ description: "complete trials; only these count here" }),
  trialsLeftOut: count,
  tps: medianInterval.nullable(),
  latency: z.enum(["entry", "response"]).meta({ description: "the latency that p50, p95, p99 and merged are of" }),
  p50: medianInterval.nullable(),
  p95: medianInterval.nullable(),
  p99: medianInterval.nullable(),
  merged: latency
    .omit({ histogram: true })
    .meta({ description: "all entries of the complete trials in one distribution" }),
  successRate: share.nullable(),
  callsPerEntry: amount.nullable(),
  roundTripsPerEntry: amount.nullable(),
  socketWritesPerEntry: amount.nullable(),
  entries,
  failures: counts,
  failureExamples: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: "by kind: what one of them was told by" }),
  limiter: z.enum(LIMITERS).meta({ description: "of most trials; unclear where there is no majority" }),
  limiters: counts,
  audit: z.object({ ok: z.boolean(), anomalies: counts, brokenPromises: z.array(z.string()) }),
  anomalies: z.record(z.string(), anomaly).optional(),
  faults: z.array(faultSummary).optional().meta({ description: "in order of time; absent where none was planned" }),
  lostByServer: count.optional().meta({ description: "entries acknowledged that a restarted server forgot" }),
  vsBaseline: vsBaseline.optional(),
});

const scenario = z.object({
  name: z.string(),
  strategies: z.array(name),
  mixStrategies: name.nullable().optional(),
  order: z.enum(ORDERS).optional(),
  vus: count,
  pool: count,
  instances: count,
  instanceShares: z.array(amount).nullish(),
  connections: z.enum(CONNECTIONS),
  client: z.enum(CLIENTS),
  writes: z.enum(WRITES),
  rtt: z.object({ rttMs: amount, jitterMs: amount }).nullish(),
  score: z.enum(SCORES),
  durationMs: amount,
  warmupMs: amount,
  entries: count.nullable(),
  trials: count,
  concerts: count,
  zipf: amount,
  mix: z.object({ new: amount, waiting: amount, active: amount }),
  shards: count.optional().meta({ description: "parts of each queue, for strategy sharded" }),
  waitReplicas: count.optional(),
  prefill: count,
  maxWaiting: count,
  timeoutMs: amount,
  thinkTimeMs: amount,
  ratePerSec: amount.nullable(),
  arrival: z.string(),
  stages: z
    .array(z.object({ fromPerSec: amount, toPerSec: amount, forMs: amount }))
    .nullish()
    .meta({ description: "rates one after another; ratePerSec is then their mean" }),
  pollBy: z.enum(POLL_BY).optional(),
  pollEvery: z.union([z.literal("adaptive"), z.object({ everyMs: amount, jitterPercent: amount })]).nullish(),
  leavePercent: amount.optional(),
  returnAfterMs: amount.nullish(),
  doubleClickPercent: amount.optional(),
  tabsPercent: amount.optional(),
  botsPercent: amount.optional(),
  maxInFlight: count,
  admit: name.nullable().optional(),
  admitEveryMs: amount.optional(),
  admitBatch: count.optional(),
  admitTtlMs: amount.optional(),
  faults: z.array(z.object({ name, atMs: amount, forMs: amount })).optional(),
  audit: z.enum(AUDITS).optional(),
  historyMb: amount,
  seed: z.int(),
});

const environment = z.object({
  machine: z.object({
    cpuModel: z.string(),
    cores: count,
    architecture: z.string(),
    platform: z.string(),
    kernel: z.string(),
    memoryBytes: count,
    container: z.object({ cpuLimitCores: amount.nullable(), memoryLimitBytes: count.nullable() }),
    governor: z.string().nullable(),
    loadAverage: z.array(amount).length(3).meta({ description: "1, 5 and 15 minutes, before the run" }),
  }),
  software: z.object({ node: z.string(), qbench: z.string(), ioredis: z.string(), hdrHistogram: z.string() }),
  redis: z.object({
    server: z.string(),
    version: z.string(),
    mode: z.string().nullable(),
    build: z.object({
      id: z.string().nullable(),
      gitSha1: z.string().nullable(),
      allocator: z.string().nullable(),
      compiler: z.string().nullable(),
      multiplexing: z.string().nullable(),
      os: z.string().nullable(),
    }),
    config: z
      .record(z.string(), z.string())
      .nullable()
      .meta({ description: "settings that matter to a measurement; null where the server does not tell" }),
  }),
  scripts: z.record(z.string(), z.string()).meta({ description: "SHA1 of each Lua script by name" }),
  git: z
    .object({ revision: z.string(), dirty: z.boolean() })
    .nullable()
    .meta({ description: "of qbench's own working copy; null outside one" }),
  seed: z.int(),
});

const target = z.object({
  kind: z.enum(["embedded", "url", "cluster"]),
  server: z.string(),
  version: z.string(),
  nodes: z.array(z.object({ role: z.string(), loopback: z.boolean() })),
});

const tool = z.object({ name: z.literal("qbench"), version: z.string() });
const error = z.object({ code: z.int(), kind: name, message: z.string(), hint: z.string().nullable() });

/** Kinds of report: the commands that make one. The body of "run" is here, others have files of their own. */
export const REPORT_KINDS = [
  "run",
  "gate",
  "sweep",
  "admit",
  "capacity",
  "micro",
  "predict",
  "roadmap",
  "compare",
  "doctor",
  "selftest",
] as const;

export const runReportSchema = z
  .object({
    schemaVersion: z.literal(SCHEMA_VERSION),
    kind: z.literal("run"),
    tool,
    complete: z.boolean().meta({ description: "false if the run was interrupted or failed" }),
    startedAt: z.iso.datetime(),
    durationMs: amount,
    seed: z.int(),
    environment,
    target,
    agents: z.array(agentFacts).optional().meta({ description: "the machines that made the load, where not this one" }),
    scenario,
    strategies: z
      .array(z.object({ name, trials: z.array(trial), summary }))
      .meta({ description: "the first one is the baseline" }),
    thresholds: z.array(thresholdResult).optional().meta({ description: "what --fail-if asked for" }),
    warnings: z.array(warning),
    error: error.optional(),
  })
  .meta({ title: "qbench run report" });

/** What `--json` prints where nothing could be measured, and nothing beside: a report that was cut short has an error too. */
export const failureReportSchema = z
  .strictObject({ schemaVersion: z.literal(SCHEMA_VERSION), kind: name, tool, complete: z.literal(false), error })
  .meta({ title: "qbench failure" });

export type DeepReadonly<T> = T extends (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

export type RunReport = DeepReadonly<z.infer<typeof runReportSchema>>;
export type FailureReport = DeepReadonly<z.infer<typeof failureReportSchema>>;
export type StrategyReport = RunReport["strategies"][number];
export type TrialReport = StrategyReport["trials"][number];
export type StrategySummary = StrategyReport["summary"];
export type LatencyReport = DeepReadonly<z.infer<typeof latency>>;
export type EnvironmentReport = RunReport["environment"];
export type TargetReport = RunReport["target"];
