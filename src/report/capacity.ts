import * as z from "zod";
import type { Warning } from "../base/warning.js";
import type { CapacityPlan, StepResult } from "../capacity/procedure.js";
import { ENDS, PHASES, type Search, type Tried } from "../capacity/search.js";
import { OUTCOMES } from "../capacity/service-level.js";
import { headOf, headSchema, type MeasuredFacts, tailOf, tailSchema } from "./head.js";
import { type DeepReadonly, runReportSchema } from "./schema.js";
import { amount, count, LIMITERS, name, trial } from "./trial-schema.js";

/** The report of `qbench capacity`, version 1; the rules of the run's report hold. */

const bound = z
  .object({
    ratePerSec: amount,
    trials: count,
    held: count.meta({ description: "trials in which the service level held" }),
  })
  .nullable()
  .meta({ id: "capacityBound" });

const VERDICTS = ["more", "less", "not-told-apart"] as const;

const strategy = z.object({
  name,
  end: z.enum(ENDS).meta({
    description:
      "found: both bounds are confirmed; generator: above, the load generator could not offer more; no-limit-met: it " +
      "held at the highest rate allowed; never-holds: not at the lowest rate either; too-few-steps: not done yet",
  }),
  capacityPerSec: amount.nullable().meta({ description: "the highest rate at which the service level held" }),
  lower: bound.meta({ description: "where it held, by majority of the trials" }),
  higher: bound.meta({ description: "the lowest rate at which it did not: of the server's only where end is found" }),
  limit: z
    .object({ limiter: z.enum(LIMITERS), reasons: z.array(z.string()) })
    .nullable()
    .meta({ description: "what was the limit at the higher bound, and what showed it" }),
  vsBaseline: z
    .object({ baseline: name, ratio: amount.nullable(), verdict: z.enum(VERDICTS) })
    .optional()
    .meta({ description: "more and less: the bounds of the two do not overlap" }),
  steps: z.array(
    z.object({
      step: count,
      order: count,
      phase: z.enum(PHASES),
      ratePerSec: amount,
      outcome: z.enum(OUTCOMES),
      reasons: z.array(z.string()),
      trial,
    }),
  ),
});

export const capacityReportSchema = z
  .object({
    ...headSchema("capacity"),
    scenario: runReportSchema.shape.scenario.meta({ description: "of each step, but for the rate" }),
    capacity: z.object({
      slo: z.array(z.string()).meta({ description: "what must hold" }),
      startPerSec: amount,
      mostPerSec: amount,
      precision: amount,
      confirmations: count,
      maxSteps: count,
    }),
    strategies: z.array(strategy).meta({ description: "the first one is the baseline" }),
    ...tailSchema,
  })
  .meta({ title: "qbench capacity report" });

export type CapacityReport = DeepReadonly<z.infer<typeof capacityReportSchema>>;
export type CapacityStrategy = CapacityReport["strategies"][number];

export interface CapacityFacts extends MeasuredFacts {
  readonly plan: CapacityPlan;
  readonly steps: readonly StepResult[];
  readonly searches: ReadonlyMap<string, Search>;
}

export function buildCapacityReport(facts: CapacityFacts): CapacityReport {
  const { plan, steps, searches } = facts;
  const found = plan.strategies.map((one) =>
    strategyReport(
      one,
      searches.get(one) as Search,
      steps.filter((step) => step.strategy === one),
    ),
  );
  const [baseline] = found;
  return {
    ...headOf("capacity", plan.seed, facts),
    scenario: plan.scenario,
    capacity: { slo: plan.level.map(({ expression }) => expression), ...plan.search },
    strategies: found.map((one) =>
      baseline === undefined || one === baseline ? one : { ...one, vsBaseline: versus(one, baseline) },
    ),
    ...tailOf([...facts.warnings, ...warningsOn(found, facts.error === undefined)], facts),
  };
}

function strategyReport(strategyName: string, search: Search, steps: readonly StepResult[]): CapacityStrategy {
  const { lower, higher } = search.ends;
  return {
    name: strategyName,
    end: search.end,
    capacityPerSec: lower?.ratePerSec ?? null,
    lower: boundOf(lower),
    higher: boundOf(higher),
    limit: limitOf(steps.filter((step) => step.ratePerSec === higher?.ratePerSec && step.outcome !== "holds")),
    steps: steps.map(({ strategy: _, seed: __, ...step }) => step),
  };
}

const boundOf = (tried: Tried | null): CapacityStrategy["lower"] =>
  tried === null
    ? null
    : {
        ratePerSec: tried.ratePerSec,
        trials: tried.outcomes.length,
        held: tried.outcomes.filter((outcome) => outcome === "holds").length,
      };

/** Of the trials at one rate in which the level did not hold. */
function limitOf(failed: readonly StepResult[]): CapacityStrategy["limit"] {
  if (failed.length === 0) return null;
  const limiter =
    LIMITERS.find((one) => failed.filter(({ trial: each }) => each.limiter === one).length * 2 > failed.length) ??
    "unclear";
  return { limiter, reasons: [...(failed.at(-1)?.reasons ?? [])] };
}

function versus(own: CapacityStrategy, baseline: CapacityStrategy): NonNullable<CapacityStrategy["vsBaseline"]> {
  const ratio =
    own.capacityPerSec === null || baseline.capacityPerSec === null
      ? null
      : own.capacityPerSec / baseline.capacityPerSec;
  const isAbove = (a: CapacityStrategy, b: CapacityStrategy): boolean =>
    a.lower !== null && b.end === "found" && b.higher !== null && a.lower.ratePerSec >= b.higher.ratePerSec;
  const verdict = isAbove(own, baseline) ? "more" : isAbove(baseline, own) ? "less" : "not-told-apart";
  return { baseline: baseline.name, ratio, verdict };
}

function warningsOn(strategies: readonly CapacityStrategy[], complete: boolean): Warning[] {
  const warnings: Warning[] = [];
  const named = (end: CapacityStrategy["end"]): string =>
    strategies
      .filter((one) => one.end === end)
      .map((one) => one.name)
      .join(", ");
  const warn = (code: string, who: string, message: string): void => {
    if (who !== "") warnings.push({ code, message: `${who}: ${message}` });
  };
  if (!complete) {
    warnings.push({
      code: "incomplete",
      message: "the search did not come to its end: bounds are those known until then",
    });
  }
  warn(
    "generator-bound",
    named("generator"),
    "the load generator could not offer more, so this is a lower bound of what Redis can take; use a machine with more " +
      "free cores, or more --instances where cores are free",
  );
  if (complete) {
    warn("too-few-steps", named("too-few-steps"), "the search ran out of steps; --max-steps allows more");
  }
  warn("never-holds", named("never-holds"), "the service level did not hold at any rate: is it within reach at all?");
  warn("no-limit-met", named("no-limit-met"), "it held at the highest rate that was allowed; --max-rate allows more");
  const broken = strategies.flatMap(({ name: strategyName, steps }) =>
    [...new Set(steps.flatMap(({ trial: one }) => one.audit.brokenPromises))].map((kind) => `${strategyName}: ${kind}`),
  );
  if (broken.length > 0) {
    warnings.push({
      code: "broken-promise",
      message: `strategies showed what they promise never to show: ${broken.join(", ")}`,
    });
  }
  return warnings;
}
