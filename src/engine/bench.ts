import { randomBytes } from "node:crypto";
import type { EventLoopUtilization } from "node:perf_hooks";
import type { TrialRecord } from "../audit/dump.js";
import { longestAwayMs } from "../base/away.js";
import { QbenchError } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import type { DriverOptions } from "../drivers/driver.js";
import type { FaultSite } from "../faults/fault.js";
import { checkFaults } from "../faults/fitting.js";
import { faultNamed } from "../faults/index.js";
import { openProxy } from "../faults/proxy.js";
import type { Histogram } from "../measure/histogram.js";
import type { TrialPlan } from "../plan/plan.js";
import { checkReplicas, needsReplicas } from "../scenario/replicas.js";
import { readsReplicas, type Scenario } from "../scenario/scenario.js";
import { luaFilesAmong, strategyNamed } from "../strategies/index.js";
import type { LuaFile } from "../strategies/lua-file.js";
import { CONNECT_TIMEOUT_MS } from "../targets/control.js";
import { fewestReplicas, loadScripts } from "../targets/primaries.js";
import { saysClusterDown, translateRedisError } from "../targets/redis-errors.js";
import { successorsOf } from "../targets/successors.js";
import { openTarget, type Target, type TargetOptions } from "../targets/target.js";
import type { LiveSums } from "../worker/live-counters.js";
import type { Generators } from "./generators.js";
import { Instances } from "./instances.js";
import { ConcertNumbers, runTrial } from "./trial.js";
import type { TrialResult } from "./trial-result.js";
import { watched } from "./trial-watch.js";

const PROGRESS_EVERY_MS = 100;

/** A server to measure; whoever shares it draws concert numbers from one source. */
export interface Place {
  readonly target: Target;
  readonly runId: string;
  readonly concerts: ConcertNumbers;
  readonly openGenerators?: OpenGenerators;
}

/** Opens measuring threads elsewhere than in this process. @throws QbenchError; nothing is left running then. */
export type OpenGenerators = (
  place: Place,
  scenario: Scenario,
  driver: DriverOptions,
  luaFiles: readonly LuaFile[],
) => Promise<Generators>;

export interface PlaceOptions extends Omit<TargetOptions, "runId" | "connectTimeoutMs" | "reconnectForMs"> {
  readonly openGenerators?: OpenGenerators;
}

/**
 * `timeoutMs`: of an entry, the longest there will be; undefined: there will be none.
 * @throws QbenchError; nothing is left behind then.
 */
export async function openPlace({ openGenerators, ...options }: PlaceOptions, timeoutMs?: number): Promise<Place> {
  const runId = randomBytes(4).toString("hex");
  const target = await openTarget({
    ...options,
    runId,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    ...(timeoutMs === undefined ? {} : { reconnectForMs: longestAwayMs(timeoutMs) }),
  });
  const generators = openGenerators === undefined ? {} : { openGenerators };
  return { target, runId, concerts: new ConcertNumbers(), ...generators };
}

/** What was made of a place, which is closed. */
interface Left<T> {
  readonly result: T;
  readonly target: Target;
  /** What a user should know of the target. */
  readonly warnings: readonly Warning[];
  /** Why it could not be left clean. */
  readonly notCleaned: QbenchError | undefined;
}

/**
 * What `use` makes of a place that is opened for it and closed after it.
 * @throws whatever `use` does, in a user's words: what went wrong first is what the user needs to hear.
 */
export async function atPlace<T>(
  options: PlaceOptions,
  timeoutMs: number | undefined,
  use: (place: Place) => Promise<T>,
): Promise<Left<T>> {
  const place = await openPlace(options, timeoutMs);
  const { target } = place;
  let result: T;
  try {
    result = await use(place);
  } catch (error) {
    await target.stop().catch(() => {});
    throw asRunError(error, target);
  }
  const notCleaned = await target.stop().then(
    () => undefined,
    (error: QbenchError) => error,
  );
  const warnings = target.warnings.map((message) => ({ code: "target", message }));
  return { result, target, warnings, notCleaned };
}

/** Where something else has ended the run, that the place could not be left clean is a warning. */
export const notCleanedBeside = (error: QbenchError | undefined, notCleaned: QbenchError | undefined): Warning[] =>
  error === undefined || notCleaned === undefined ? [] : [{ code: "not-cleaned", message: notCleaned.message }];

/** What is known of a trial while it is measured; what takes time is read when it is asked for. */
export interface TrialProgress extends LiveSums {
  readonly elapsedMs: number;
  latencies(): Histogram;
  eventLoops(): readonly EventLoopUtilization[];
}

/** What somebody who watches a trial is told. */
export interface TrialHooks {
  /** Ten times a second while it is measured. */
  progressed?(progress: TrialProgress): void;
  trialMeasured?(): void;
  /** All that was recorded, before it is forgotten. */
  recorded?(record: TrialRecord): void;
}

/** The warm threads that load a server: one trial after another, each of whichever strategy is asked for. */
export class Bench {
  readonly #place: Place;
  readonly #instances: Generators;
  readonly #site: FaultSite;

  private constructor(place: Place, instances: Generators, site: FaultSite) {
    this.#place = place;
    this.#instances = instances;
    this.#site = site;
  }

  /**
   * `scenario`: its threads and connections serve every trial; see `sameThreads`.
   * @throws QbenchError if the server cannot be reached, cannot compile a script of the user's own, or cannot have the
   * scenario's faults done to it; no thread is left running then.
   */
  static async open(
    place: Place,
    scenario: Scenario,
    strategies: readonly string[] = scenario.strategies,
  ): Promise<Bench> {
    const { target, runId } = place;
    if (needsReplicas(scenario)) {
      checkReplicas(scenario, target.control.isCluster, await fewestReplicas(target.control));
    }
    checkFaults(scenario.faults, {
      isForeign: target.own === undefined && target.cluster === undefined,
      isCluster: target.kind === "cluster",
      isWatched: target.watched !== undefined,
      isOpen: true,
    });
    const luaFiles = luaFilesAmong(strategies);
    await loadScripts(target.control, luaFiles).catch((error: unknown) => {
      throw asRunError(error, target);
    });
    const clientName = `qbench-${runId}`;
    const proxy = isProxied(scenario) ? await openProxy(target.endpoints.flatMap(successorsOf)) : undefined;
    const driver = {
      endpoints: target.endpoints.map((endpoint) => ({
        ...endpoint,
        ...(scenario.faults.length === 0 ? {} : { clientName }),
      })),
      slots: target.slots,
      readsReplicas: readsReplicas(scenario),
      ...(proxy === undefined ? {} : { proxies: proxy.ways }),
      pool: scenario.pool,
      writes: scenario.writes,
      scripts: strategies.flatMap((name) => strategyNamed(name).scripts),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    };
    const { control, settings, own, cluster, watched } = target;
    try {
      const instances = await (place.openGenerators?.(place, scenario, driver, luaFiles) ??
        Instances.open(scenario, driver, luaFiles));
      return new Bench(place, instances, {
        control,
        settings,
        own,
        cluster,
        watched,
        proxy,
        runId,
        clientName,
      });
    } catch (error) {
      await proxy?.close();
      throw error;
    }
  }

  /** @throws QbenchError */
  async trial(scenario: Scenario, plan: TrialPlan, signal: AbortSignal, hooks: TrialHooks = {}): Promise<TrialResult> {
    let measuringSinceMs: number | undefined;
    const ticker = setInterval(() => {
      if (measuringSinceMs === undefined) return;
      hooks.progressed?.({
        ...this.#instances.progress(),
        elapsedMs: performance.now() - measuringSinceMs,
        latencies: () => this.#instances.latencies(),
        eventLoops: () => this.#instances.eventLoops(),
      });
    }, PROGRESS_EVERY_MS);
    const context = {
      ...this.#place,
      scenario,
      instances: this.#instances,
      site: this.#site,
      signal,
      onMeasuring: (): void => {
        measuringSinceMs = performance.now();
      },
      onMeasured: (): void => {
        measuringSinceMs = undefined;
        hooks.trialMeasured?.();
      },
      onRecord: (record: TrialRecord): void => hooks.recorded?.(record),
    };
    try {
      return await watched(context, luaFilesAmong([plan.strategy]), () => runTrial(context, plan));
    } catch (error) {
      throw asRunError(error, this.#place.target);
    } finally {
      clearInterval(ticker);
    }
  }

  /** The server is whoever's who opened it. */
  async close(): Promise<void> {
    await this.#instances.close();
    await this.#site.proxy?.close();
  }
}

/** What threads are opened with and keep. */
const threadsOf = (scenario: Scenario) => {
  const { instances, client, pool, writes, rtt, ratePerSec, faults } = scenario;
  const isNamed = faults.length > 0;
  return {
    instances,
    client,
    pool,
    writes,
    rtt,
    isPaced: ratePerSec !== null,
    isNamed,
    isProxied: isProxied(scenario),
    readsReplicas: readsReplicas(scenario),
  };
};

const isProxied = ({ faults }: Scenario): boolean => faults.some(({ name }) => faultNamed(name).needs === "proxy");

/** Whether the same threads and connections can serve both. */
export const sameThreads = (a: Scenario, b: Scenario): boolean =>
  JSON.stringify(threadsOf(a)) === JSON.stringify(threadsOf(b));

/** Errors of the control connection in a user's words: the server went away, or refuses. @throws anything else: a bug. */
export function asRunError(error: unknown, target: Target): QbenchError {
  if (error instanceof QbenchError) return error;
  const { name, message } = error as Error;
  const isFromRedis = name === "ReplyError" || name === "MaxRetriesPerRequestError";
  if (isFromRedis || saysClusterDown(error) || /closed|timed out|ECONN|EPIPE/i.test(message)) {
    return translateRedisError(target.vigil?.reasonOf(error) ?? error, target.endpoints[0]!);
  }
  throw error;
}
