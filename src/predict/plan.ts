import { deriveSeed, prng, shuffled } from "../base/prng.js";
import { CALIBRATION, SETTINGS, type Setting } from "../model/calibrate.js";
import type { Scenario } from "../scenario/scenario.js";
import type { ClusterShape } from "../targets/cluster-shape.js";

/** Why a cluster will not do. */
export const PREDICT_NEEDS = { singleServerOnly: "to calibrate the model by" };

/** Short trials that a model is made from, and, where asked for, trials of what it predicts. */
export interface PredictPlan {
  readonly scenario: Scenario;
  readonly cells: readonly PredictCell[];
  /** Whether the cells are measured too. */
  readonly isMeasured: boolean;
}

/** A combination of options that is predicted, for the strategies of its scenario. */
export interface PredictCell {
  /** What differs from the scenario, by flag, as it was given. */
  readonly at: Readonly<Record<string, string>>;
  readonly scenario: Scenario;
  /** Of a cluster with a core for each thread; undefined: the server that is calibrated on, and the cores there are. */
  readonly primaries?: number | undefined;
  /** It is measured on a cluster of our own of this shape; undefined: on the server that is calibrated on. */
  readonly cluster?: ClusterShape | undefined;
}

export interface PredictStep {
  readonly strategy: string;
  readonly round: number;
  readonly order: number;
  readonly seed: number;
  readonly scenario: Scenario;
  /** One of the two. */
  readonly setting: Setting | null;
  readonly cell: number | null;
}

/** Rounds in which everything is measured once, in an order drawn from the seed: what changes slowly falls on all alike. */
export function planPredict({ scenario, cells, isMeasured }: PredictPlan): PredictStep[] {
  const settings = SETTINGS.map((setting) => ({ setting, cell: null, scenario: calibrating(scenario, setting) }));
  const measured = cells.map((one, cell) => ({ setting: null, cell, scenario: one.scenario }));
  const all = isMeasured ? [...settings, ...measured] : settings;
  return Array.from({ length: Math.max(...all.map((one) => one.scenario.trials)) }, (_, round) =>
    shuffled(
      all
        .filter((one) => round < one.scenario.trials)
        .flatMap((one) => one.scenario.strategies.map((strategy) => ({ ...one, strategy }))),
      prng(deriveSeed(scenario.seed, "predict", round)),
    ).map((one, order) => ({ ...one, round, order, seed: deriveSeed(scenario.seed, "round", round) })),
  ).flat();
}

/** As the scenario is, but for what the model is there to tell. */
function calibrating(scenario: Scenario, setting: Setting): Scenario {
  const { users, pool, connections, rttUs } = CALIBRATION[setting];
  return {
    ...scenario,
    vus: users.reduce((sum, own) => sum + own, 0),
    instances: users.length,
    instanceShares: null,
    pool,
    connections,
    rtt: rttUs === 0 ? null : { rttMs: rttUs / 1000, jitterMs: 0 },
    thinkTimeMs: 0,
    ratePerSec: null,
  };
}
