import * as z from "zod";
import { agentFigures } from "./agents.js";

/** The part of a report that tells of one trial, and the pieces that summaries share with it. Latencies are µs. */

export const LIMITERS = ["server", "generator", "pool", "network", "offered-load", "unclear"] as const;

export const count = z.int().nonnegative();
export const amount = z.number().nonnegative();
export const share = z.number().min(0).max(1);
export const counts = z.record(z.string(), count);
export const name = z.string().min(1);

export const latency = z
  .object({
    unit: z.literal("us"),
    count,
    min: amount.nullable(),
    mean: amount.nullable(),
    p50: amount.nullable(),
    p90: amount.nullable(),
    p95: amount.nullable(),
    p99: amount.nullable(),
    p999: amount.nullable(),
    max: amount.nullable(),
    outOfRange: count.meta({ description: "values above the histogram's range; counted in it as the largest" }),
    histogram: z.base64().meta({ description: "HdrHistogram, V2 compressed, µs, three significant digits" }),
  })
  .meta({ id: "latency", description: "one latency distribution; nulls where nothing was recorded" });

export const entries = z
  .object({
    attempted: count,
    succeeded: count,
    failed: count,
    inDoubt: count,
    unsent: count.optional().meta({ description: "failed entries that never got a connection" }),
    dropped: count,
    new: count,
    waiting: count,
    active: count,
  })
  .meta({ id: "entries" });

export const warning = z.object({ code: name, message: z.string() }).meta({ id: "warning" });

const server = z.object({
  commands: z.record(z.string(), z.object({ calls: count, usecPerCall: amount })),
  nodes: z
    .array(z.object({ node: z.int().min(-1), calls: count, share, cpuUtilization: amount.nullable() }))
    .optional()
    .meta({
      description:
        "of a cluster, each primary, the one with most to do first: its place in target.nodes, its calls, its share of all",
    }),
  replicas: z
    .array(z.object({ node: z.int().min(-1), reads: count, cpuUtilization: amount.nullable() }))
    .optional()
    .meta({
      description: "of a cluster, each replica that positions were read from, and how many it told by its own count",
    }),
  callsSent: count,
  callsPerEntry: amount.meta({ description: "of an entry that got a connection" }),
  callsCountedBy: z.enum(["server", "generator"]).optional().meta({
    description:
      "the generator where the server's own count cannot tell: entries failed, strategies are mixed, it restarted",
  }),
  cpuUtilization: amount.nullable(),
  cpuUsPerEntry: amount.nullable(),
  wallMs: amount,
  stolenShare: amount,
});

const generator = z.object({
  cpuUtilization: amount,
  cpuUsPerEntry: amount,
  eventLoopUtilization: amount,
  loopLagMs: z
    .object({ p99: amount, max: amount })
    .optional()
    .meta({ description: "by how much a timer of the latest thread fired late" }),
  gcMs: amount,
  stolenShare: amount,
  threads: z.array(z.object({ instance: count, cpuUtilization: amount.nullable(), eventLoopUtilization: amount })),
  commands: counts,
  socketWrites: count,
  bytesSent: count,
  bytesReceived: count,
  reconnects: count,
  scriptReloads: count,
  historyEntries: count,
  historyBytes: count,
  memory: z
    .object({ rssBytes: count, heapUsedBytes: count, arrayBuffersBytes: count, bytesPerUser: amount })
    .meta({
      description:
        "when the last entry had ended: of the process; objects and typed arrays of the measuring threads; " +
        "what these have grown by, less the history, for each user (an upper bound)",
    })
    .optional(),
});

const pacing = z
  .object({
    planned: count,
    started: count,
    plannedPerSec: amount,
    achievedPerSec: amount,
    startLag: z.object({ unit: z.literal("us"), p50: amount.nullable(), p99: amount.nullable() }),
    cpuUtilization: amount.nullable(),
  })
  .meta({ description: "how closely the arrivals of the open model followed their plan" });

const network = z
  .object({
    rttMs: amount,
    jitterMs: amount,
    added: z.object({
      unit: z.literal("us"),
      p50: amount.nullable(),
      p99: amount.nullable(),
      max: amount.nullable(),
    }),
    cpuUtilization: amount.nullable(),
  })
  .meta({ description: "where a round trip is added: how closely it followed what was asked for" });

const users = z
  .object({
    arrivals: count,
    polls: count,
    repeats: count,
    returns: count,
    leaves: count,
    leavesFailed: count,
    reads: count.optional().meta({ description: "positions that were read without entering" }),
    readsFailed: count.optional(),
    readsNowhere: count.optional().meta({ description: "of reads: the user stood nowhere" }),
  })
  .meta({
    description:
      "how entries came about: their sum is entries.attempted, but for leaves and reads, which are no entries",
  });
const staleness = z
  .object({
    replicas: count.meta({ description: "that were asked: those of the primary which holds the first concert" }),
    everyUs: amount.meta({
      description: "from one look at each to the next, on the mean; so much may be missing in each figure",
    }),
    reads: count,
    staleReads: count.meta({ description: "of reads: something was lacking that had been acknowledged before" }),
    failed: count,
    behind: z.object({
      unit: z.literal("us"),
      p50: amount.nullable(),
      p99: amount.nullable(),
      max: amount.nullable(),
    }),
  })
  .meta({ description: "where positions are read from replicas: how far behind these were" });
const admission = z
  .object({
    design: name,
    everyMs: amount,
    batch: count,
    calls: count,
    failedCalls: count,
    skippedTicks: count.meta({ description: "ticks that were due while an earlier one was at work" }),
    admitted: count.meta({ description: "users, by the replies" }),
    found: count.meta({ description: "users whom the data show as admitted by these calls" }),
    callMs: z.object({ p50: amount, p99: amount, max: amount }).nullable(),
    stallMs: amount
      .nullable()
      .meta({ description: "mean time of one script, by the server's count: nobody else is served meanwhile" }),
    stallShare: amount.nullable().meta({ description: "share of the trial's time that was spent so" }),
  })
  .meta({ description: "users admitted beside the entries; their commands are not among the entries'" });

const fault = z
  .object({
    name,
    atMs: amount.meta({ description: "when it was to begin, since the common start" }),
    forMs: amount.meta({ description: "how long it was to last; 0: it happens at an instant" }),
    beganMs: amount,
    endedMs: amount,
    succeeded: count,
    failures: counts.meta({ description: "by kind" }),
    successRate: share.nullable(),
    longestGapMs: amount.meta({ description: "the longest time without a success" }),
    degradedMs: amount
      .nullable()
      .meta({ description: "time in windows of 100 ms with less than half of the rate before; null: cannot be told" }),
    recoveryMs: amount.nullable().meta({
      description:
        "from its end to the first window of 100 ms with 90 % of the rate before, if it was felt only then, after the rate fell; null: none seen",
    }),
  })
  .meta({
    id: "fault",
    description: "what went wrong on purpose, and what became of the entries until the next fault or the trial's end",
  });

const moments = z
  .object({ everyMs: amount, succeeded: z.array(count), failed: z.array(count), beforePerSec: amount.nullable() })
  .meta({ description: "ends of entries, window by window; beforePerSec: median rate before the first fault" });

const sharding = z
  .object({
    shards: count,
    users: count,
    overtaking: count.meta({ description: "users ahead of somebody who certainly came before" }),
    mostOvertaken: count,
    placeOff: z.object({ p50: count, p99: count, max: count }).meta({
      description: "by how much the place in a part, times the parts, is certainly off the place in the whole",
    }),
  })
  .meta({ description: "where a queue is in parts: what that does to order and places" });

const part = z.object({
  strategy: name,
  share: amount.meta({ description: "of the entries, in per cent" }),
  entries: z.object({ succeeded: count, failed: count, new: count, waiting: count, active: count }),
  latency: z.object({ entry: latency }),
});

const example = z
  .object({
    kind: name,
    rule: z.string(),
    concert: count,
    user: count,
    events: z.array(
      z.object({
        what: name,
        result: z.string(),
        instance: z.int().min(-1),
        sentUs: z.number().optional(),
        repliedUs: z.number().optional(),
        position: count.optional(),
        total: count.optional(),
        isToBlame: z.literal(true).optional(),
      }),
    ),
  })
  .meta({
    id: "auditExample",
    description: "an anomaly explained; times are µs from the start, on the thread's clock",
  });

export const trial = z
  .object({
    round: count,
    order: count.meta({ description: "place within the round, from 0" }),
    seed: z.int(),
    complete: z.boolean(),
    serverRestarted: z.literal(true).optional(),
    durationMs: amount.meta({
      description: "from the common start to the end of the last entry, and at least as long as the plan says",
    }),
    entries,
    failures: counts,
    failureExamples: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: "by kind: what one of them was told by" }),
    tps: amount.meta({ description: "succeeded entries per second of durationMs" }),
    successRate: share.nullable(),
    latency: z.object({
      entry: latency,
      service: latency,
      poolWait: latency,
      failed: latency,
      response: latency.optional(),
      startLag: latency.optional(),
      poll: latency.optional(),
    }),
    timeline: z
      .array(
        z.object({
          second: count,
          succeeded: count,
          failed: count,
          failures: counts.optional().meta({ description: "by kind" }),
          p50: amount.nullable(),
          p99: amount.nullable(),
        }),
      )
      .meta({
        description:
          "every interval up to the last in which an entry ended; latencies are of response in the open model, else of " +
          "entry, and null where nothing succeeded",
      }),
    timelineWidthSec: count
      .meta({ description: "length of the timeline's intervals where it is not one second" })
      .optional(),
    server,
    generator,
    pacing: pacing.optional(),
    network: network.optional(),
    users: users.optional(),
    events: z
      .array(
        z.object({
          atMs: amount.meta({ description: "since the common start" }),
          kind: name,
          message: z.string(),
          count: count.meta({ description: "how often at that moment" }),
          lastedMs: amount.optional(),
        }),
      )
      .optional()
      .meta({ description: "what happened, in order of time" }),
    faults: z.array(fault).optional(),
    moments: moments.optional(),
    waitingSet: z.object({
      atStart: count,
      atEnd: count,
      mean: amount.optional().meta({ description: "length that a new user met, on the mean" }),
      limit: count,
      concerts: count,
    }),
    inProgress: z
      .object({ expected: amount, counted: amount, samples: count })
      .optional()
      .meta({ description: "Little's law: entries in progress by rate × latency, and as they were counted" }),
    admission: admission.optional(),
    sharding: sharding.optional(),
    staleness: staleness.optional(),
    parts: z.array(part).optional().meta({ description: "where strategies are mixed: each one's entries" }),
    agents: z.array(agentFigures).optional().meta({ description: "where agents made the load" }),
    roundTripsPerEntry: amount,
    socketWritesPerEntry: amount,
    limiter: z.enum(LIMITERS),
    limiterEvidence: z.array(z.string()),
    audit: z.object({
      ok: z.boolean(),
      anomalies: counts,
      brokenPromises: z.array(z.string()),
      checked: count,
      promises: z.array(z.string()).optional(),
      exercised: z
        .array(z.string())
        .optional()
        .meta({ description: "kinds that this trial could have shown; of any other, finding none says nothing" }),
      examples: z.array(example).optional(),
      unjudged: count.optional().meta({ description: "users with too much under way at once to say anything" }),
      clockToleranceUs: amount
        .optional()
        .meta({ description: "how far apart times of different threads must be before their order counts" }),
      coverage: z.enum(["users", "counts", "none"]),
      lostByServer: count,
      durationMs: amount,
    }),
    warnings: z.array(warning),
  })
  .meta({ id: "trial" });
