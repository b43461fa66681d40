import * as z from "zod";
import type { Warning } from "../base/warning.js";
import { MIN_ROUNDS, VERDICTS } from "../stats/comparison.js";
import { medianInterval as medianIntervalOf } from "../stats/median.js";
import { findingsOf } from "../sweep/findings.js";
import { estimateOf, gridOf, keyOf, type Point, type SweepPlan } from "../sweep/plan.js";
import { type SweepResult, trialsAt } from "../sweep/procedure.js";
import { FIGURE_NAMES, type FigureName, figureNamed } from "./figures.js";
import { plural } from "./format.js";

import { headOf, headSchema, type MeasuredFacts, tailOf, tailSchema } from "./head.js";
import { type DeepReadonly, runReportSchema } from "./schema.js";
import { totalOf } from "./totals.js";
import { amount, count, counts, LIMITERS, name, share, trial } from "./trial-schema.js";

/** The report of `qbench sweep`, version 1; the rules of the run's report hold. */

const interval = z.object({ median: amount, low: amount, high: amount, coverage: share }).nullable();

const against = z
  .object({
    ratio: amount.nullable(),
    low: amount.nullable(),
    high: amount.nullable(),
    verdict: z.enum(VERDICTS),
    rounds: count,
  })
  .nullable()
  .meta({ id: "cellAgainstCell", description: "one cell's figure over another's; 95 % Student t interval" });

const values = z.record(z.string(), z.string()).meta({ description: "the value of each axis, by its flag" });

const cell = z.object({
  name,
  trials: z.array(trial),
  summary: z.object({
    trials: count,
    figure: interval.meta({ description: "median over the trials of the figure that the sweep is about" }),
    tps: interval,
    p50: interval,
    p95: interval,
    p99: interval,
    successRate: share.nullable(),
    limiter: z.enum(LIMITERS),
    limiters: counts,
    anomalies: counts,
    brokenPromises: z.array(z.string()),
  }),
  vsFirst: against.meta({ description: "against the same strategy at the first value of every axis" }),
});

const point = z.object({
  values,
  wave: count.meta({ description: "points of one wave were measured in the same rounds" }),
  strategies: z.array(cell),
  lead: z
    .object({ strategy: name, runnerUp: name.nullable(), against })
    .nullable()
    .meta({ description: "the best strategy here, against the next best" }),
});

export const sweepReportSchema = z
  .object({
    ...headSchema("sweep"),
    scenario: runReportSchema.shape.scenario.meta({ description: "at the first value of every axis" }),
    sweep: z.object({
      axes: z.array(
        z.object({
          flag: name,
          values: z.array(z.object({ text: z.string(), number: z.number().nullable() })),
          isNumeric: z.boolean(),
          unit: z.literal("ms").nullable().meta({ description: "of its numbers, where they are times" }),
        }),
      ),
      strategies: z.array(name),
      figure: z.enum(FIGURE_NAMES as [FigureName, ...FigureName[]]),
      trials: count,
      cells: count.meta({ description: "a strategy at a point is a cell; of the whole grid" }),
      maxCells: count,
      waves: count,
      resumed: count.meta({ description: "trials taken over from an earlier, interrupted sweep" }),
    }),
    points: z.array(point).meta({ description: "the measured ones, in the order of the axes" }),
    knees: z
      .array(
        z.object({
          axis: name,
          strategy: name,
          best: values,
          figure: amount,
          next: values.nullable().meta({ description: "null: the best is the last value of the axis" }),
          against: against.meta({ description: "the next value over the best one" }),
          generatorBound: z.boolean(),
        }),
      )
      .meta({ description: "the best value of each numeric axis, the other axes being held" }),
    crossovers: z
      .array(
        z.object({
          axis: name,
          held: values.meta({ description: "the other axes" }),
          before: name.meta({ description: "leads below" }),
          after: name.meta({ description: "leads above" }),
          at: z.number(),
          low: z.number().nullable(),
          high: z.number().nullable(),
          between: z.array(z.number()).length(2).meta({ description: "the neighbours that were measured" }),
          scale: z.enum(["linear", "log"]),
          generatorBound: z.boolean(),
        }),
      )
      .meta({ description: "where one strategy overtakes another; 95 % Fieller interval, null: beyond the axis" }),
    ...tailSchema,
  })
  .meta({ title: "qbench sweep report" });

export type SweepReport = DeepReadonly<z.infer<typeof sweepReportSchema>>;
export type SweepPoint = SweepReport["points"][number];
export type SweepCell = SweepPoint["strategies"][number];
export type SweepKnee = SweepReport["knees"][number];
export type SweepCrossover = SweepReport["crossovers"][number];
export type SweepAxis = SweepReport["sweep"]["axes"][number];

export interface SweepFacts extends MeasuredFacts {
  readonly plan: SweepPlan;
  readonly results: readonly SweepResult[];
  readonly resumed: number;
}

export function buildSweepReport(facts: SweepFacts): SweepReport {
  const { plan, results } = facts;
  const measured = new Map(results.map((result) => [keyOf(result.point), result]));
  const points = gridOf(plan.axes).filter((one) => measured.has(keyOf(one)));
  const findings = findingsOf(plan, points, results);
  const valuesAt = (at: Point, without?: string): Record<string, string> =>
    Object.fromEntries(
      plan.axes.flatMap(({ flag, values: own }, i) =>
        flag === without ? [] : [[flag, own[at[i] as number]?.text ?? ""]],
      ),
    );
  const cellAt = (at: Point, strategy: string): SweepCell => {
    const trials = trialsAt(results, at, strategy).map(({ trial: one }) => one);
    const vsFirst = findings.againstFirst(at, strategy);
    return { name: strategy, trials, summary: summaryOf(trials, plan.figure), vsFirst };
  };
  const report: Omit<SweepReport, "warnings" | "error"> = {
    ...headOf("sweep", plan.seed, facts),
    scenario: plan.scenario,
    sweep: {
      axes: plan.axes.map(({ flag, values: own, isNumeric, unit }) => ({
        flag,
        values: own.map(({ text, number }) => ({ text, number })),
        isNumeric,
        unit,
      })),
      strategies: plan.strategies,
      figure: plan.figure,
      trials: plan.trials,
      cells: gridOf(plan.axes).length * plan.strategies.length,
      maxCells: plan.maxCells,
      waves: Math.max(0, ...results.map(({ wave }) => wave + 1)),
      resumed: facts.resumed,
    },
    points: points.map((at) => ({
      values: valuesAt(at),
      wave: measured.get(keyOf(at))?.wave ?? 0,
      strategies: plan.strategies.map((strategy) => cellAt(at, strategy)),
      lead: findings.lead(at),
    })),
    knees: findings.knees.map(({ best, next, ...knee }) => ({
      ...knee,
      best: valuesAt(best),
      next: next === null ? null : valuesAt(next),
    })),
    crossovers: findings.overtakings.map(({ from, ...one }) => ({ ...one, held: valuesAt(from, one.axis) })),
  };
  return { ...report, ...tailOf([...facts.warnings, ...warningsOn(report, plan)], facts) };
}

type Trials = SweepCell["trials"];

function summaryOf(trials: Trials, figure: FigureName): SweepCell["summary"] {
  const over = (one: FigureName): SweepCell["summary"]["tps"] => {
    const known = trials.map((each) => figureNamed(one).ofTrial(each)).filter((value) => value !== null);
    return known.length === 0 ? null : medianIntervalOf(known);
  };
  const sum = (of: (one: Trials[number]) => number): number => trials.reduce((total, one) => total + of(one), 0);
  const attempted = sum(({ entries }) => entries.attempted);
  const limiters = totalOf(trials.map(({ limiter }) => ({ [limiter]: 1 })));
  const [most] = LIMITERS.filter((limiter) => (limiters[limiter] ?? 0) * 2 > trials.length);
  return {
    trials: trials.length,
    figure: over(figure),
    tps: over("tps"),
    p50: over("p50"),
    p95: over("p95"),
    p99: over("p99"),
    successRate: attempted === 0 ? null : sum(({ entries }) => entries.succeeded) / attempted,
    limiter: most ?? "unclear",
    limiters,
    anomalies: totalOf(trials.map(({ audit }) => audit.anomalies)),
    brokenPromises: [...new Set(trials.flatMap(({ audit }) => audit.brokenPromises))].sort(),
  };
}

/** A figure of entries, which are other ones where polls are entries too. */
const isOfEntries = (figure: FigureName): boolean => figure === "tps" || figure.endsWith("PerEntry");

function warningsOn({ points, complete, sweep }: Omit<SweepReport, "warnings" | "error">, plan: SweepPlan): Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string): number => warnings.push({ code, message });
  const cells = points.flatMap(({ strategies }) => strategies);
  if (!complete) warn("incomplete", "the sweep did not come to its end: what is here is what was measured until then");
  if (complete && plan.trials < MIN_ROUNDS) {
    warn(
      "too-few-rounds",
      `${plural(plan.trials, "round")}: too few for a verdict; --trials ${MIN_ROUNDS} or more allow one`,
    );
  }
  const bound = cells.filter(({ summary }) => summary.limiter === "generator").length;
  if (bound > 0) {
    warn(
      "generator-bound",
      `in ${bound} of ${plural(cells.length, "cell")} the load generator was the limit in most trials: those figures say little about Redis`,
    );
  }
  if (plan.axes.some(({ flag }) => flag === "poll-by") && isOfEntries(plan.figure)) {
    warn(
      "unlike-entries",
      `polls are entries with --poll-by entry and none otherwise, so ${plan.figure} is not of the same thing; --figure p99 or serverBusy compares`,
    );
  }
  const silent = cells.filter(({ trials }) => trials.some(({ entries }) => entries.succeeded === 0)).length;
  if (silent > 0) {
    warn(
      "served-nobody",
      `in ${silent} of ${plural(cells.length, "cell")} nobody was served in a trial or more: no other cell is compared with them`,
    );
  }
  const failed = cells.filter(({ summary }) => (summary.successRate ?? 1) < 1).length;
  if (failed > 0)
    warn("failures", `in ${failed} of ${plural(cells.length, "cell")} entries failed; the report tells how many`);
  if (complete && estimateOf(plan).cells < sweep.cells) {
    warn(
      "not-all-cells",
      `${cells.length} of ${sweep.cells} cells were measured, in ${plural(sweep.waves, "wave")}; cells of different waves were ` +
        "measured in different rounds, so whatever changed on the machine in between is in their ratios",
    );
  }
  const broken = cells.flatMap(({ name: strategy, summary }) =>
    summary.brokenPromises.map((kind) => `${strategy}: ${kind}`),
  );
  if (broken.length > 0) {
    warn("broken-promise", `strategies showed what they promise never to show: ${[...new Set(broken)].join(", ")}`);
  }
  return warnings;
}
