import * as z from "zod";
import { calibrate, type Measured, SETTINGS, type Setting } from "../model/calibrate.js";
import { byFewerTrips } from "../model/published.js";
import { BOTTLENECKS, type Machine, type Point, type Prediction, predict } from "../model/run-model.js";
import type { PredictPlan } from "../predict/plan.js";
import type { PredictOutcome, PredictTrial } from "../predict/procedure.js";
import type { Scenario } from "../scenario/scenario.js";
import { usersByInstance } from "../scenario/shares.js";
import { median, medianInterval } from "../stats/median.js";

import { headOf, headSchema, type MeasuredFacts, tailOf, tailSchema } from "./head.js";
import { beyondTimeout, shortTrials, warningsOnTrials } from "./predict-warnings.js";
import { runReportSchema, type TrialReport } from "./schema.js";
import { totalOf } from "./totals.js";
import { amount, count, name } from "./trial-schema.js";

/** The report of `qbench predict`, version 1; the rules of the run's report hold. */

const interval = z.object({ median: amount, low: amount, high: amount, coverage: amount });

const work = z
  .object({ perTurnUs: amount, perConnectionUs: amount, perTripUs: amount })
  .meta({ description: "CPU of a thread: of each turn of its loop, of each connection in it, of each round trip" });

const load = z.object({ rounds: count, tps: amount, meanUs: amount, serverUs: amount, generatorUs: amount });

const calibration = z.object({
  strategy: name,
  tripsPerEntry: amount,
  measured: z
    .object({ alone: load, exclusive: load, shared: load, distant: load })
    .meta({ description: "medians; alone: one user; serverUs and generatorUs: CPU of an entry, steal made up for" }),
  delayUs: amount.meta({ description: "of a round trip on an idle machine, beside the work of both sides" }),
  wakeUs: amount.meta({ description: "what a trip takes longer where a round trip is added: threads are woken" }),
  server: work,
  generator: work,
  unexplained: z
    .object({ exclusive: amount, shared: amount })
    .meta({ description: "measured over modelled throughput where the model was fitted" }),
});

const prediction = z.object({
  at: z.record(name, z.string()).meta({ description: "what differs from the scenario, by option" }),
  strategy: name,
  tps: amount,
  meanUs: amount.meta({ description: "of an entry, a wait for a connection included" }),
  poolWaitUs: amount,
  busy: z.object({ server: amount, generator: amount }),
  bottleneck: z.enum(BOTTLENECKS),
  formula: z
    .object({
      tripsSaved: amount,
      rttUs: amount,
      tps: amount,
      offBy: z
        .number()
        .nullable()
        .meta({ description: "from what was measured, else from the model; 0.1: too high by 10 %" }),
    })
    .optional()
    .meta({ description: "the published argument: the first strategy's latency less the round trips saved" }),
  measured: z
    .object({
      rounds: count,
      tps: interval,
      meanUs: interval,
      limiters: z.record(name, count),
      tpsOffBy: z.number().meta({ description: "predicted over measured, less 1" }),
      meanOffBy: z.number(),
    })
    .optional(),
});

const offBy = z.object({ median: amount, worst: amount });

export const predictReportSchema = z
  .object({
    ...headSchema("predict"),
    scenario: runReportSchema.shape.scenario,
    cores: count.nullable().meta({ description: "that Redis and the generator share; null: they do not" }),
    calibration: z.array(calibration),
    predictions: z.array(prediction).meta({ description: "cells in the order given, in each the strategies" }),
    offBy: z
      .object({ tps: offBy, meanUs: offBy, cells: count })
      .optional()
      .meta({ description: "predicted against measured, without signs" }),
    ...tailSchema,
  })
  .meta({ title: "qbench predict report" });

export type PredictReport = z.infer<typeof predictReportSchema>;
export type PredictionReport = PredictReport["predictions"][number];

export interface PredictFacts extends PredictOutcome, Omit<MeasuredFacts, "error"> {
  readonly plan: PredictPlan;
  /** That Redis and the generator share; null where Redis is on another machine. */
  readonly cores: number | null;
}

export function buildPredictReport(facts: PredictFacts): PredictReport {
  const { plan, trials } = facts;
  const calibrated = calibrationsOf(facts);
  const predictions = plan.cells.flatMap((_, cell) => predictionsOf(cell, calibrated, facts));
  const measured = predictions.flatMap((one) => one.measured ?? []);
  const over = (values: readonly number[]) => ({
    median: median(values.map(Math.abs)),
    worst: Math.max(...values.map(Math.abs)),
  });
  return predictReportSchema.parse({
    ...headOf("predict", plan.scenario.seed, facts),
    complete: facts.complete,
    scenario: plan.scenario,
    cores: facts.cores,
    calibration: calibrated.map(({ machine: { cores: _, ...machine }, measured: figures }) => ({
      ...machine,
      measured: figures,
    })),
    predictions,
    ...(measured.length === 0
      ? {}
      : {
          offBy: {
            tps: over(measured.map(({ tpsOffBy }) => tpsOffBy)),
            meanUs: over(measured.map(({ meanOffBy }) => meanOffBy)),
            cells: measured.length,
          },
        }),
    ...tailOf(
      [
        ...facts.warnings,
        ...warningsOnTrials(trials),
        ...beyondTimeout(plan.scenario.timeoutMs, predictions),
        ...shortTrials(plan.scenario.durationMs, predictions),
      ],
      facts,
    ),
  });
}

/** Of every strategy whose calibration is whole. */
export const calibrationsOf = (facts: PredictFacts): Calibration[] =>
  facts.plan.scenario.strategies.flatMap((strategy) => calibrationOf(strategy, facts) ?? []);

export interface Calibration {
  readonly machine: Machine;
  readonly measured: Readonly<Record<Setting, Measured & { readonly rounds: number }>>;
}

/** Undefined if a setting of the strategy was not measured, or the server does not tell its CPU. */
function calibrationOf(strategy: string, { trials, cores }: PredictFacts): Calibration | undefined {
  const own = trials.filter((trial) => trial.strategy === strategy);
  const of = (setting: Setting): TrialReport[] =>
    own.filter((one) => one.setting === setting && isUsable(one.trial)).map(({ trial }) => trial);
  if (SETTINGS.some((setting) => of(setting).length === 0)) return undefined;
  const measured = Object.fromEntries(
    SETTINGS.map((setting) => [setting, { rounds: of(setting).length, ...measuredOf(of(setting)) }]),
  ) as Calibration["measured"];
  const tripsPerEntry = median(of("alone").map((trial) => trial.roundTripsPerEntry));
  return { machine: calibrate({ strategy, tripsPerEntry, cores, measured }), measured };
}

const isUsable = ({ server, entries }: TrialReport): boolean => server.cpuUtilization !== null && entries.succeeded > 0;

const meanUsOf = ({ latency }: TrialReport): number => (latency.response ?? latency.entry).mean ?? 0;

function measuredOf(trials: readonly TrialReport[]): Measured {
  const over = (figure: (trial: TrialReport) => number): number => median(trials.map(figure));
  // Busy shares have steal made up for, which counts of CPU have not.
  return {
    tps: over(({ tps }) => tps),
    meanUs: over(meanUsOf),
    serverUs: over(({ server, tps }) => (1e6 * (server.cpuUtilization ?? 0)) / tps),
    generatorUs: over((trial) => (1e6 * busiestThread(trial)) / trial.tps),
  };
}

const busiestThread = ({ generator }: TrialReport): number =>
  Math.max(...generator.threads.map((thread) => thread.cpuUtilization ?? thread.eventLoopUtilization));

/** What the model is asked. */
export const pointOf = (scenario: Scenario): Point => ({
  users: usersByInstance(scenario),
  pool: scenario.pool,
  connections: scenario.connections,
  rttUs: (scenario.rtt?.rttMs ?? 0) * 1000,
  thinkUs: scenario.thinkTimeMs * 1000,
  ratePerSec: scenario.ratePerSec,
  maxInFlight: scenario.maxInFlight,
});

function predictionsOf(
  cell: number,
  calibrated: readonly Calibration[],
  { plan, trials }: PredictFacts,
): PredictionReport[] {
  const { at, scenario: asked, primaries } = plan.cells[cell]!;
  const point = { ...pointOf(asked), ...(primaries === undefined ? {} : { primaries }) };
  const own = calibrated.filter(({ machine }) => asked.strategies.includes(machine.strategy));
  const all = own.map(({ machine, measured: { alone } }) => {
    const measuring = trials.filter((trial) => trial.cell === cell && trial.strategy === machine.strategy);
    const predicted = predict(primaries === undefined ? machine : { ...machine, cores: null }, point);
    return { machine, aloneUs: alone.meanUs, predicted, measured: comparedWith(predicted, measuring) };
  });
  const [first] = all;
  return all.map(({ machine, predicted, measured }) => {
    const { strategy, tripsPerEntry } = machine;
    const tripsSaved = (first?.machine.tripsPerEntry ?? 0) - tripsPerEntry;
    const before = first?.measured && { tps: first.measured.tps.median, meanUs: first.measured.meanUs.median };
    const rttUs = point.rttUs + (first === undefined ? 0 : first.aloneUs / first.machine.tripsPerEntry);
    const formula =
      first === undefined || tripsSaved <= 0 || point.ratePerSec !== null
        ? null
        : byFewerTrips(before ?? first.predicted, tripsSaved, rttUs);
    const truth = measured?.tps.median ?? predicted.tps;
    return {
      at: { ...at },
      strategy,
      ...predicted,
      ...(formula === null ? {} : { formula: { tripsSaved, rttUs, tps: formula.tps, offBy: formula.tps / truth - 1 } }),
      ...(measured === undefined ? {} : { measured }),
    };
  });
}

function comparedWith({ tps, meanUs }: Prediction, own: readonly PredictTrial[]): PredictionReport["measured"] {
  const trials = own.map(({ trial }) => trial).filter(({ entries }) => entries.succeeded > 0);
  if (trials.length === 0) return undefined;
  const measured = { tps: medianInterval(trials.map((one) => one.tps)), meanUs: medianInterval(trials.map(meanUsOf)) };
  return {
    rounds: trials.length,
    ...measured,
    limiters: totalOf(trials.map(({ limiter }) => ({ [limiter]: 1 }))),
    tpsOffBy: tps / measured.tps.median - 1,
    meanOffBy: meanUs / measured.meanUs.median - 1,
  };
}
