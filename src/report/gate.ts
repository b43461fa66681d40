import * as z from "zod";
import { ANOMALY_VERDICTS } from "../gate/anomalies.js";
import { EXACT_VERDICTS } from "../gate/exact.js";
import { type GatePlan, SIDES } from "../gate/plan.js";
import type { GateOutcome } from "../gate/procedure.js";
import { SIDE_KINDS } from "../gate/side-spec.js";
import { GATE_VERDICTS, looksUpTo, PASS_CONFIDENCE, SMALLEST_FAILURE, smallestEffect } from "../stats/gate.js";
import { median } from "../stats/median.js";
import { figureNamed } from "./figures.js";
import { headOf, headSchema, type MeasuredFacts, tailOf, tailSchema } from "./head.js";
import { bodyOf, type ReportDocument } from "./read.js";
import { type DeepReadonly, runReportSchema } from "./schema.js";
import { thresholdResult } from "./thresholds.js";
import { amount, count, name, share, trial } from "./trial-schema.js";

/** The report of `qbench gate`, version 1; the rules of the run's report hold. Factors are in the worse direction. */

export const ON_INCONCLUSIVE = ["report", "pass", "warn", "fail"] as const;
export type OnInconclusive = (typeof ON_INCONCLUSIVE)[number];

const { target, scenario } = runReportSchema.shape;

const side = z
  .object({
    spec: z.string().meta({ description: "as given; of a URL the address alone" }),
    kind: z.enum(SIDE_KINDS),
    revision: z.string().optional().meta({ description: "the commit, of a git: side" }),
    target,
    scenario,
  })
  .meta({ id: "gateSide" });

const metric = z.object({
  case: name,
  figure: name,
  base: amount.nullable().meta({ description: "median over the pairs, in the figure's own unit; latencies are µs" }),
  candidate: amount.nullable(),
  verdict: z.enum(GATE_VERDICTS),
  pairs: count,
  p: share.meta({ description: "exact signed-rank test, one-sided, for worse" }),
  alpha: share.meta({
    description: "what p had to stay below for a failure: the look's share, divided by the gated metrics",
  }),
  estimate: amount.meta({ description: "Hodges–Lehmann; 1.1 is 10 % worse" }),
  low: amount.nullable(),
  high: amount.nullable().meta({ description: "one-sided 98.75 % bounds of the factor" }),
  pairSd: amount.meta({ description: "standard deviation of ln(factor) over the pairs" }),
  smallestEffect: amount.nullable().meta({
    description:
      "the smallest factor that fails nine times of ten with as many pairs and this spread; null: too few pairs",
  }),
});

export const gateReportSchema = z
  .object({
    ...headSchema("gate"),
    complete: z.boolean().meta({ description: "false if the gate was interrupted or failed: that is no pass" }),
    scenario: scenario.meta({ description: "the base's" }),
    base: side,
    candidate: side,
    gate: z.object({
      cases: z.array(z.object({ name, base: name, candidate: name })),
      metrics: z.array(name),
      threshold: amount,
      maxPairs: count,
      looks: z.array(z.object({ pairs: count, alpha: share })),
      smallestFailure: share,
      passConfidence: share,
      countedMix: scenario.shape.mix
        .nullable()
        .optional()
        .meta({ description: "shares of the entries that were counted; null: whom the scenario says" }),
      allowMore: z.array(name),
      onInconclusive: z.enum(ON_INCONCLUSIVE),
    }),
    verdict: z.enum(GATE_VERDICTS).nullable().meta({ description: "null: it did not come to its end" }),
    reasons: z.array(z.string()).meta({ description: "why it failed" }),
    exact: z
      .array(
        z.object({
          case: name,
          figure: name,
          base: amount.nullable(),
          candidate: amount.nullable(),
          verdict: z.enum(EXACT_VERDICTS),
        }),
      )
      .meta({ description: "what is counted, not timed" }),
    anomalies: z
      .array(
        z.object({
          case: name,
          kind: name,
          base: amount.nullable(),
          candidate: amount.nullable(),
          verdict: z.enum(ANOMALY_VERDICTS),
        }),
      )
      .optional()
      .meta({ description: "what the audit found while counting; new: of the candidate alone, each time" }),
    metrics: z.array(metric).meta({ description: "at the last look" }),
    thresholds: z.array(thresholdResult).meta({ description: "what --fail-if asked of the candidate" }),
    brokenPromises: z.array(z.string()),
    pairs: z.array(z.object({ pair: count, case: name, first: z.enum(SIDES), base: trial, candidate: trial })),
    ...tailSchema,
  })
  .meta({ title: "qbench gate report" });

export type GateReport = DeepReadonly<z.infer<typeof gateReportSchema>>;
export type GateMetric = GateReport["metrics"][number];

export interface GateFacts extends Omit<MeasuredFacts, "error"> {
  readonly plan: GatePlan;
  readonly base: GateReport["base"];
  readonly candidate: GateReport["candidate"];
  readonly outcome: GateOutcome;
  readonly onInconclusive: OnInconclusive;
}

export function buildGateReport(facts: GateFacts): GateReport {
  const { plan, outcome } = facts;
  return {
    ...headOf("gate", plan.seed, { ...facts, error: outcome.error }),
    scenario: facts.base.scenario,
    base: facts.base,
    candidate: facts.candidate,
    gate: {
      cases: plan.cases,
      metrics: plan.metrics,
      threshold: plan.threshold,
      maxPairs: plan.maxPairs,
      looks: looksUpTo(plan.maxPairs),
      smallestFailure: SMALLEST_FAILURE,
      passConfidence: PASS_CONFIDENCE,
      countedMix: plan.countedMix,
      allowMore: plan.allowMore,
      onInconclusive: facts.onInconclusive,
    },
    verdict: outcome.verdict,
    reasons: outcome.reasons,
    exact: outcome.exact,
    anomalies: outcome.anomalies,
    metrics: outcome.metrics.map(({ case: name, figure, judgement }) => {
      const values = (which: "base" | "candidate"): number | null => {
        const found = outcome.pairs
          .filter((pair) => pair.case === name)
          .map((pair) => figureNamed(figure).ofTrial(pair[which]));
        const known = found.filter((value) => value !== null);
        return known.length === 0 ? null : median(known);
      };
      const both = { base: values("base"), candidate: values("candidate") };
      return { case: name, figure, ...both, ...judgement, smallestEffect: smallestEffect(judgement) };
    }),
    thresholds: outcome.thresholds,
    brokenPromises: outcome.brokenPromises,
    pairs: outcome.pairs,
    ...tailOf([...facts.warnings, ...outcome.warnings], outcome),
  };
}

/** @throws QbenchError (usage) if the document is not valid. */
export const gateReportIn = (document: ReportDocument): GateReport =>
  // Of another kind it is not: whoever calls has looked.
  bodyOf<GateReport>(document, gateReportSchema) as GateReport;
