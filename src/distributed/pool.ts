import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { environmentError, QbenchError, throwIfAborted, usageError } from "../base/errors.js";
import { formatDuration } from "../base/units.js";
import type { Endpoint } from "../drivers/driver.js";
import type { AgentFacts } from "../report/agents.js";
import { TOOL } from "../report/tool.js";
import { connectControl } from "../targets/control.js";
import { translateRedisError } from "../targets/redis-errors.js";
import { addressOf } from "../targets/url.js";
import type { SegmentResult } from "../worker/segment.js";
import { BUILD } from "./build.js";
import { measureOffset, type Offset } from "./clock.js";
import { unpack } from "./codec.js";
import { KEY_TTL_MS, keysOf, QUEUE, type RunKeys, takenField } from "./keys.js";
import { type Lease, takeLease } from "./lease.js";
import { inbox, Outbox } from "./mail.js";
import {
  fromAgentSchema,
  type Order,
  PROTOCOL,
  SAME_VERSION,
  type Status,
  statusSchema,
  type ToAgent,
} from "./messages.js";
import { Place } from "./place.js";
import { QUEUE_OPTIONS } from "./queue.js";
import { receiveResults } from "./results.js";

export interface PoolOptions {
  /** The control Redis. */
  readonly endpoint: Endpoint;
  readonly agents: number;
  /** How long an agent may be silent before it is lost, and the controller before agents stop. */
  readonly patienceMs: number;
  /** How long a place is offered. */
  readonly waitMs: number;
  /** Told what is waited for, in a line. */
  readonly say: (line: string) => void;
}

interface Connections {
  readonly control: Redis;
  /** For waiting in a command. */
  readonly reader: Redis;
  readonly queue: Queue;
  readonly lease: Lease;
}

const WATCH_MS = 250;
const LOOK_MS = 50;
/** Agents that wait already need less, and who is missing is told now and then. */
const SAY_FIRST_AFTER_MS = 2000;
const SAY_EVERY_MS = 10_000;
/** Agents end their threads within that; those that do not find out by themselves. */
const CLOSING_MS = 5000;
/** A control Redis that was lost, and answers all the same, does so at once. */
const GONE_MS = 1000;

/** The agents of one run, as its controller sees them: places that are offered, taken, watched and given back. */
export class AgentPool {
  readonly options: PoolOptions;
  readonly signal: AbortSignal;
  readonly #run: string;
  readonly #keys: RunKeys;
  readonly #by: Connections;
  readonly #places: Place[] = [];
  /** Given away again, after a part in a trial. */
  readonly #former: Place[] = [];
  readonly #outboxes: Outbox[] = [];
  readonly #jobs: string[] = [];
  /** What made the whole pool useless. */
  #failure: QbenchError | undefined;
  #isClosing = false;

  private constructor(options: PoolOptions, run: string, by: Connections, signal: AbortSignal) {
    this.options = options;
    this.signal = signal;
    this.#run = run;
    this.#keys = keysOf(run);
    this.#by = by;
  }

  /**
   * Offers the places; `filled` waits for agents to take them.
   * @throws QbenchError (environment) if the control Redis cannot be reached
   */
  static async open(options: PoolOptions, signal: AbortSignal): Promise<AgentPool> {
    const { endpoint, patienceMs } = options;
    const control = await connectControl(endpoint, { reconnectForMs: patienceMs });
    const reader = await connectControl(endpoint, { reconnectForMs: patienceMs }).catch((error: unknown) => {
      control.disconnect();
      throw error;
    });
    const queue = new Queue(QUEUE, QUEUE_OPTIONS(endpoint));
    queue.on("error", () => {});
    try {
      const run = randomBytes(4).toString("hex");
      const lease = await takeLease(control, endpoint, keysOf(run).lease, patienceMs);
      const pool = new AgentPool(options, run, { control, reader, queue, lease }, signal);
      // Somebody may have left it paused, and no agent would ever take a place.
      await queue.resume();
      await pool.#offer([...Array(options.agents).keys()]);
      pool.#read().catch((error: unknown) => pool.#fail(error));
      pool.#watch().catch((error: unknown) => pool.#fail(error));
      return pool;
    } catch (error) {
      reader.disconnect();
      control.disconnect();
      await atMost(
        GONE_MS,
        queue.close().catch(() => {}),
      );
      throw translateRedisError(error, endpoint);
    }
  }

  get control(): Redis {
    return this.#by.control;
  }

  get places(): readonly Place[] {
    return this.#places;
  }

  /** In the order of their places; behind them those whose places others have now, if they had a part in a trial. */
  get agents(): readonly AgentFacts[] {
    return [...this.#places, ...this.#former].flatMap(({ facts }) => facts ?? []);
  }

  /** Puts places, new or of agents that were lost, where any agent that waits can take them. */
  async #offer(numbers: readonly number[]): Promise<void> {
    const { patienceMs } = this.options;
    const offers = numbers.map((number) => {
      const job = `${this.#run}-${number}-${this.#jobs.length}`;
      this.#jobs.push(job);
      const before = this.#places[number];
      if (before?.hasRun) this.#former.push(before);
      this.#places[number] = new Place(number, job, this.#places);
      this.#outboxes[number] = new Outbox(this.control, this.#keys.toAgent(number), { job });
      const order: Order = { protocol: PROTOCOL, run: this.#run, place: number, patienceMs };
      const opts = { jobId: job, attempts: 1, removeOnComplete: true, removeOnFail: true };
      return { name: "place", data: order, opts };
    });
    const jobs = offers.map(({ data, opts }) => [data.place, opts.jobId] as const);
    await this.control.hset(this.#keys.places, new Map(jobs));
    await this.control.pexpire(this.#keys.places, KEY_TTL_MS);
    // In one write: were the places of two runs mixed, agents that are enough for one might be shared by both.
    await this.#by.queue.addBulk(offers);
  }

  /**
   * Waits until every place has an agent that is fit for it, and offers those anew whose agents are lost.
   * @returns the places that were taken since the last time
   * @throws QbenchError environment: too few came in time; usage: one is of another version
   */
  async filled(known: ReadonlySet<Place> = new Set()): Promise<Place[]> {
    const { agents, waitMs, say } = this.options;
    const sinceMs = performance.now();
    let sayAtMs = sinceMs + SAY_FIRST_AFTER_MS;
    let offered = "";
    for (;;) {
      throwIfAborted(this.signal);
      if (this.#failure !== undefined) throw this.#failure;
      for (const { number, name, lost, hasRun } of this.#places) {
        if (lost === undefined) continue;
        // What one refuses, others would refuse too.
        if (lost.isRefusal) throw lost;
        // Why it went away in a trial, the trial says.
        offered = hasRun ? `nobody took the place of agent ${name}; ` : `${lost.message}; `;
        say(`${lost.message}; its place is offered to another`);
        await this.#offer([number]);
      }
      const missing = this.#places.filter(({ facts }) => facts === undefined).length;
      if (missing === 0) return this.#fit(known);
      const there = `${agents - missing} of ${agents} agents`;
      if (performance.now() - sinceMs > waitMs) {
        throw environmentError(
          `${offered}${there} came within ${formatDuration(waitMs)}`,
          `start more: qbench agent --control redis://${addressOf(this.options.endpoint)}; --agent-wait waits longer`,
        );
      }
      if (performance.now() > sayAtMs) {
        say(`${there} are there; waiting for ${missing} more`);
        sayAtMs += SAY_EVERY_MS;
      }
      await sleep(LOOK_MS);
    }
  }

  #fit(known: ReadonlySet<Place>): Place[] {
    for (const { facts, build, name } of this.#places) {
      if (facts?.qbench !== TOOL.version) {
        throw usageError(
          `agent ${name} is of qbench ${facts?.qbench}, the controller of ${TOOL.version}: their figures do not add up`,
          SAME_VERSION,
        );
      }
      if (build === BUILD) continue;
      throw usageError(
        `agent ${name} is another build of qbench ${TOOL.version} than the controller, or has other scripts in lua/: ` +
          "their figures do not add up",
        "have the same commit everywhere, without changes, and build it there: npm run build",
      );
    }
    return this.#places.filter((place) => !known.has(place));
  }

  /** @throws QbenchError if the control Redis is gone */
  async send(place: Place, message: ToAgent): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#outboxes[place.number]!.send(message).catch((error: unknown) => {
      throw this.#asFailure(error);
    });
  }

  /** Sends a message, and waits for the answer of that type. @throws AgentLost, or QbenchError */
  async ask<T extends "opened" | "prepared" | "closed">(place: Place, message: ToAgent, type: T): Promise<void> {
    const answer = place.next(type);
    await this.send(place, message);
    await answer;
  }

  /** How this process' clock compares with the control Redis'. @throws QbenchError */
  offset(): Promise<Offset> {
    return measureOffset(this.control).catch((error: unknown) => {
      throw this.#asFailure(error);
    });
  }

  /** @throws AgentLost, or QbenchError if the control Redis is gone */
  async results(place: Place, trial: number, instances: readonly number[]): Promise<SegmentResult[]> {
    const key = this.#keys.results(place.number);
    const check = (): void => {
      if (this.#failure !== undefined) throw this.#failure;
      if (place.lost !== undefined) throw place.lost;
    };
    try {
      return await receiveResults(this.control, key, trial, instances, check);
    } catch (error) {
      if (error instanceof QbenchError) throw error;
      if (this.#failure !== undefined) throw this.#failure;
      place.lose(`its results cannot be read: ${(error as Error).message}`);
      throw place.lost;
    }
  }

  /** What made every agent unreachable, if anything did. */
  get failure(): QbenchError | undefined {
    return this.#failure;
  }

  async #read(): Promise<void> {
    for await (const raw of inbox(this.#by.reader, this.#keys.fromAgents)) {
      const read = fromAgentSchema.safeParse(raw);
      const job = (raw as { job?: unknown } | null)?.job;
      const place = this.#places.find((one) => one.job === job);
      if (read.success) place?.hear(read.data.number, read.data.message);
      else place?.lose(`it said what this version does not understand: ${read.error.issues[0]?.message}`);
    }
  }

  /** Until the pool is closed. */
  async #watch(): Promise<void> {
    while (!this.#isClosing && this.#failure === undefined) {
      const [statuses, places] = await Promise.all([
        this.control.hgetallBuffer(this.#keys.status),
        this.control.hgetall(this.#keys.places),
        // As long as no agent is there, nobody else does.
        this.control.pexpire(this.#keys.places, KEY_TTL_MS),
      ]);
      if (this.#isClosing) return;
      if (Object.keys(places).length === 0) {
        throw environmentError(
          `the control Redis at ${addressOf(this.options.endpoint)} has forgotten this run: it was restarted, or emptied`,
          "agents stop by themselves; start the run again once it is back",
        );
      }
      for (const place of this.#places) {
        const agent = places[takenField(place.job)];
        if (agent !== undefined) place.take(agent);
        place.see(statusIn(statuses[place.job]));
        if (place.silentMs > this.options.patienceMs) {
          place.lose(`nothing was heard of it for ${formatDuration(this.options.patienceMs)}`);
        }
      }
      await sleep(WATCH_MS);
    }
  }

  #asFailure(error: unknown): QbenchError {
    const { message, hint } = translateRedisError(error, this.options.endpoint);
    this.#fail(error instanceof QbenchError ? error : environmentError(`the control Redis was lost: ${message}`, hint));
    return this.#failure!;
  }

  #fail(error: unknown): void {
    if (this.#isClosing || this.#failure !== undefined) return;
    if (!(error instanceof QbenchError)) return void this.#asFailure(error);
    this.#failure = error;
    for (const place of this.#places) place.lose(error.message);
  }

  /** Gives every place back and leaves nothing in the control Redis. May be called again. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    const taken = this.#places.filter(({ facts, lost }) => facts !== undefined && lost === undefined);
    const closed = taken.map((place) => this.ask(place, { type: "close" }, "closed").catch(() => {}));
    await atMost(CLOSING_MS, Promise.all(closed));
    this.#isClosing = true;
    this.#by.reader.disconnect();
    // BullMQ's connection waits for a control Redis that is gone for as long as it is gone.
    await atMost(this.#failure === undefined ? CLOSING_MS : GONE_MS, this.#leaveNothing());
    this.control.disconnect();
  }

  async #leaveNothing(): Promise<void> {
    const { control, queue, lease } = this.#by;
    const numbers = this.#places.map(({ number }) => number);
    const keys = [
      this.#keys.places,
      this.#keys.status,
      this.#keys.fromAgents,
      ...numbers.flatMap((number) => [this.#keys.toAgent(number), this.#keys.results(number)]),
    ];
    // Those that nobody has taken.
    await Promise.all(this.#jobs.map((job) => queue.remove(job).catch(() => 0)));
    await control.unlink(...keys).catch(() => 0);
    await lease.end();
    await queue.close().catch(() => {});
  }
}

/** Resolves with `work`, or without it once it has taken too long. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const abort = new AbortController();
  const tooLong = sleep(ms, undefined, { signal: abort.signal }).catch(() => {});
  await Promise.race([work, tooLong]);
  abort.abort();
}

function statusIn(bytes: Buffer | undefined): Status | undefined {
  if (bytes === undefined) return undefined;
  const read = statusSchema.safeParse(unpack(bytes));
  return read.success ? read.data : undefined;
}
