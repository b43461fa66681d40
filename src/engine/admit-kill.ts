import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Redis } from "ioredis";
import type { SchedulerOrder } from "../admission/scheduler-process.js";
import { environmentError } from "../base/errors.js";
import { deriveSeed, prng } from "../base/prng.js";
import { type ConcertKeys, concertKeys, userIdOf } from "../queue/keys.js";
import { type AdmitBed, usesTokenKeys } from "./admit.js";
import type { AdmitPlan } from "./admit-plan.js";

/** What is left of an admission whose scheduler, a process of its own, was killed in the middle; counted from the data. */
export interface KillResult {
  readonly design: string;
  readonly round: number;
  /** How long it had been admitting. */
  readonly afterMs: number;
  readonly batch: number;
  /** Users who are waiting no longer. */
  readonly popped: number;
  /** Of these, those who are neither in the active set nor hold a token: nobody will ever call them. */
  readonly lost: number;
  /** Of these, those who are in the active set without a token, or the other way round. */
  readonly halfAdmitted: number;
}

const WAITING = 20_000;
const BATCH = 1000;
const TTL_MS = 600_000;
/** It is killed at a moment drawn from these, counted from when it began. */
const EARLIEST_MS = 2;
const LATEST_MS = 25;
const START_TIMEOUT_MS = 20_000;
const GONE_POLLS = 500;
const GONE_POLL_MS = 10;
const CHUNK = 1000;
const SCHEDULER = fileURLToPath(new URL("../admission/scheduler-process.js", import.meta.url));

export async function killScheduler(
  plan: AdmitPlan,
  { design, round, kill }: { readonly design: string; readonly round: number; readonly kill: number },
  bed: AdmitBed,
): Promise<KillResult> {
  const { control, endpoints } = bed.target;
  const concertId = await bed.fill(WAITING);
  const connectionName = `qbench-scheduler-${concertId.replaceAll(":", "-")}`;
  const order = { endpoint: endpoints[0]!, connectionName, design, concertId, batch: BATCH, ttlMs: TTL_MS };
  const afterMs =
    EARLIEST_MS + prng(deriveSeed(plan.seed, "kill", round, kill, design)).next() * (LATEST_MS - EARLIEST_MS);
  const child = fork(SCHEDULER, { stdio: ["ignore", "ignore", "ignore", "ipc"], serialization: "advanced" });
  try {
    await admitting(child, order);
    await sleep(afterMs);
  } finally {
    // A real end, not a polite one: nothing of its own can run any more.
    child.kill("SIGKILL");
  }
  await gone(control, connectionName);
  const keys = concertKeys(concertId);
  const counts = await countFrom(control, keys, usesTokenKeys(design));
  await bed.clear(concertId, counts.popped);
  return { design, round, afterMs, batch: BATCH, ...counts };
}

/** Resolves once it admits. @throws QbenchError (environment) if it cannot. */
async function admitting(child: ChildProcess, order: SchedulerOrder): Promise<void> {
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const said = once(child, "message", { signal }).then(([message]) => String(message));
  const ended = once(child, "exit", { signal }).then(() => "it ended");
  said.catch(() => {});
  ended.catch(() => {});
  child.send(order);
  const first = await Promise.race([said, ended]).catch(() => `it said nothing for ${START_TIMEOUT_MS} ms`);
  if (first !== "admitting") throw environmentError(`a scheduler's process could not begin: ${first}`);
}

/** Until the server has carried out what the process had sent, and noticed that it is gone. */
async function gone(control: Redis, connectionName: string): Promise<void> {
  for (let poll = 0; poll < GONE_POLLS; poll++) {
    const clients = (await control.client("LIST")) as string;
    if (!clients.includes(`name=${connectionName} `)) return;
    await sleep(GONE_POLL_MS);
  }
}

async function countFrom(
  control: Redis,
  keys: ConcertKeys,
  hasTokenKeys: boolean,
): Promise<Pick<KillResult, "popped" | "lost" | "halfAdmitted">> {
  const popped = WAITING - (await control.zcard(keys.waiting));
  let lost = 0;
  let halfAdmitted = 0;
  for (let from = 0; from < popped; from += CHUNK) {
    const ids = Array.from({ length: Math.min(CHUNK, popped - from) }, (_, i) => userIdOf(from + i));
    const scores = await control.zmscore(keys.active, ...ids);
    const isActive = scores.map((score) => score !== null);
    const tokens = hasTokenKeys
      ? ((await control.pipeline(ids.map((id) => ["ttl", keys.tokenPrefix + id])).exec()) ?? []).map(
          // Without an end it is no token, but a leak.
          ([, ttl]) => (ttl as number) > 0,
        )
      : isActive;
    ids.forEach((_, i) => {
      if (!isActive[i] && !tokens[i]) lost++;
      else if (isActive[i] !== tokens[i]) halfAdmitted++;
    });
  }
  return { popped, lost, halfAdmitted };
}
