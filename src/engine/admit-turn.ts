import { UNLIMITED } from "../admission/admission.js";
import { designNamed } from "../admission/index.js";
import { nowUs } from "../base/clock.js";
import { Histogram } from "../measure/histogram.js";
import { concertKeys } from "../queue/keys.js";
import { commandsBetween, mainThreadCpuUs, takeSnapshot } from "../targets/server-snapshot.js";
import { type AdmitBed, mustAgree } from "./admit.js";
import type { AdmitPlan, AdmitTurn } from "./admit-plan.js";

export interface AdmitTurnResult extends AdmitTurn {
  readonly calls: number;
  readonly users: number;
  readonly wallMs: number;
  readonly usersPerSec: number;
  /** CPU of the server's main thread, the probe's and the connections' share included; null where it does not tell. */
  readonly serverUsPerUser: number | null;
  /** Time that the server counted for the design's own commands; a script's inner ones are within it. */
  readonly commandUsPerUser: number;
  /** Of one call, as its scheduler sees it. */
  readonly callUs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** How long a bystander's PING took, from when it was planned. */
  readonly stallUs: { readonly pings: number; readonly p50: number; readonly p99: number; readonly max: number };
  /** How late the bystander itself was at most: this much of a stall may be the machine's. */
  readonly probeLateUs: { readonly p99: number; readonly max: number };
}

/** Tokens outlive a turn. */
const TTL_S = 600;

/** Admits batch after batch, as fast as it goes, while a probe looks on. */
export async function takeAdmitTurn(plan: AdmitPlan, turn: AdmitTurn, bed: AdmitBed): Promise<AdmitTurnResult> {
  const { target, scheduler, probe, signal } = bed;
  const design = designNamed(turn.design);
  const keys = concertKeys(await bed.fill(plan.waiting));
  const callUs = new Histogram();
  const sent = new Set<string>();
  let users = 0;
  let calls = 0;
  probe.start();
  const before = await takeSnapshot(target.control);
  const startUs = nowUs();
  const endUs = startUs + plan.durationMs * 1000;
  for (let now = startUs; now < endUs && plan.waiting - users >= turn.batch && !signal.aborted; ) {
    const expiresAtMs = Date.now() + TTL_S * 1000 + calls;
    const order = { keys, count: turn.batch, expiresAtMs, ttlSeconds: TTL_S, ...UNLIMITED };
    const admitted = await design.admit(scheduler, order);
    const after = nowUs();
    callUs.record(after - now);
    users += admitted.users;
    for (const name of Object.keys(admitted.commands)) sent.add(name);
    calls++;
    now = after;
  }
  const wallUs = nowUs() - startUs;
  const after = await takeSnapshot(target.control);
  const { pings, answerUs, lateUs } = await probe.stop();
  mustAgree(turn.design, users, await target.control.zcard(keys.active));
  await bed.clear(keys.concertId, design.token === "member" ? 0 : users);

  const commands = commandsBetween(before, after);
  // What a script does inside is in its own time already.
  const own = design.script === undefined ? [...sent] : ["eval"];
  const commandUs = own.reduce(
    (sum, name) => sum + (commands[name]?.calls ?? 0) * (commands[name]?.usecPerCall ?? 0),
    0,
  );
  const serverUs = mainThreadCpuUs(before, after);
  const at = (histogram: Histogram, share: number): number =>
    Math.min(histogram.maxUs, histogram.quantileUs(share) ?? 0);
  return {
    ...turn,
    calls,
    users,
    wallMs: wallUs / 1000,
    usersPerSec: users / (wallUs / 1e6),
    serverUsPerUser: serverUs === null ? null : serverUs / users,
    commandUsPerUser: commandUs / users,
    callUs: { p50: at(callUs, 0.5), p99: at(callUs, 0.99), max: callUs.maxUs },
    stallUs: { pings, p50: at(answerUs, 0.5), p99: at(answerUs, 0.99), max: answerUs.maxUs },
    probeLateUs: { p99: at(lateUs, 0.99), max: lateUs.maxUs },
  };
}
