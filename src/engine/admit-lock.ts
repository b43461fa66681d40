import { setTimeout as sleep } from "node:timers/promises";
import { Holder } from "../admission/holder.js";
import { lockKey } from "../admission/keys.js";
import { lockNamed } from "../admission/locks/index.js";
import { environmentError, throwIfAborted } from "../base/errors.js";
import { concertKeys } from "../queue/keys.js";
import type { AdmitBed } from "./admit.js";
import type { AdmitPlan } from "./admit-plan.js";

/**
 * What becomes of a lock whose holder falls asleep past its time, with schedulers that are threads of their own:
 *
 *   first    takes the lock, sees how many there is room for, and stands still …            wakes up, admits, frees
 *   second                            … its time is over: takes the lock, admits, keeps it ……………………………………  frees
 *   others                                                                                    … try to take it
 *
 * There is room for one batch. Everything is counted from the data.
 */
export interface LockResult {
  readonly lock: string;
  readonly round: number;
  readonly instances: number;
  /** Most users who may be active, and those whom one tick admits. */
  readonly capacity: number;
  readonly active: number;
  /** Users who are active beyond the capacity. */
  readonly exceeded: number;
  /** Users whom the first admitted after its time was over. */
  readonly admittedAsleep: number;
  /** Whether the first, waking up, freed the lock that the second held; null where there is no lock to free. */
  readonly freedForeign: boolean | null;
  /** Schedulers who held the lock at once, the sleeper not counted; null where there is no lock. */
  readonly holdersAtOnce: number | null;
}

const BATCH = 1000;
const WAITING = 5 * BATCH;
const TOKEN_TTL_S = 600;
/** Of the first holder's lock. */
const SHORT_MS = 100;
/** Of the others': nothing but a foreign DEL ends it, however slow the machine. */
const LONG_MS = 60_000;
const RETRY_MS = 10;
const MOST_RETRIES = 1000;

export async function tryLock(plan: AdmitPlan, lock: string, round: number, bed: AdmitBed): Promise<LockResult> {
  const { control, endpoints } = bed.target;
  const keys = concertKeys(await bed.fill(WAITING));
  const data = { lock, concertId: keys.concertId, capacity: BATCH, batch: BATCH };
  const opened = await Promise.allSettled(
    Array.from({ length: plan.instances }, (_, i) => Holder.open(endpoints[0]!, { ...data, name: `scheduler-${i}` })),
  );
  const holders = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  try {
    const failed = opened.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const [first, second] = holders as [Holder, Holder];
    const { isExclusive } = lockNamed(lock);
    const baseMs = Date.now() + TOKEN_TTL_S * 1000;
    let terms = 0;
    /** An expiry of its own for each term: so the active set tells who admitted whom. */
    const term = (holder: Holder, ttlMs: number, sleeps: boolean): number => {
      const expiresAtMs = baseMs + terms++;
      holder.tell({ type: "term", ttlMs, expiresAtMs, ttlSeconds: TOKEN_TTL_S, sleeps });
      return expiresAtMs;
    };

    const expiryOfFirst = term(first, SHORT_MS, true);
    await expectMessage(first, "asleep");
    await acquire(bed, second, () => term(second, LONG_MS, false));
    first.wake();
    await expectMessage(first, "admitted");
    first.tell({ type: "release" });
    await expectMessage(first, "released");
    const freedForeign = isExclusive ? (await control.exists(lockKey(keys))) === 0 : null;
    let holdersAtOnce = 1;
    for (const other of isExclusive ? holders.filter((holder) => holder !== second) : []) {
      term(other, LONG_MS, false);
      if ((await other.next()).type === "admitted") holdersAtOnce++;
    }
    const active = await control.zcard(keys.active);
    const admittedAsleep = await control.zcount(keys.active, expiryOfFirst, expiryOfFirst);
    return {
      lock,
      round,
      instances: plan.instances,
      capacity: BATCH,
      active,
      exceeded: Math.max(0, active - BATCH),
      admittedAsleep,
      freedForeign,
      holdersAtOnce: isExclusive ? holdersAtOnce : null,
    };
  } finally {
    await Promise.all(holders.map((holder) => holder.close()));
    await bed.clear(keys.concertId, WAITING).catch(() => {});
  }
}

/** Tries until the first one's time is over. */
async function acquire(bed: AdmitBed, holder: Holder, tryOnce: () => void): Promise<void> {
  for (let retry = 0; retry < MOST_RETRIES; retry++) {
    throwIfAborted(bed.signal);
    tryOnce();
    const { type } = await holder.next();
    if (type === "admitted") return;
    await sleep(RETRY_MS);
  }
  throw environmentError("a lock whose time was over could not be taken: is the server's clock standing still?");
}

async function expectMessage(holder: Holder, type: string): Promise<void> {
  const message = await holder.next();
  if (message.type !== type) throw new Error(`a scheduler's thread said ${message.type} where ${type} was due`);
}
