import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { AdmissionDesign } from "../admission/admission.js";
import { UNLIMITED } from "../admission/admission.js";
import type { AdmissionCall } from "../audit/admissions.js";
import { nowUs } from "../base/clock.js";
import type { Warning } from "../base/warning.js";
import { Histogram } from "../measure/histogram.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import type { Acted, Actor, ActorContext } from "./actor.js";

/** A scheduler that admits a batch of users of each concert at every tick, beside the entries of a trial. */
export interface AdmissionPlan {
  readonly design: AdmissionDesign;
  readonly runId: string;
  readonly everyMs: number;
  readonly batch: number;
  readonly ttlMs: number;
  /** Tokens may end within the trial: who was admitted is then read after each call, while it can be. */
  readonly isShortLived: boolean;
}

export interface AdmissionActed extends Acted {
  /** Calls of the design, those that moved nobody and those that failed included. */
  readonly calls: number;
  readonly failedCalls: number;
  /** Ticks that were due while an earlier one was still at work. */
  readonly skippedTicks: number;
  /** Users whom replies told of. */
  readonly users: number;
  /** As the scheduler sees it, from sending to the reply. */
  readonly callUs: Histogram;
  /** Calls that moved somebody, or may have; whom, the scores in the active set tell. */
  readonly log: readonly AdmissionCall[];
}

/** Calls that are kept one by one; further ones are only counted. */
const MOST_CALLS = 1_000_000;

export class AdmissionActor implements Actor<AdmissionActed> {
  readonly #redis: Redis;
  readonly #plan: AdmissionPlan;
  readonly #stopping = new AbortController();
  readonly #log: AdmissionCall[] = [];
  readonly #callUs = new Histogram();
  readonly #commands: Record<string, number> = {};
  #calls = 0;
  #failedCalls = 0;
  #firstFailure = "";
  #skippedTicks = 0;
  #users = 0;
  #lastExpiryMs = 0;
  #running: Promise<void> = Promise.resolve();

  /** `redis`: a connection of its own, which resends nothing; the actor closes it. */
  constructor(redis: Redis, plan: AdmissionPlan) {
    this.#redis = redis;
    this.#plan = plan;
  }

  start(context: ActorContext): void {
    this.#running = this.#run(context);
  }

  async stop(): Promise<AdmissionActed> {
    this.#stopping.abort();
    await this.#running;
    return {
      calls: this.#calls,
      failedCalls: this.#failedCalls,
      skippedTicks: this.#skippedTicks,
      users: this.#users,
      callUs: this.#callUs,
      log: this.#log,
      commands: this.#commands,
      warnings: this.#warnings(),
    };
  }

  close(): void {
    this.#stopping.abort();
    this.#redis.disconnect();
  }

  /** The first tick comes after half an interval, so that a trial has as many as its duration holds intervals. */
  async #run(context: ActorContext): Promise<void> {
    const everyUs = this.#plan.everyMs * 1000;
    const { signal } = this.#stopping;
    for (let tick = 0; !signal.aborted; ) {
      const dueUs = context.originUs + (tick + 0.5) * everyUs;
      await sleep(Math.max(0, dueUs - nowUs()) / 1000, undefined, { signal }).catch(() => {});
      for (const concert of context.concerts()) {
        if (signal.aborted) return;
        await this.#admit(concert, context.originUs);
      }
      // Ticks that went by meanwhile are not made up for.
      const next = Math.max(tick + 1, Math.ceil((nowUs() - context.originUs) / everyUs - 0.5));
      this.#skippedTicks += next - tick - 1;
      tick = next;
    }
  }

  async #admit(concert: number, originUs: number): Promise<void> {
    const { design, runId, batch, ttlMs, everyMs, isShortLived } = this.#plan;
    const keys = concertKeys(concertIdOf(runId, concert));
    // An expiry of its own for each call: so the active set tells whom it took.
    const expiresAtMs = Math.max(Date.now() + ttlMs, this.#lastExpiryMs + 1);
    this.#lastExpiryMs = expiresAtMs;
    this.#calls++;
    const startUs = nowUs();
    const done = (what: Pick<AdmissionCall, "count" | "isInDoubt" | "most" | "users">): void => {
      if (this.#log.length >= MOST_CALLS) return;
      const times = { sentUs: startUs - originUs, repliedUs: nowUs() - originUs };
      this.#log.push({ concert, ...times, expiresAtMs, tokenTtlMs: isShortLived ? ttlMs : null, ...what });
    };
    try {
      const { users, commands } = await design.admit(this.#redis, {
        ...UNLIMITED,
        keys,
        count: batch,
        expiresAtMs,
        ttlSeconds: Math.ceil(ttlMs / 1000),
        ratePerSec: (batch * 1000) / everyMs,
      });
      this.#callUs.record(nowUs() - startUs);
      this.#users += users;
      for (const [name, calls] of Object.entries(commands)) this.#count(name, calls);
      if (users === 0) return;
      const whom = isShortLived ? { users: await this.#whom(keys.active, expiresAtMs) } : {};
      done({ count: users, isInDoubt: false, ...whom });
    } catch (error) {
      this.#failedCalls++;
      done({ count: 0, isInDoubt: true, most: batch });
      this.#firstFailure ||= (error as Error).message;
    }
  }

  async #whom(active: string, expiresAtMs: number): Promise<Uint32Array> {
    this.#count("zrangebyscore", 1);
    return Uint32Array.from(await this.#redis.zrangebyscore(active, expiresAtMs, expiresAtMs), Number);
  }

  #count(name: string, calls: number): void {
    this.#commands[name] = (this.#commands[name] ?? 0) + calls;
  }

  #warnings(): Warning[] {
    if (this.#failedCalls === 0) return [];
    const message = `${this.#failedCalls} of ${this.#calls} calls of the admission failed (the first: ${this.#firstFailure})`;
    return [{ code: "admission-failed", message }];
  }
}
