import { environmentError, QbenchError, throwIfAborted } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import { type FigureName, figureNamed } from "../report/figures.js";
import type { TrialReport } from "../report/schema.js";
import { checkThresholds, NOT_MEASURED, type ThresholdResult } from "../report/thresholds.js";
import type { Scenario } from "../scenario/scenario.js";
import { type GateVerdict, type Judgement, judge, type Look, looksUpTo, overall, worsening } from "../stats/gate.js";
import type { AnomalyResult } from "./anomalies.js";
import { type Both, type Counts, countExactly, failuresIn } from "./counting.js";
import type { ExactResult } from "./exact.js";
import { type GateCase, type GatePlan, orderOf, SIDES, type SideName, seedOf } from "./plan.js";
import type { Sides, SideTrial } from "./sides.js";
import { gateWarnings } from "./warnings.js";

/**
 * A gate from its first trial to its verdict:
 *
 *   exact counts and anomalies, one trial a side ──worse──► fail
 *        │ the same or better
 *   a trial a side that is not counted, where code is cold
 *        │
 *   pairs, back to back ──look──► fail, pass, or more pairs ──► inconclusive
 */

export interface PairResult {
  /** From 0. */
  readonly pair: number;
  readonly case: string;
  readonly first: SideName;
  readonly base: TrialReport;
  readonly candidate: TrialReport;
}

/** One gated figure of one case, at the last look. */
export interface MetricResult {
  readonly case: string;
  readonly figure: FigureName;
  readonly judgement: Judgement;
}

export interface GateOutcome {
  readonly exact: readonly ExactResult[];
  readonly anomalies: readonly AnomalyResult[];
  readonly pairs: readonly PairResult[];
  readonly metrics: readonly MetricResult[];
  readonly thresholds: readonly ThresholdResult[];
  /** Null: the gate did not come to its end. That is no pass. */
  readonly verdict: GateVerdict | null;
  /** Why it is not a pass. */
  readonly reasons: readonly string[];
  readonly brokenPromises: readonly string[];
  readonly warnings: readonly Warning[];
  readonly error: QbenchError | undefined;
}

export interface GateObserver {
  trialStarted(trial: SideTrial, phase: "exact" | "warm-up" | "pair"): void;
  looked(look: Look, metrics: readonly MetricResult[], verdict: GateVerdict): void;
}

/** Long enough for the compiler to have seen the loop. */
const WARM_UP_MS = 1000;

/** @throws QbenchError if nothing could be measured; later, what went wrong is in the outcome. */
export async function runGate(
  plan: GatePlan,
  scenarios: Readonly<Record<SideName, Scenario>>,
  sides: Sides,
  observer: GateObserver,
  signal: AbortSignal,
): Promise<GateOutcome> {
  const gate = new Gate(plan, scenarios, sides, observer, signal);
  let error: QbenchError | undefined;
  try {
    await gate.run();
    throwIfAborted(signal);
  } catch (caught) {
    if (!(caught instanceof QbenchError) || (gate.isEmpty && caught.kind !== "interrupted")) throw caught;
    error = caught;
  }
  return gate.outcome(error);
}

class Gate {
  readonly #plan: GatePlan;
  readonly #scenarios: Readonly<Record<SideName, Scenario>>;
  readonly #sides: Sides;
  readonly #observer: GateObserver;
  readonly #signal: AbortSignal;
  readonly #counts: Counts[] = [];
  readonly #pairs: PairResult[] = [];
  #metrics: readonly MetricResult[] = [];
  #verdict: GateVerdict | null = null;
  readonly #reasons: string[] = [];
  /** Of every trial, whatever it was for. */
  readonly #broken: Readonly<Record<SideName, Set<string>>> = { base: new Set(), candidate: new Set() };

  constructor(
    plan: GatePlan,
    scenarios: Readonly<Record<SideName, Scenario>>,
    sides: Sides,
    observer: GateObserver,
    signal: AbortSignal,
  ) {
    this.#plan = plan;
    this.#scenarios = scenarios;
    this.#sides = sides;
    this.#observer = observer;
    this.#signal = signal;
  }

  get isEmpty(): boolean {
    return this.#counts.length === 0 && this.#pairs.length === 0;
  }

  async run(): Promise<void> {
    const { cases, metrics, maxPairs } = this.#plan;
    for (const one of cases) await this.#count(one);
    const isBroken = this.#failsOnPromises();
    if (this.#failsOn(this.#thresholds()) || isBroken || this.#verdict !== null) return;
    if (metrics.length === 0) {
      // What could not be compared has not passed.
      this.#verdict = this.#counts.some(({ exact }) => exact.some(({ verdict }) => verdict === "not-comparable"))
        ? "inconclusive"
        : "pass";
      return;
    }
    if (this.#sides.isWarm) for (const one of cases) await this.#warmUp(one);
    for (const look of looksUpTo(maxPairs)) {
      while (this.#pairs.length < look.pairs * cases.length) await this.#measurePair();
      const judged = this.#judge(look);
      const verdict = this.#failsOnPromises() ? "fail" : judged;
      this.#observer.looked(look, this.#metrics, verdict);
      if (verdict === "inconclusive" && look.pairs < maxPairs) continue;
      this.#verdict = verdict;
      break;
    }
    this.#failsOn(this.#thresholds());
  }

  outcome(error: QbenchError | undefined): GateOutcome {
    return {
      exact: this.#counts.flatMap(({ exact }) => exact),
      anomalies: this.#counts.flatMap(({ anomalies }) => anomalies),
      pairs: this.#pairs,
      metrics: this.#metrics,
      thresholds: this.isEmpty ? [] : this.#thresholds(),
      verdict: error === undefined ? this.#verdict : null,
      reasons: this.#reasons,
      brokenPromises: [...new Set(SIDES.flatMap((side) => this.#brokenPromises(side)))].sort(),
      warnings: gateWarnings(this.#counts, this.#pairs),
      error,
    };
  }

  async #count(one: GateCase): Promise<void> {
    const isShared = this.#sides.targets.base.kind !== "embedded";
    const both: Both = (pair, change) => this.#both(one, pair, "exact", change);
    const counts = await countExactly(one, this.#plan, isShared, both);
    this.#counts.push(counts);
    const failures = failuresIn(counts);
    if (failures.length > 0) this.#verdict = "fail";
    this.#reasons.push(...failures);
  }

  async #warmUp(one: GateCase): Promise<void> {
    await this.#both(one, 0, "warm-up", (scenario) => ({
      ...scenario,
      entries: null,
      durationMs: WARM_UP_MS,
      warmupMs: 0,
    }));
  }

  async #measurePair(): Promise<void> {
    const pair = this.#pairs.length / this.#plan.cases.length;
    const measured: PairResult[] = [];
    for (const one of this.#plan.cases) {
      const both = await this.#both(one, pair, "pair", (scenario) => scenario);
      measured.push({ pair, case: one.name, first: orderOf(this.#plan.seed, pair, one.name)[0] as SideName, ...both });
    }
    this.#pairs.push(...measured);
  }

  async #both(
    { name, base, candidate }: GateCase,
    pair: number,
    phase: "exact" | "warm-up" | "pair",
    change: (scenario: Scenario) => Scenario,
  ): Promise<Record<SideName, TrialReport>> {
    const strategies = { base, candidate };
    const results: Partial<Record<SideName, TrialReport>> = {};
    for (const [order, side] of orderOf(this.#plan.seed, pair, name).entries()) {
      throwIfAborted(this.#signal);
      const scenario = change(this.#scenarios[side]);
      const trial = { side, strategy: strategies[side], scenario, pair, order, seed: seedOf(this.#plan.seed, pair) };
      this.#observer.trialStarted(trial, phase);
      const result = await this.#sides.trial(trial, this.#signal);
      throwIfAborted(this.#signal);
      if (!result.complete || result.serverRestarted) {
        throw environmentError(
          `a trial of the ${side} did not run undisturbed: ${result.complete ? "the server restarted" : "it was cut short"}`,
          "a gate needs a server that stays",
        );
      }
      for (const kind of result.audit.brokenPromises) this.#broken[side].add(kind);
      results[side] = result;
    }
    return results as Record<SideName, TrialReport>;
  }

  #judge(look: Look): GateVerdict {
    const { cases, metrics, threshold } = this.#plan;
    const gated = cases.flatMap((one) => metrics.map((figure) => ({ case: one.name, figure })));
    this.#metrics = gated.map(({ case: name, figure }) => {
      const differences = this.#differences(name, figure);
      return { case: name, figure, judgement: judge(differences, look, threshold, gated.length) };
    });
    for (const { case: name, figure, judgement } of this.#metrics) {
      if (judgement.verdict === "fail")
        this.#reasons.push(`${name}: ${figure} is worse by ${percent(judgement.estimate)}`);
    }
    return overall(this.#metrics.map(({ judgement }) => judgement.verdict));
  }

  /** @throws QbenchError (environment) where a side has no such figure: nothing measured is no pass. */
  #differences(name: string, figureName: FigureName): number[] {
    const figure = figureNamed(figureName);
    return this.#pairs
      .filter((pair) => pair.case === name)
      .map(({ pair, base, candidate }) => {
        const [ofBase, ofCandidate] = [figure.ofTrial(base), figure.ofTrial(candidate)];
        if (ofBase !== null && ofBase > 0 && ofCandidate !== null && ofCandidate > 0) {
          return worsening(ofBase, ofCandidate, figure.direction);
        }
        throw environmentError(
          `pair ${pair + 1} of ${name} has no ${figureName} to compare: base ${ofBase}, candidate ${ofCandidate}`,
          "did entries succeed? a longer --duration measures more of them",
        );
      });
  }

  /** Exact figures also from the trial that counted them, all others from the pairs. */
  #thresholds(): ThresholdResult[] {
    return this.#plan.cases.flatMap(({ name }) => {
      const of = (trials: readonly { readonly case: string; readonly candidate: TrialReport }[]): TrialReport[] =>
        trials.filter((one) => one.case === name).map(({ candidate }) => candidate);
      return this.#plan.thresholds.flatMap((threshold) => {
        const { isExact } = threshold.figure;
        const trials = isExact ? of([...this.#counts, ...this.#pairs]) : of(this.#pairs);
        // Before the first pair there is nothing to hold it against; where there will be none, that is what it fails by.
        if (!isExact && trials.length === 0 && this.#plan.metrics.length > 0) return [];
        return checkThresholds([threshold], [{ name, trials }]);
      });
    });
  }

  #brokenPromises(side: SideName): string[] {
    return [...this.#broken[side]].sort();
  }

  /** Whatever its figures say. */
  #failsOnPromises(): boolean {
    for (const side of SIDES) {
      const broken = this.#brokenPromises(side);
      if (broken.length === 0) continue;
      this.#verdict = "fail";
      this.#reasons.push(`${side}: the audit found what is promised never to show: ${broken.join(", ")}`);
    }
    return this.#verdict === "fail";
  }

  #failsOn(results: readonly ThresholdResult[]): boolean {
    const crossed = results.filter(({ failed }) => failed);
    if (crossed.length === 0) return false;
    this.#verdict = "fail";
    for (const { strategy, expression, value } of crossed) {
      this.#reasons.push(`${strategy}: ${expression} (${value === null ? NOT_MEASURED : value})`);
    }
    return true;
  }
}

const percent = (factor: number): string => `${((factor - 1) * 100).toFixed(1)} %`;
