import * as z from "zod";
import { designNamed } from "../admission/index.js";
import { LOCK_NAMES, lockNamed } from "../admission/locks/index.js";
import type { Warning } from "../base/warning.js";
import type { AdmitOutcome } from "../engine/admit.js";
import type { AdmitPlan } from "../engine/admit-plan.js";
import type { AdmitTurnResult } from "../engine/admit-turn.js";
import { type MedianInterval, median, medianInterval } from "../stats/median.js";
import { headOf, headSchema, type MeasuredFacts, tailOf, tailSchema } from "./head.js";
import { amount, count, name } from "./trial-schema.js";

/** The report of `qbench admit`, version 1; the rules of the run's report hold. */

const round = z.object({
  round: count,
  order: count.meta({ description: "place within the round, from 0" }),
  calls: count,
  users: count,
  wallMs: amount,
  usersPerSec: amount,
  serverUsPerUser: amount.nullable().meta({
    description: "CPU of the server's main thread, that of the probe's PINGs included; null where it does not tell",
  }),
  commandUsPerUser: amount.meta({ description: "time that the server counted for the design's own commands" }),
  callUs: z
    .object({ p50: amount, p99: amount, max: amount })
    .meta({ description: "of one call, as its caller sees it" }),
  stallUs: z
    .object({ pings: count, p50: amount, p99: amount, max: amount })
    .meta({ description: "PING a thousand times a second by a thread of its own, from when each was planned" }),
  probeLateUs: z
    .object({ p99: amount, max: amount })
    .meta({ description: "how late the probe itself was: this much of a stall may be the machine's" }),
});

const interval = z.object({ median: amount, low: amount, high: amount, coverage: amount }).nullable();

const batch = z.object({
  batch: count,
  rounds: z.array(round),
  summary: z
    .object({
      serverUsPerUser: interval,
      commandUsPerUser: interval,
      usersPerSec: interval,
      stallP99Us: interval,
      stallMaxUs: interval,
      longestStallUs: amount.nullable().meta({ description: "of all rounds" }),
    })
    .meta({ description: "medians over the rounds, each with the interval that holds the true one" }),
});

const killed = z
  .object({
    kills: count,
    batch: count,
    killsWithLoss: count,
    lost: count.meta({ description: "users popped who are neither in the active set nor hold a token, in all kills" }),
    mostLost: count.meta({ description: "by one kill" }),
    halfAdmitted: count.meta({ description: "users in the active set without a token, or the other way round" }),
    rounds: z.array(z.object({ round: count, afterMs: amount, popped: count, lost: count, halfAdmitted: count })),
  })
  .meta({ description: "the scheduler, a process of its own, killed in the middle; counted from the data" });

const lock = z.object({
  name,
  summary: z.string(),
  instances: count,
  rounds: z.array(
    z.object({
      round: count,
      capacity: count,
      active: count,
      exceeded: count.meta({ description: "users active beyond the capacity" }),
      admittedAsleep: count.meta({ description: "users whom the first holder admitted after his time was over" }),
      freedForeign: z.boolean().nullable().meta({ description: "whether he then freed the lock of the next holder" }),
      holdersAtOnce: count.nullable().meta({ description: "who then held the lock, the sleeper not counted" }),
    }),
  ),
});

export const admitReportSchema = z
  .object({
    ...headSchema("admit"),
    scenario: z.object({
      designs: z.array(name),
      batches: z.array(count),
      waiting: count,
      trials: count,
      durationMs: amount,
      kills: count,
      locks: z.array(name),
      instances: count,
      seed: z.int(),
    }),
    designs: z.array(
      z.object({
        name,
        summary: z.string(),
        atomic: z.enum(["yes", "slices", "no"]),
        token: z.enum(["hash", "string", "member"]),
        batches: z.array(batch),
        killed: killed.nullable(),
      }),
    ),
    locks: z.array(lock),
    ...tailSchema,
  })
  .meta({ title: "qbench admit report" });

export type AdmitReport = z.infer<typeof admitReportSchema>;
export type AdmitDesignReport = AdmitReport["designs"][number];
export type AdmitBatchReport = AdmitDesignReport["batches"][number];
export type AdmitLockReport = AdmitReport["locks"][number];

export interface AdmitFacts extends AdmitOutcome, Omit<MeasuredFacts, "error"> {
  readonly plan: AdmitPlan;
}

export function buildAdmitReport(facts: AdmitFacts): AdmitReport {
  const { plan, turns } = facts;
  const report = {
    ...headOf("admit", plan.seed, facts),
    complete: facts.complete,
    scenario: plan,
    designs: plan.designs.map((design) => {
      const { summary, atomic, token } = designNamed(design);
      const batches = plan.batches.map((size) =>
        batchReport(
          size,
          turns.filter((turn) => turn.design === design && turn.batch === size),
        ),
      );
      return { name: design, summary, atomic, token, batches, killed: killedReport(facts, design) };
    }),
    locks: LOCK_NAMES.filter((one) => plan.locks.includes(one)).map((one) => ({
      name: one,
      summary: lockNamed(one).summary,
      instances: plan.instances,
      rounds: facts.locks.filter(({ lock: tried }) => tried === one),
    })),
    ...tailOf([...facts.warnings, ...warningsOn(turns)], facts),
  };
  // The schema also leaves out what the report does not tell.
  return admitReportSchema.parse(report);
}

/** A probe that is late itself says little about the server. */
const LATE_US = 5_000;

function warningsOn(turns: readonly AdmitTurnResult[]): Warning[] {
  const late = turns.length === 0 ? 0 : median(turns.map(({ probeLateUs }) => probeLateUs.p99));
  if (late < LATE_US) return [];
  const message =
    `the probe itself was ${Math.round(late / 1000)} ms late at times (99th percentile): this machine has too few free ` +
    "cores, so stalls are shown longer than they were";
  return [{ code: "probe-late", message }];
}

function batchReport(size: number, turns: readonly AdmitTurnResult[]): AdmitBatchReport {
  const over = (of: (turn: AdmitTurnResult) => number | null): MedianInterval | null => {
    const figures = turns.map(of).filter((one) => one !== null);
    return figures.length === 0 ? null : medianInterval(figures);
  };
  return {
    batch: size,
    rounds: turns.map(({ design: _, batch: __, ...rest }) => rest),
    summary: {
      serverUsPerUser: over((turn) => turn.serverUsPerUser),
      commandUsPerUser: over((turn) => turn.commandUsPerUser),
      usersPerSec: over((turn) => turn.usersPerSec),
      stallP99Us: over((turn) => turn.stallUs.p99),
      stallMaxUs: over((turn) => turn.stallUs.max),
      longestStallUs: turns.length === 0 ? null : Math.max(...turns.map((turn) => turn.stallUs.max)),
    },
  };
}

function killedReport({ kills }: AdmitFacts, design: string): AdmitDesignReport["killed"] {
  const own = kills.filter((kill) => kill.design === design);
  const [first] = own;
  if (first === undefined) return null;
  return {
    kills: own.length,
    batch: first.batch,
    killsWithLoss: own.filter(({ lost }) => lost > 0).length,
    lost: own.reduce((sum, { lost }) => sum + lost, 0),
    mostLost: Math.max(...own.map(({ lost }) => lost)),
    halfAdmitted: own.reduce((sum, { halfAdmitted }) => sum + halfAdmitted, 0),
    rounds: own.map(({ round: of, afterMs, popped, lost, halfAdmitted }) => ({
      round: of,
      afterMs,
      popped,
      lost,
      halfAdmitted,
    })),
  };
}
