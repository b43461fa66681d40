import * as z from "zod";
import type { Warning } from "../base/warning.js";
import { CLIENTS } from "../drivers/driver.js";
import type { TurnResult } from "../engine/micro.js";
import type { MicroPlan } from "../engine/micro-plan.js";
import { OUTCOMES, type Outcome, SCORES } from "../queue/outcome.js";
import { comparePairs, VERDICTS } from "../stats/comparison.js";
import { median, medianInterval } from "../stats/median.js";
import { headOf, headSchema, type MeasuredFacts, tailOf, tailSchema } from "./head.js";
import { amount, count } from "./trial-schema.js";

/** The report of `qbench micro`, version 1; the rules of the run's report hold. Latencies are µs. */

const latencyUs = z.object({
  min: amount,
  mean: amount,
  p50: amount,
  p75: amount,
  p99: amount,
  max: amount,
  sd: amount,
});

const round = z.object({
  round: count,
  order: count.meta({ description: "place within the round, from 0" }),
  entries: count.meta({ description: "measured ones" }),
  entriesWithWarmup: count.meta({ description: "all that were sent; the figures per entry are of these" }),
  latencyUs,
  callsPerEntry: amount.meta({ description: "by the server's count" }),
  sentPerEntry: amount.meta({ description: "by the client's count" }),
  roundTripsPerEntry: amount,
  socketWritesPerEntry: amount,
  serverCpuUsPerEntry: amount.nullable(),
});

const summary = z.object({
  entries: count,
  p50Us: z
    .object({ median: amount, low: amount, high: amount, coverage: amount })
    .nullable()
    .meta({ description: "median over the rounds of each round's median, and the interval that holds the true one" }),
  p75Us: amount.nullable(),
  p99Us: amount.nullable(),
  entriesPerSec: amount.nullable().meta({ description: "one after another on one connection: 1 / mean latency" }),
  callsPerEntry: amount.nullable(),
  roundTripsPerEntry: amount.nullable(),
  socketWritesPerEntry: amount.nullable(),
  serverCpuUsPerEntry: amount.nullable(),
  vsBaseline: z
    .object({
      baseline: z.string(),
      ratio: amount.nullable(),
      low: amount.nullable(),
      high: amount.nullable(),
      verdict: z.enum(VERDICTS),
      rounds: count,
    })
    .optional()
    .meta({ description: "median latency over the baseline's, by rounds; 95 % Student t interval" }),
});

const user = z.object({ rounds: z.array(round), summary });

export const microReportSchema = z
  .object({
    ...headSchema("micro"),
    scenario: z.object({
      strategies: z.array(z.string()),
      score: z.enum(SCORES),
      client: z.enum(CLIENTS),
      trials: count,
      durationMs: amount,
      timeoutMs: amount,
      seed: z.int(),
    }),
    strategies: z
      .array(z.object({ name: z.string(), users: z.object({ new: user, waiting: user, active: user }) }))
      .meta({ description: "the first one is the baseline" }),
    ...tailSchema,
  })
  .meta({ title: "qbench micro report" });

export type MicroReport = z.infer<typeof microReportSchema>;
export type MicroUser = z.infer<typeof user>;
export type UserKind = keyof MicroReport["strategies"][number]["users"];

export interface MicroFacts extends MeasuredFacts {
  readonly plan: MicroPlan;
  readonly turns: readonly TurnResult[];
  readonly complete: boolean;
}

export function buildMicroReport(facts: MicroFacts): MicroReport {
  const { plan, turns } = facts;
  const [baseline] = plan.strategies;
  const turnsOf = (strategy: string, outcome: Outcome): TurnResult[] =>
    turns.filter((turn) => turn.strategy === strategy && turn.outcome === outcome);
  const userOf = (strategy: string, outcome: Outcome): MicroUser => {
    const own = turnsOf(strategy, outcome);
    const isBaseline = baseline === undefined || strategy === baseline;
    const versus = isBaseline ? {} : { vsBaseline: versusOf(own, baseline, turnsOf(baseline, outcome)) };
    return {
      rounds: own.map(({ strategy: _, outcome: __, ...rest }) => rest),
      summary: { ...summaryOf(own), ...versus },
    };
  };
  const report = {
    ...headOf("micro", plan.seed, facts),
    complete: facts.complete,
    scenario: plan,
    strategies: plan.strategies.map((name) => ({
      name,
      users: {
        new: userOf(name, "NEW"),
        waiting: userOf(name, "WAITING"),
        active: userOf(name, "ACTIVE"),
      },
    })),
    ...tailOf([...facts.warnings, ...warningsOn(turns)], facts),
  };
  // The schema also makes the copy that nobody else holds.
  return microReportSchema.parse(report);
}

function summaryOf(turns: readonly TurnResult[]): MicroUser["summary"] {
  const over = (of: (turn: TurnResult) => number): number | null => (turns.length === 0 ? null : median(turns.map(of)));
  const cpus = turns.flatMap(({ serverCpuUsPerEntry }) => (serverCpuUsPerEntry === null ? [] : [serverCpuUsPerEntry]));
  return {
    entries: turns.reduce((sum, one) => sum + one.entries, 0),
    p50Us: turns.length === 0 ? null : medianInterval(turns.map((one) => one.latencyUs.p50)),
    p75Us: over((one) => one.latencyUs.p75),
    p99Us: over((one) => one.latencyUs.p99),
    entriesPerSec: over((one) => 1e6 / one.latencyUs.mean),
    callsPerEntry: over((one) => one.callsPerEntry),
    roundTripsPerEntry: over((one) => one.roundTripsPerEntry),
    socketWritesPerEntry: over((one) => one.socketWritesPerEntry),
    serverCpuUsPerEntry: cpus.length === 0 ? null : median(cpus),
  };
}

function versusOf(own: readonly TurnResult[], baseline: string, others: readonly TurnResult[]) {
  const pairs = own.map(({ round, latencyUs }) => ({
    candidate: latencyUs.p50,
    baseline: others.find((other) => other.round === round)?.latencyUs.p50 ?? null,
  }));
  const { ratio, low, high, verdict, rounds } = comparePairs(pairs, "lower-is-better");
  return { baseline, ratio, low, high, verdict, rounds };
}

/** The server is the witness: calls that the client did not send are somebody else's, and took their time too. */
function warningsOn(turns: readonly TurnResult[]): Warning[] {
  const disturbed = turns.filter(
    ({ callsPerEntry, sentPerEntry, entriesWithWarmup }) =>
      Math.abs(callsPerEntry - sentPerEntry) * entriesWithWarmup >= 1,
  ).length;
  if (disturbed === 0) return [];
  const message = `in ${disturbed} of ${turns.length} turns the server counted other commands than the client sent: is somebody else using it?`;
  return [{ code: "calls-disagree", message }];
}

/** Kinds of user as the report names them, in the order of tables. */
export const USER_KINDS = OUTCOMES.map((outcome) => outcome.toLowerCase()) as readonly UserKind[];
