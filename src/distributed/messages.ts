import * as z from "zod";
import { CLIENTS, type DriverOptions, WRITES } from "../drivers/driver.js";
import { ARRIVALS } from "../pacers/index.js";
import { SCORES } from "../queue/outcome.js";
import { agentFacts } from "../report/agents.js";
import { CONNECTIONS, POLL_BY } from "../scenario/scenario.js";
import type { LuaFile } from "../strategies/lua-file.js";
import type { Segment } from "../worker/segment.js";

/**
 * What controller and agents say to each other. Everything is checked where it comes in: an agent runs nothing that is
 * not a load plan, and the controller believes no figures that do not fit together.
 */

/** Raised when a message changes: others do not understand it. */
export const PROTOCOL = 3;
/** What to do where agents and controller are not of one version. */
export const SAME_VERSION = "install the same version everywhere";

const name = z.string().min(1).max(500);
const count = z.int().nonnegative();
const amount = z.number().nonnegative();
const percent = z.number().min(0).max(100);
const orInfinity = z.custom<number>((value) => value === Number.POSITIVE_INFINITY || Number.isSafeInteger(value));

/** The job that an agent takes from the queue: a place in a run. */
export const orderSchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  /** Part of the control Redis' keys. */
  run: z.string().regex(/^[0-9a-f]{8,32}$/),
  place: count.max(9999),
  /** How long either side may be silent before the other takes it for gone. */
  patienceMs: z.int().min(500).max(600_000),
});
export type Order = z.infer<typeof orderSchema>;

/** What every protocol has in its orders: whom to tell that this one cannot be followed. */
export const foreignOrderSchema = orderSchema.pick({ run: true, place: true }).loose();

const population = z.strictObject({ waiting: count, active: count });
const stage = z.strictObject({ fromPerSec: amount, toPerSec: amount, forMs: amount });

/** As `Segment`, but nothing is shared with the controller's threads. */
const segment: z.ZodType<Segment> = z.strictObject({
  index: count,
  count: z.int().positive(),
  strategy: name,
  score: z.enum(SCORES),
  connections: z.enum(CONNECTIONS),
  vus: z.int().positive(),
  thinkTimeMs: amount,
  arrivals: z
    .strictObject({
      ratePerSec: z.number().positive(),
      arrival: z.enum(ARRIVALS),
      stages: z.array(stage).nullable(),
      maxInFlight: z.int().positive(),
    })
    .nullable(),
  durationMs: amount,
  entries: count.nullable(),
  mix: z.strictObject({ new: percent, waiting: percent, active: percent }),
  behaviour: z
    .strictObject({
      pollEvery: z
        .union([z.literal("adaptive"), z.strictObject({ everyMs: amount, jitterPercent: percent })])
        .nullable(),
      pollBy: z.enum(POLL_BY),
      leavePercent: percent,
      returnAfterMs: amount.nullable(),
      doubleClickPercent: percent,
      tabsPercent: percent,
      botsPercent: percent,
    })
    .nullable(),
  population,
  runId: z.string().regex(/^[\w-]{1,64}$/),
  firstConcert: count,
  concerts: z.int().positive(),
  shards: z.int().positive(),
  zipf: amount,
  newUsersPerGeneration: z.int().positive(),
  generations: orInfinity,
  waitReplicas: count,
  timeoutMs: z.number().positive(),
  seed: z.int(),
  historyBytes: count,
  keepsMoments: z.boolean(),
});

const address = z.strictObject({ host: name, port: z.int().min(1).max(65_535) });

const endpoint = z.strictObject({
  ...address.shape,
  tls: z.boolean(),
  username: z.string().optional(),
  password: z.string().optional(),
  db: count,
  clientName: name.optional(),
  sentinels: z
    .strictObject({
      name,
      at: z.array(address).min(1),
      replicas: z.array(address),
      isListComplete: z.literal(true).optional(),
    })
    .optional(),
});

const rtt = z.strictObject({ rttMs: amount, jitterMs: amount });
const script = z.strictObject({ sha1: z.string().regex(/^[0-9a-f]{40}$/), source: z.string() });

const open = z.strictObject({
  type: z.literal("open"),
  /** What the threads are opened with; `instances` are this agent's own. */
  threads: z.strictObject({
    instances: z.int().positive().max(64),
    client: z.enum(CLIENTS),
    ratePerSec: amount.nullable(),
    rtt: rtt.nullable(),
  }),
  driver: z.strictObject({
    endpoints: z.array(endpoint).min(1),
    slots: z
      .array(z.strictObject({ first: count, last: count, node: count, replicas: z.array(count).optional() }))
      .optional(),
    pool: z.int().positive(),
    readsReplicas: z.boolean().optional(),
    writes: z.enum(WRITES),
    scripts: z.array(script),
    connectTimeoutMs: amount,
  }) as unknown as z.ZodType<DriverOptions>,
  luaFiles: z.array(z.strictObject({ name, source: z.string() })) satisfies z.ZodType<LuaFile[]>,
  /** run_id of each endpoint as the controller sees it, in their order; empty: it does not tell. */
  servers: z.array(z.string()),
  /** Whose keys are removed by an agent that is left alone under load. */
  runId: z.string().regex(/^[\w-]{1,64}$/),
});

const ofTrial = { trial: count } as const;
const toAgent = z.discriminatedUnion("type", [
  open,
  z.strictObject({
    type: z.literal("prepare"),
    ...ofTrial,
    segments: z.array(segment).min(1).max(64),
    /** Somebody admits users, and must be told on which generation of its concerts the agent is. */
    tellsGenerations: z.boolean(),
  }),
  /** `atUs`: when to begin, on the control Redis' clock. */
  z.strictObject({ type: z.literal("start"), ...ofTrial, atUs: z.number().positive() }),
  z.strictObject({ type: z.literal("abort"), ...ofTrial }),
  z.strictObject({ type: z.literal("close") }),
]);
export type ToAgent = z.infer<typeof toAgent>;
export type Open = Extract<ToAgent, { type: "open" }>;

const machine = z.strictObject({
  atMs: amount,
  stolenMs: amount.nullable(),
  processCpuMs: amount,
  rssBytes: amount,
});
const uncertainty = z.custom<number>((value) => typeof value === "number" && value >= 0);
const clock = z.strictObject({ instance: count, offsetUs: z.number(), uncertaintyUs: uncertainty });

const fromAgent = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready"), facts: agentFacts.strict(), build: z.string().max(100) }),
  z.strictObject({ type: z.literal("opened") }),
  z.strictObject({ type: z.literal("prepared"), ...ofTrial }),
  z.strictObject({
    type: z.literal("ended"),
    ...ofTrial,
    serverLost: z.boolean(),
    /** CPU of its pacing thread during the trial. */
    pacedMs: amount.nullable(),
    machine: z.strictObject({ before: machine, after: machine }),
    clocks: z.array(clock),
  }),
  z.strictObject({ type: z.literal("closed") }),
  // By this, agents answer orders of any protocol: its form, and that of what it is sent in, stay as they are.
  z.strictObject({
    type: z.literal("failed"),
    kind: z.enum(["usage", "environment", "interrupted", "bug"]),
    exitCode: z.int(),
    message: z.string().max(4000),
    hint: z.string().max(4000).optional(),
  }),
]);
export type FromAgent = z.infer<typeof fromAgent>;

/** Numbered, since a connection that was lost while a message was sent sends it again. */
const numbered = { number: z.int().positive(), job: name } as const;
export const toAgentSchema = z.strictObject({ ...numbered, message: toAgent });
export const fromAgentSchema = z.strictObject({ ...numbered, place: count, message: fromAgent });

/** What an agent tells twice a second: that it is there, and how far it is. */
export const statusSchema = z.strictObject({
  job: name,
  beat: count,
  live: z
    .strictObject({
      sums: z.strictObject({
        succeeded: amount,
        failed: amount,
        inProgress: amount,
        heapUsedBytes: amount,
        arrayBuffersBytes: amount,
      }),
      /** Latencies so far, buckets that are not empty. */
      indexes: z.instanceof(Uint16Array),
      counts: z.instanceof(Uint32Array),
      loops: z.array(z.strictObject({ idle: z.number(), active: z.number(), utilization: z.number() })),
      trial: count,
      /** By concert; empty where nobody asks. */
      generations: z.instanceof(Int32Array),
    })
    .nullable(),
});
export type Status = z.infer<typeof statusSchema>;
