import { type AdmissionActed, AdmissionActor } from "../actors/admission.js";
import { designNamed } from "../admission/index.js";
import { longestAwayMs } from "../base/away.js";
import type { AnomalyKind } from "../queue/anomaly.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Scenario } from "../scenario/scenario.js";
import { connectBeside } from "../targets/cluster-control.js";
import { CONNECT_TIMEOUT_MS } from "../targets/control.js";
import { commandsBetween, hasRestarted, type Snapshot, serverWallUs } from "../targets/server-snapshot.js";
import type { Segment } from "../worker/segment.js";
import type { Snapshots } from "./figures.js";
import type { TrialContext } from "./trial.js";
import type { AdmissionFigures } from "./trial-result.js";

/** Users' being admitted beside the entries of a trial: what the scenario asks for, as an actor, and what came of it. */

interface Admitting {
  start(originUs: number): void;
  stop(): Promise<AdmissionActed>;
  close(): void;
}

/** Undefined where nobody is to be admitted. */
export async function openAdmission(context: TrialContext, segment: Segment): Promise<Admitting | undefined> {
  const { scenario, target, runId } = context;
  const { admit, admitEveryMs, admitBatch, admitTtlMs } = scenario;
  if (admit === null) return undefined;
  const reconnectForMs = longestAwayMs(scenario.timeoutMs);
  const redis = await connectBeside(target, { resends: false, connectTimeoutMs: CONNECT_TIMEOUT_MS, reconnectForMs });
  const actor = new AdmissionActor(redis, {
    design: designNamed(admit),
    runId,
    everyMs: admitEveryMs,
    batch: admitBatch,
    ttlMs: admitTtlMs,
    isShortLived: mayEndWithin(scenario),
  });
  return {
    start: (originUs) => actor.start({ originUs, concerts: () => concertsNow(segment) }),
    stop: () => actor.stop(),
    close: () => actor.close(),
  };
}

/** Whether a token may be over before the audit looks. */
const mayEndWithin = ({ entries, durationMs, timeoutMs, admitTtlMs }: Scenario): boolean =>
  entries !== null || admitTtlMs <= durationMs + timeoutMs + AUDIT_MS;
/** Until a trial's data have been read; generous. */
const AUDIT_MS = 60_000;

/** The concerts that are entered at this moment, each in the generation that was last handed over to. */
function concertsNow({ firstConcert, concerts, currentGenerations }: Segment): number[] {
  return Array.from({ length: concerts }, (_, concert) => {
    const generation = currentGenerations === undefined ? 0 : Atomics.load(currentGenerations, concert);
    return firstConcert + concert + generation * concerts;
  });
}

/** What a strategy still promises beside the scenario's admission: not what a scheduler undoes that is no single step. */
export function promisesBeside({ admit }: Scenario, promises: readonly AnomalyKind[]): readonly AnomalyKind[] {
  if (admit === null) return promises;
  const { undoes } = designNamed(admit);
  return promises.filter((kind) => !undoes.includes(kind));
}

/** Reads the data, so call it before they are removed. */
export async function admissionFigures(
  { scenario, target, runId }: TrialContext,
  { firstConcert }: Segment,
  acted: AdmissionActed,
  server: Snapshots<Snapshot>,
): Promise<AdmissionFigures> {
  const { calls, failedCalls, skippedTicks, users, callUs, log } = acted;
  const expiries = log.map((call) => call.expiresAtMs);
  const [from, to] = [expiries[0] ?? 0, expiries.at(-1) ?? -1];
  let found = 0;
  for (const concert of new Set([firstConcert, ...log.map((call) => call.concert)])) {
    found += await target.control.zcount(concertKeys(concertIdOf(runId, concert)).active, from, to);
  }
  const { eval: scripts } = commandsBetween(server.before, server.after);
  const isTold = designNamed(scenario.admit!).script !== undefined && !hasRestarted(server.before, server.after);
  const wallUs = serverWallUs(server.before, server.after);
  const ms = (share: number): number => (callUs.quantileUs(share) ?? 0) / 1000;
  return {
    design: scenario.admit!,
    everyMs: scenario.admitEveryMs,
    batch: scenario.admitBatch,
    calls,
    failedCalls,
    skippedTicks,
    admitted: users,
    found,
    callMs: calls === failedCalls ? null : { p50: ms(0.5), p99: ms(0.99), max: callUs.maxUs / 1000 },
    stallMs: isTold && scripts !== undefined ? scripts.usecPerCall / 1000 : null,
    stallShare: isTold && scripts !== undefined ? (scripts.calls * scripts.usecPerCall) / wallUs : null,
  };
}
