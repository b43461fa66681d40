import { randomBytes } from "node:crypto";
import type { EventLoopUtilization } from "node:perf_hooks";
import type { TrialRecord } from "../audit/dump.js";
import { QbenchError, throwIfAborted } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import type { Histogram } from "../measure/histogram.js";
import { planRun } from "../plan/plan.js";
import type { Scenario } from "../scenario/scenario.js";
import { strategyNamed } from "../strategies/index.js";
import { translateRedisError } from "../targets/redis-errors.js";
import { openTarget, type Target, type TargetOptions } from "../targets/target.js";
import { longestAwayMs } from "../worker/away.js";
import type { LiveSums } from "../worker/live-counters.js";
import { Instances } from "./instances.js";
import { ConcertNumbers, runTrial, ServerLost } from "./trial.js";
import type { TrialResult } from "./trial-result.js";

/** Which trial of a run it is. */
export interface TrialPlace {
  /** Of the run's trials, from 0. */
  readonly index: number;
  readonly count: number;
  readonly strategy: string;
  /** From 0. */
  readonly round: number;
}

/** What is known of a trial while it is measured; what takes time is read when it is asked for. */
export interface TrialProgress extends LiveSums {
  readonly elapsedMs: number;
  latencies(): Histogram;
  eventLoops(): readonly EventLoopUtilization[];
}

/** What somebody who watches a run is told; live/ stands behind it. */
export interface RunObserver {
  targetOpened(target: Target): Promise<void> | void;
  trialStarted(place: TrialPlace): void;
  /** Ten times a second while a trial is measured. */
  progressed(progress: TrialProgress): void;
  trialMeasured?(): void;
  trialFinished(result: TrialResult): void;
  /** Staged: what speaks against going on after these trials of one strategy; undefined: nothing. */
  objectionTo?(stage: readonly TrialResult[]): string | undefined;
  /** All that was recorded of the trial, before it is forgotten. */
  recorded?(record: TrialRecord): void;
}

export interface RunOutcome {
  /** In the order in which they ran. */
  readonly trials: readonly TrialResult[];
  readonly complete: boolean;
  readonly warnings: readonly Warning[];
  /** What ended the run early. */
  readonly error: QbenchError | undefined;
}

const PROGRESS_EVERY_MS = 100;
export const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Runs a scenario's plan, trial by trial, on a target that is opened for it and closed after it.
 * @throws QbenchError if nothing could be measured; once a trial has begun, what went wrong is in the outcome.
 */
export async function runScenario(
  scenario: Scenario,
  options: Omit<TargetOptions, "runId" | "connectTimeoutMs" | "reconnectForMs">,
  observer: RunObserver,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const runId = randomBytes(4).toString("hex");
  throwIfAborted(signal);
  const target = await openTarget({
    ...options,
    runId,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    reconnectForMs: longestAwayMs(scenario.timeoutMs),
  });
  const warnings: Warning[] = target.warnings.map((message) => ({ code: "target", message }));
  let instances: Instances | undefined;
  let outcome: RunOutcome | undefined;
  try {
    await observer.targetOpened(target);
    throwIfAborted(signal);
    const driver = {
      endpoints: target.endpoints,
      pool: scenario.pool,
      writes: scenario.writes,
      scripts: scenario.strategies.flatMap((name) => strategyNamed(name).scripts),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    };
    instances = await Instances.open(scenario, driver);
    const ran = await runTrials(scenario, target, instances, runId, observer, signal);
    outcome = { ...ran, warnings: [...warnings, ...(ran.warnings ?? [])] };
  } catch (error) {
    await instances?.close();
    // What went wrong first is what the user needs to hear.
    await target.stop().catch(() => {});
    throw asRunError(error, target);
  }
  await instances.close();
  const notCleaned = await target.stop().then(
    () => undefined,
    (error: QbenchError) => error,
  );
  return { ...outcome, error: outcome.error ?? notCleaned };
}

async function runTrials(
  scenario: Scenario,
  target: Target,
  instances: Instances,
  runId: string,
  observer: RunObserver,
  signal: AbortSignal,
): Promise<Omit<RunOutcome, "warnings"> & Partial<Pick<RunOutcome, "warnings">>> {
  const plans = planRun(scenario);
  const trials: TrialResult[] = [];
  const concerts = new ConcertNumbers();
  let measuringSinceMs: number | undefined;
  const ticker = setInterval(() => {
    if (measuringSinceMs === undefined) return;
    observer.progressed({
      ...instances.progress(),
      elapsedMs: performance.now() - measuringSinceMs,
      latencies: () => instances.latencies(),
      eventLoops: () => instances.eventLoops(),
    });
  }, PROGRESS_EVERY_MS);
  try {
    for (const [index, plan] of plans.entries()) {
      throwIfAborted(signal);
      observer.trialStarted({ index, count: plans.length, strategy: plan.strategy, round: plan.round });
      const onMeasuring = (): void => {
        measuringSinceMs = performance.now();
      };
      const onMeasured = (): void => {
        measuringSinceMs = undefined;
        observer.trialMeasured?.();
      };
      const onRecord = (record: TrialRecord): void => observer.recorded?.(record);
      const context = { scenario, target, instances, runId, concerts, signal, onMeasuring, onMeasured, onRecord };
      const result = await runTrial(context, plan);
      trials.push(result);
      observer.trialFinished(result);
      const next = plans[index + 1]?.strategy;
      if (scenario.order !== "staged" || next === undefined || next === plan.strategy) continue;
      const objection = observer.objectionTo?.(trials.filter(({ strategy }) => strategy === plan.strategy));
      if (objection === undefined) continue;
      const message = `stopped after ${plan.strategy}: ${objection}; ${next} and what comes after it were not begun`;
      return { trials, complete: true, error: undefined, warnings: [{ code: "stopped", message }] };
    }
    throwIfAborted(signal);
    return { trials, complete: true, error: undefined };
  } catch (error) {
    const failure = asRunError(error, target);
    if (failure instanceof ServerLost && failure.partial !== undefined) {
      trials.push(failure.partial);
      observer.trialFinished(failure.partial);
    }
    return { trials, complete: false, error: failure };
  } finally {
    clearInterval(ticker);
  }
}

/** Errors of the control connection in a user's words: the server went away, or refuses. @throws anything else: a bug. */
export function asRunError(error: unknown, target: Target): QbenchError {
  if (error instanceof QbenchError) return error;
  const { name, message } = error as Error;
  const isFromRedis = name === "ReplyError" || name === "MaxRetriesPerRequestError";
  if (isFromRedis || /closed|timed out|ECONN|EPIPE/i.test(message)) {
    return translateRedisError(error, target.endpoints[0]!);
  }
  throw error;
}
