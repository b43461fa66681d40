import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { Probe } from "../actors/probe.js";
import { designNamed } from "../admission/index.js";
import { environmentError, type QbenchError, throwIfAborted } from "../base/errors.js";
import type { Warning } from "../base/warning.js";
import type { Endpoint } from "../drivers/driver.js";
import { concertIdOf, concertKeys, userIdOf } from "../queue/keys.js";
import { connectControl } from "../targets/control.js";
import { lazyFreePending, takeSnapshot } from "../targets/server-snapshot.js";
import type { Target } from "../targets/target.js";
import { type KillResult, killScheduler } from "./admit-kill.js";
import { type LockResult, tryLock } from "./admit-lock.js";
import { ADMIT_NEEDS, type AdmitPlan, type AdmitTurn, planAdmitTurns } from "./admit-plan.js";
import { type AdmitTurnResult, takeAdmitTurn } from "./admit-turn.js";
import { asRunError, atPlace, type Place, type PlaceOptions } from "./bench.js";
import { populate } from "./population.js";

export interface AdmitObserver {
  targetOpened(target: Target): Promise<void> | void;
  /** `what` is for people. */
  stepStarted(what: string, index: number, count: number): void;
}

export interface AdmitOutcome {
  /** In the order in which they ran; whole ones only. */
  readonly turns: readonly AdmitTurnResult[];
  readonly kills: readonly KillResult[];
  readonly locks: readonly LockResult[];
  readonly complete: boolean;
  readonly warnings: readonly Warning[];
  /** What ended it early. */
  readonly error: QbenchError | undefined;
}

/** What turns share: a target, a scheduler's connection, a bystander, and the users who wait, to be copied. */
export interface AdmitBed {
  readonly target: Target;
  readonly scheduler: Redis;
  readonly probe: Probe;
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Puts users 0 … `waiting` − 1 into a concert of its own. @returns its id. */
  fill(waiting: number): Promise<string>;
  /** Removes the concert and what was made for users 0 … `users` − 1. */
  clear(concertId: string, users: number): Promise<void>;
}

/** Keys in one command. */
const CHUNK = 1000;
const LAZY_FREE_POLLS = 200;
const LAZY_FREE_POLL_MS = 5;

/**
 * Measures admission designs and tries locks, on a target that is opened for it and closed after it.
 * @throws QbenchError if nothing could be measured; later, what went wrong is in the outcome.
 */
export async function runAdmit(
  plan: AdmitPlan,
  options: PlaceOptions,
  observer: AdmitObserver,
  signal: AbortSignal,
): Promise<AdmitOutcome> {
  throwIfAborted(signal);
  const where = { ...options, ...ADMIT_NEEDS, signal };
  const { result, warnings, notCleaned } = await atPlace(where, undefined, async (place) => {
    await observer.targetOpened(place.target);
    return admitAt(place, plan, observer, signal);
  });
  const error = result.error ?? notCleaned;
  return { ...result, warnings, complete: error === undefined, error };
}

async function admitAt(
  { target, runId }: Place,
  plan: AdmitPlan,
  observer: AdmitObserver,
  signal: AbortSignal,
): Promise<Omit<AdmitOutcome, "warnings">> {
  const [endpoint] = target.endpoints as [Endpoint];
  const scheduler = await connectControl(endpoint, { resends: false });
  let probe: Probe | undefined;
  try {
    probe = await Probe.open(endpoint);
    const concerts = await makeConcerts(plan, target.control, runId, signal);
    return await takeSteps(plan, { target, scheduler, probe, runId, signal, ...concerts }, observer);
  } finally {
    probe?.close();
    scheduler.disconnect();
  }
}

interface Step {
  readonly what: string;
  run(): Promise<void>;
}

/** Round by round: the turns, then the kills, then the locks. */
async function takeSteps(
  plan: AdmitPlan,
  bed: AdmitBed,
  observer: AdmitObserver,
): Promise<Omit<AdmitOutcome, "warnings">> {
  const turns: AdmitTurnResult[] = [];
  const kills: KillResult[] = [];
  const locks: LockResult[] = [];
  const steps: Step[] = Array.from({ length: plan.trials }, (_, round) => [
    ...planAdmitTurns(plan)
      .filter((turn) => turn.round === round)
      .map((turn: AdmitTurn) => ({
        what: `${turn.design}, ${turn.batch} users a call`,
        run: async () => void turns.push(await takeAdmitTurn(plan, turn, bed)),
      })),
    ...(plan.designs.length === 0 || plan.kills === 0
      ? []
      : [{ what: "schedulers killed", run: async () => void kills.push(...(await killAll(plan, round, bed))) }]),
    ...plan.locks.map((lock) => ({
      what: `lock ${lock}`,
      run: async () => void locks.push(await tryLock(plan, lock, round, bed)),
    })),
  ]).flat();
  const measured = () => turns.length + kills.length + locks.length;
  try {
    for (const [index, step] of steps.entries()) {
      throwIfAborted(bed.signal);
      observer.stepStarted(step.what, index, steps.length);
      await step.run();
    }
    throwIfAborted(bed.signal);
    return { turns, kills, locks, complete: true, error: undefined };
  } catch (error) {
    const failure = asRunError(error, bed.target);
    if (measured() === 0 && failure.kind !== "interrupted") throw failure;
    return { turns, kills, locks, complete: false, error: failure };
  }
}

/** Each design's scheduler in turn; what is counted is users, so they need not be alone. */
async function killAll(plan: AdmitPlan, round: number, bed: AdmitBed): Promise<KillResult[]> {
  const results: KillResult[] = [];
  for (let kill = 0; kill < plan.kills; kill++) {
    throwIfAborted(bed.signal);
    results.push(
      ...(await Promise.all(plan.designs.map((design) => killScheduler(plan, { design, round, kill }, bed)))),
    );
  }
  return results;
}

/** Users are put into one concert and copied from there: a second for 200,000 becomes a tenth. */
async function makeConcerts(
  plan: AdmitPlan,
  control: Redis,
  runId: string,
  signal: AbortSignal,
): Promise<Pick<AdmitBed, "fill" | "clear">> {
  const templates = new Map<number, string>();
  let concerts = 0;
  const templateOf = async (waiting: number): Promise<string> => {
    const known = templates.get(waiting);
    if (known !== undefined) return known;
    const keys = concertKeys(concertIdOf(runId, concerts++));
    await populate(control, [keys], { waiting, active: 0 }, signal);
    templates.set(waiting, keys.waiting);
    return keys.waiting;
  };
  if (plan.designs.length > 0) await templateOf(plan.waiting);
  return {
    async fill(waiting) {
      const template = await templateOf(waiting);
      const keys = concertKeys(concertIdOf(runId, concerts++));
      await control.copy(template, keys.waiting, "REPLACE");
      return keys.concertId;
    },
    async clear(concertId, users) {
      const { waiting, active, tokenPrefix } = concertKeys(concertId);
      await control.unlink(waiting, active);
      for (let from = 0; from < users; from += CHUNK) {
        const length = Math.min(CHUNK, users - from);
        await control.unlink(...Array.from({ length }, (_, i) => tokenPrefix + userIdOf(from + i)));
      }
      for (let poll = 0; poll < LAZY_FREE_POLLS; poll++) {
        if (lazyFreePending(await takeSnapshot(control)) === 0) return;
        await sleep(LAZY_FREE_POLL_MS);
      }
    },
  };
}

/** What the data and the replies must agree on. @throws QbenchError if they do not: somebody else is at work. */
export function mustAgree(design: string, said: number, found: number): void {
  if (said === found) return;
  throw environmentError(
    `${design} said that it admitted ${said} users, and ${found} are active`,
    "nobody else enters these concerts: is another program changing qbench's keys, or is memory running out?",
  );
}

export const usesTokenKeys = (design: string): boolean => designNamed(design).token !== "member";
