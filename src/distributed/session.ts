import { once } from "node:events";
import type { Redis } from "ioredis";
import * as z from "zod";
import { EXIT, environmentError, QbenchError, usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import type { Generators } from "../engine/generators.js";
import { Instances } from "../engine/instances.js";
import { addLuaFiles } from "../strategies/index.js";
import type { LuaFile } from "../strategies/lua-file.js";
import { connectControl } from "../targets/control.js";
import { removeRunKeys } from "../targets/keys.js";
import { runIdAt } from "../targets/run-id.js";
import { toKnownOnly } from "../targets/successors.js";
import { addressOf } from "../targets/url.js";
import { AgentTrial } from "./agent-trial.js";
import { BUILD } from "./build.js";
import { factsOf } from "./facts.js";
import { Heartbeat } from "./heartbeat.js";
import { keysOf, type RunKeys, takenField } from "./keys.js";
import { inbox, Outbox } from "./mail.js";
import { type FromAgent, type Open, type Order, type ToAgent, toAgentSchema } from "./messages.js";
import { type Permissions, refuseForbidden } from "./permissions.js";

/**
 * An agent's part in one run, from its place in it to the end:
 *
 *   ready → open → opened → (prepare → prepared → start → ended, results)… → close → closed
 *
 * Where the controller is not heard of any more, or has given the place to another, the agent stops by itself.
 */
export interface SessionOptions {
  /** The control Redis. */
  readonly endpoint: Endpoint;
  readonly order: Order;
  /** The job by which the place is held. */
  readonly job: string;
  readonly agent: string;
  readonly permissions: Permissions;
  /** What makes the load; a simulation puts another in its place. */
  readonly openThreads?: (open: Open) => Promise<Generators>;
}

/** How it ended: as the controller wished, not at all since the place was gone already, or why it stopped by itself. */
export type SessionEnd = "closed" | "stale" | { readonly stopped: string };

/** @throws QbenchError (environment) if the control Redis cannot be reached */
export async function runSession(options: SessionOptions, signal: AbortSignal): Promise<SessionEnd> {
  const reconnectForMs = options.order.patienceMs;
  const redis = await connectControl(options.endpoint, { reconnectForMs });
  const reader = await connectControl(options.endpoint, { reconnectForMs }).catch((error) => {
    redis.disconnect();
    throw error;
  });
  try {
    return await new Session(options, redis, reader).run(signal);
  } finally {
    reader.disconnect();
    redis.disconnect();
  }
}

const openThreadsHere = ({ threads, driver, luaFiles }: Open): Promise<Generators> =>
  Instances.open(threads, driver, luaFiles as LuaFile[]);

const RECONNECT_FOR_MS = 1000;

class Session {
  readonly #options: SessionOptions;
  readonly #keys: RunKeys;
  readonly #redis: Redis;
  readonly #reader: Redis;
  readonly #outbox: Outbox;
  readonly #heartbeat: Heartbeat;
  #opening: Promise<void> = Promise.resolve();
  #opened: { readonly order: Open; readonly threads: Generators } | undefined;
  /** The last one. */
  #trial: AgentTrial | undefined;
  #stopped: string | undefined;
  /** Aborted where it stops by itself. */
  readonly #stopping = new AbortController();
  /** Nobody wants results any more. */
  #isOver = false;

  constructor(options: SessionOptions, redis: Redis, reader: Redis) {
    const { order, job } = options;
    this.#options = options;
    this.#redis = redis;
    this.#reader = reader;
    this.#keys = keysOf(order.run);
    this.#outbox = new Outbox(redis, this.#keys.fromAgents, { job, place: order.place });
    this.#heartbeat = new Heartbeat({
      redis,
      keys: this.#keys,
      order,
      job,
      live: () => (this.#trial?.hasBegun ? this.#trial : undefined),
      onAlone: (why) => this.#stop(why),
    });
  }

  async run(signal: AbortSignal): Promise<SessionEnd> {
    const { order, job, agent } = this.#options;
    const { places } = this.#keys;
    if ((await this.#redis.hget(places, String(order.place))) !== job) return "stale";
    // The queue hands a job out again if an agent was too busy for too long to hold it.
    if ((await this.#redis.hsetnx(places, takenField(job), agent)) === 0) return "stale";
    const onSignal = (): void => {
      const message = `it was stopped there by ${signal.reason}`;
      this.#tell({ type: "failed", kind: "interrupted", exitCode: EXIT.interrupted, message }).catch(() => {});
      this.#stop(message);
    };
    signal.addEventListener("abort", onSignal);
    this.#heartbeat.begin();
    try {
      await this.#tell({ type: "ready", facts: await factsOf(agent, this.#redis), build: BUILD });
      if (signal.aborted) onSignal();
      // A command that waits for a server that is gone may wait for longer than its connection is tried again.
      await Promise.race([this.#readMail(), once(this.#stopping.signal, "abort")]);
    } catch (error) {
      // Disconnected on purpose, or for longer than anybody waits.
      this.#stop(`the control Redis went away: ${(error as Error).message}`);
    } finally {
      signal.removeEventListener("abort", onSignal);
      await this.#end();
    }
    if (this.#stopped !== undefined) return { stopped: this.#stopped };
    await this.#tell({ type: "closed" }).catch(() => {});
    return "closed";
  }

  async #readMail(): Promise<void> {
    let last = 0;
    for await (const raw of inbox(this.#reader, this.#keys.toAgent(this.#options.order.place))) {
      const read = toAgentSchema.safeParse(raw);
      if (!read.success) {
        const [first] = z.treeifyError(read.error).errors;
        await this.#fail(usageError(`a message is no load plan: ${first ?? read.error.issues[0]?.message}`));
        continue;
      }
      const { number, job, message } = read.data;
      // What was meant for whoever had the place before, or was sent twice.
      if (job !== this.#options.job || number <= last) continue;
      last = number;
      if (message.type === "close") {
        this.#isOver = true;
        return;
      }
      await this.#handle(message).catch((error: unknown) => this.#fail(error));
    }
  }

  async #handle(message: Exclude<ToAgent, { type: "close" }>): Promise<void> {
    switch (message.type) {
      case "open":
        this.#opening = this.#open(message);
        await this.#opening;
        return this.#tell({ type: "opened" });
      case "prepare":
        this.#prepare(message);
        return;
      case "start":
        if (message.trial === this.#trial?.number) this.#trial.begin(message.atUs);
        return;
      case "abort":
        if (message.trial === this.#trial?.number) this.#trial.abort();
    }
  }

  async #open(asked: Open): Promise<void> {
    const { permissions, openThreads = openThreadsHere } = this.#options;
    refuseForbidden(asked, permissions);
    const endpoints = asked.driver.endpoints.map(toKnownOnly);
    const order = { ...asked, driver: { ...asked.driver, endpoints } };
    for (const [i, endpoint] of endpoints.entries()) await refuseOther(endpoint, order.servers[i] ?? "");
    addLuaFiles(order.luaFiles as LuaFile[]);
    this.#opened = { order, threads: await openThreads(order) };
  }

  #prepare(order: Extract<ToAgent, { type: "prepare" }>): void {
    if (this.#opened === undefined) throw new Error("there is nothing open to run segments on");
    const trial = new AgentTrial(order, {
      redis: this.#redis,
      threads: this.#opened.threads,
      resultsKey: this.#keys.results(this.#options.order.place),
      tell: (message) => this.#tell(message),
      isOver: () => this.#isOver,
    });
    trial.ended.catch((error: unknown) => this.#fail(error)).catch(() => {});
    this.#trial = trial;
  }

  /** No entry starts any more, and nothing is read. */
  #stop(why: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = why;
    this.#isOver = true;
    this.#trial?.abort();
    this.#stopping.abort();
    this.#reader.disconnect();
  }

  async #end(): Promise<void> {
    this.#trial?.abort();
    // Its entries end within their timeouts.
    await this.#trial?.ended.catch(() => {});
    this.#heartbeat.end();
    // Threads that are just being opened would be nobody's.
    await this.#opening.catch(() => {});
    await this.#opened?.threads.close();
    if (this.#stopped === undefined) return;
    // A controller that goes on without this agent removes the keys itself, and may have others of the same run.
    const hasController = await this.#redis.exists(this.#keys.lease).catch(() => 0);
    if (hasController === 1) return;
    if (this.#trial?.isUnderLoad) await this.#cleanUp();
    await this.#forgetDeadRun().catch(() => {});
  }

  /** Nobody reads any more what lies in the control Redis. */
  async #forgetDeadRun(): Promise<void> {
    const { places, status, fromAgents, toAgent, results } = this.#keys;
    const { place } = this.#options.order;
    await this.#redis.unlink(places, status, fromAgents, toAgent(place), results(place));
  }

  /** Nobody else may be left who does it. Each node by itself: a cluster would name others, which are not permitted. */
  async #cleanUp(): Promise<void> {
    const { driver, runId } = this.#opened!.order;
    const { endpoints, connectTimeoutMs } = driver;
    const cleanUpAt = async (endpoint: Endpoint): Promise<void> => {
      const node = await connectControl(endpoint, { connectTimeoutMs, reconnectForMs: RECONNECT_FOR_MS });
      await removeRunKeys(node, runId).finally(() => node.disconnect());
    };
    // Replicas, and nodes that are gone, have no keys to be removed.
    await Promise.allSettled(endpoints.map(cleanUpAt));
  }

  #tell(message: FromAgent): Promise<void> {
    return this.#outbox.send(message);
  }

  /** The controller ends the run for it. */
  async #fail(error: unknown): Promise<void> {
    const { kind, exitCode, message, hint } =
      error instanceof QbenchError
        ? error
        : new QbenchError("bug", EXIT.bug, error instanceof Error ? (error.stack ?? error.message) : String(error));
    await this.#tell({ type: "failed", kind, exitCode, message, ...(hint === undefined ? {} : { hint }) });
  }
}

/** A name or a loopback address may mean another server from here. @throws QbenchError */
async function refuseOther(endpoint: Endpoint, expected: string): Promise<void> {
  if (expected === "" || (await runIdAt(endpoint)) === expected) return;
  throw environmentError(
    `${addressOf(endpoint)} is another server from there than from the controller`,
    "give --url an address that means the same server on every machine",
  );
}
