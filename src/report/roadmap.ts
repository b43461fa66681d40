import * as z from "zod";
import { BOTTLENECKS, predict } from "../model/run-model.js";
import { type Gain, JUDGEMENTS, judgeGain, usdPerMillion, VERDICTS_ON_CLAIMS, verdictOf } from "../roadmap/judge.js";
import type { RoadmapCell } from "../roadmap/plan.js";
import { type Roadmap, roadmapSchema, type Stage } from "../roadmap/stages.js";
import { comparePairs } from "../stats/comparison.js";
import { medianInterval } from "../stats/median.js";
import { latencyText, percentText, rangeText, ratioText } from "./format.js";

import { headOf, headSchema, tailOf, tailSchema } from "./head.js";
import { calibrationsOf, type PredictFacts, pointOf } from "./predict.js";
import { shortTrials, warningsOnTrials } from "./predict-warnings.js";
import { runReportSchema, type TrialReport } from "./schema.js";
import { totalOf } from "./totals.js";
import { amount, count, name } from "./trial-schema.js";

/** The report of `qbench roadmap`, version 1; the rules of the run's report hold. */

const interval = z.object({ median: amount, low: amount, high: amount, coverage: amount });

const predicted = z.object({ tps: amount, meanUs: amount, bottleneck: z.enum(BOTTLENECKS) });

const variant = z.object({
  name,
  options: z.record(z.string(), z.string()),
  predicted: predicted.nullable(),
  measured: z
    .object({
      rounds: count,
      tps: interval,
      p95Us: interval,
      successRate: amount,
      limiters: z.record(name, count),
    })
    .nullable(),
  gain: z
    .object({ ratio: amount.nullable(), low: amount.nullable(), high: amount.nullable(), rounds: count })
    .nullable()
    .meta({ description: "throughput over that of the stage it is held against, by rounds; 95 % Student t interval" }),
  predictedGain: amount.nullable(),
  judgement: z.enum(JUDGEMENTS).nullable(),
});

const row = z.object({
  name,
  what: z.string(),
  published: roadmapSchema.shape.stages.element.shape.published,
  claim: roadmapSchema.shape.stages.element.shape.claim,
  usdPerMonth: amount.nullable(),
  publishedUsdPerMillion: amount.nullable(),
  variants: z.array(variant).meta({ description: "the first is the one that tables show" }),
  shareOfGoal: amount.nullable().meta({ description: "measured throughput over the goal" }),
  carriedOver: z
    .object({
      tps: amount,
      low: amount.nullable(),
      high: amount.nullable(),
      shareOfGoal: amount,
      usdPerMillion: amount.nullable(),
    })
    .nullable()
    .meta({ description: "the published throughput of the stage it is held against, times the measured gain" }),
  verdict: z.enum(VERDICTS_ON_CLAIMS),
  because: z.array(z.string()),
});

export const roadmapReportSchema = z
  .object({
    ...headSchema("roadmap"),
    scenario: runReportSchema.shape.scenario,
    goal: roadmapSchema.shape.goal,
    prices: z.string(),
    stages: z.array(row),
    ...tailSchema,
  })
  .meta({ title: "qbench roadmap report" });

export type RoadmapReport = z.infer<typeof roadmapReportSchema>;
export type RoadmapRow = RoadmapReport["stages"][number];
export type RoadmapVariant = RoadmapRow["variants"][number];

export interface RoadmapFacts extends PredictFacts {
  readonly roadmap: Roadmap;
  /** As in the plan. */
  readonly cells: readonly RoadmapCell[];
  /** What tables and reports show of the scenario: how the stages were measured. */
  readonly measuredScenario: PredictFacts["plan"]["scenario"];
}

export function buildRoadmapReport(facts: RoadmapFacts): RoadmapReport {
  const { roadmap } = facts;
  const found = roadmap.stages.map((stage) => ({ stage, variants: variantsOf(stage, facts) }));
  const figures = found.flatMap(({ variants }) =>
    variants.flatMap(({ predicted: modelled, measured }) =>
      modelled === null ? [] : [{ meanUs: modelled.meanUs, measured: measured ?? undefined }],
    ),
  );
  return roadmapReportSchema.parse({
    ...headOf("roadmap", facts.plan.scenario.seed, facts),
    complete: facts.complete,
    scenario: facts.measuredScenario,
    goal: roadmap.goal,
    prices: roadmap.prices,
    stages: found.map(({ stage, variants }) => rowOf(stage, variants, roadmap)),
    ...tailOf(
      [
        ...facts.warnings,
        ...warningsOnTrials(facts.trials),
        ...shortTrials(facts.measuredScenario.durationMs, figures),
      ],
      facts,
    ),
  });
}

/** Complete trials of a stage under a variant, by round. */
const trialsOf = ({ cells, trials }: RoadmapFacts, stage: string, variantName: string) => {
  const cell = cells.findIndex((one) => one.stage === stage && one.variant === variantName);
  return trials.filter((one) => one.cell === cell && cell >= 0 && one.trial.entries.succeeded > 0);
};

function variantsOf({ name: stage, claim }: Stage, facts: RoadmapFacts): RoadmapVariant[] {
  const calibrated = calibrationsOf(facts);
  const predictedOf = (own: RoadmapCell) => {
    const machine = calibrated.find((one) => one.machine.strategy === own.scenario.strategies[0])?.machine;
    return machine === undefined ? null : predict(machine, pointOf(own.scenario));
  };
  return facts.cells
    .filter((cell) => cell.stage === stage)
    .map((cell) => {
      const own = trialsOf(facts, stage, cell.variant);
      const modelled = predictedOf(cell);
      const shared = {
        name: cell.variant,
        options: { ...cell.at },
        predicted: modelled,
        measured: measuredOf(own.map(({ trial }) => trial)),
      };
      const other = facts.cells.find((one) => one.stage === claim?.against && one.variant === cell.variant);
      if (claim === undefined || other === undefined) {
        return { ...shared, gain: null, predictedGain: null, judgement: null };
      }
      const gain = gainOf(own, trialsOf(facts, claim.against, cell.variant));
      const before = predictedOf(other);
      const predictedGain = modelled === null || before === null ? null : modelled.tps / before.tps;
      return { ...shared, gain, predictedGain, judgement: gain === null ? null : judgeGain(claim, gain) };
    });
}

function measuredOf(trials: readonly TrialReport[]): RoadmapVariant["measured"] {
  const slow = trials.flatMap(({ latency }) => (latency.response ?? latency.entry).p95 ?? []);
  if (trials.length === 0 || slow.length === 0) return null;
  const sum = (of: (trial: TrialReport) => number): number => trials.reduce((total, trial) => total + of(trial), 0);
  return {
    rounds: trials.length,
    tps: medianInterval(trials.map(({ tps }) => tps)),
    p95Us: medianInterval(slow),
    successRate: sum(({ entries }) => entries.succeeded) / sum(({ entries }) => entries.attempted),
    limiters: totalOf(trials.map(({ limiter }) => ({ [limiter]: 1 }))),
  };
}

type Measured = ReturnType<typeof trialsOf>;

function gainOf(own: Measured, before: Measured): Gain | null {
  const pairs = own.map(({ round, trial }) => ({
    candidate: trial.tps,
    baseline: before.find((other) => other.round === round)?.trial.tps ?? null,
  }));
  if (pairs.length === 0) return null;
  const { ratio, low, high, rounds, verdict } = comparePairs(pairs, "higher-is-better");
  return verdict === "not-comparable" ? null : { ratio, low, high, rounds };
}

function rowOf(stage: Stage, variants: RoadmapVariant[], { goal, stages }: Roadmap): RoadmapRow {
  const { name: own, what, published, claim, usdPerMonth } = stage;
  const [first] = variants;
  const before = stages.find((one) => one.name === claim?.against)?.published.tps[0];
  const ratio = first?.gain?.ratio ?? null;
  const carried = ratio === null || before === undefined ? null : before * ratio;
  const judgements = variants.flatMap(({ judgement }) => judgement ?? []);
  return {
    name: own,
    what,
    published,
    claim,
    usdPerMonth,
    publishedUsdPerMillion: usdPerMonth === null ? null : usdPerMillion(usdPerMonth, published.tps[0]),
    variants,
    shareOfGoal: first?.measured ? first.measured.tps.median / goal.tps : null,
    carriedOver:
      carried === null || before === undefined
        ? null
        : {
            tps: carried,
            low: first?.gain?.low == null ? null : before * first.gain.low,
            high: first?.gain?.high == null ? null : before * first.gain.high,
            shareOfGoal: carried / goal.tps,
            usdPerMillion: usdPerMonth === null ? null : usdPerMillion(usdPerMonth, carried),
          },
    verdict: claim === undefined ? "no-claim" : verdictOf(judgements),
    because: [...reasonsOf(variants), ...levelsOf(stage, first)],
  };
}

const JUDGED: Readonly<Record<(typeof JUDGEMENTS)[number], string>> = {
  holds: "holds",
  "holds-and-more": "holds, and more than was expected",
  fails: "does not hold",
  unclear: "is not clear",
  "too-few-rounds": "needs five rounds",
};

const reasonsOf = (variants: readonly RoadmapVariant[]): string[] =>
  variants.flatMap(({ name: own, gain, judgement }) => {
    if (gain?.ratio == null || judgement === null) return [];
    const range = gain.low === null || gain.high === null ? "" : ` (${rangeText(gain.low, gain.high)})`;
    return [`${own}: ${ratioText(gain.ratio)}${range} ${JUDGED[judgement]}`];
  });

/** What else was published as expected of the stage: how slow, how many succeed. */
function levelsOf({ published }: Stage, first: RoadmapVariant | undefined): string[] {
  const measured = first?.measured;
  if (published.kind !== "expected" || !measured) return [];
  const said: string[] = [];
  if (published.p95Ms !== undefined) {
    const { low, high, median } = measured.p95Us;
    const limitUs = published.p95Ms * 1000;
    const word = high < limitUs ? "kept" : low >= limitUs ? "not kept" : "not clear";
    said.push(
      `p95 below ${latencyText(limitUs)}: ${word}, ${latencyText(median)} (${latencyText(low)} to ${latencyText(high)})`,
    );
  }
  if (published.successRate !== undefined) {
    const word = measured.successRate > published.successRate ? "kept" : "not kept";
    said.push(`success above ${percentText(published.successRate)}: ${word}, ${percentText(measured.successRate)}`);
  }
  return said;
}
