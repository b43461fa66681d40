import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Endpoint } from "../drivers/driver.js";
import type { Generators } from "../engine/generators.js";
import { until } from "../engine/testing/program.js";
import { Histogram } from "../measure/histogram.js";
import { openTestCluster } from "../targets/testing/cluster.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { unpack } from "./codec.js";
import { keysOf } from "./keys.js";
import { Outbox } from "./mail.js";
import { type Open, type Order, PROTOCOL, type Status, type ToAgent } from "./messages.js";
import { runSession, type SessionEnd } from "./session.js";
import { SEGMENT } from "./testing.js";

/** An agent's part in a run whose controller is the test: what it says, and what it leaves. */
const RUN = "0123456789abcdef";
const JOB = "job";
const keys = keysOf(RUN);
const order: Order = { protocol: PROTOCOL, run: RUN, place: 0, patienceMs: 5000 };

let control: TestRedis;
beforeAll(async () => {
  control = await startTestRedis();
});
afterAll(() => control.stop());
beforeEach(async () => {
  await control.redis.flushall();
  await control.redis.hset(keys.places, order.place, JOB);
  await control.redis.set(keys.lease, 1);
});

/** Threads that load nothing: they count what a test says, and are at it until they are told to end. */
class Puppet implements Generators {
  readonly agents = null;
  readonly pacingCpuMs = null;
  succeeded = 0;
  isRunning = false;
  isClosed = false;
  #end = (): void => {};

  async run(...[, whenReady, whenOpen]: Parameters<Generators["run"]>): Promise<[]> {
    this.succeeded = 0;
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    await whenReady();
    this.isRunning = true;
    whenOpen?.([{ arrivedUs: 0, passedUs: 0 }]);
    await ended;
    return [];
  }

  progress() {
    return { succeeded: this.succeeded, failed: 0, inProgress: 0, heapUsedBytes: 0, arrayBuffersBytes: 0 };
  }

  latencies(): Histogram {
    return new Histogram();
  }

  eventLoops(): [] {
    return [];
  }

  abort(): void {
    this.#end();
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const openAt = (endpoint: Endpoint, change: Partial<Open["driver"]> = {}): Open => ({
  type: "open",
  threads: { instances: 1, client: "wire", ratePerSec: null, rtt: null },
  driver: { endpoints: [endpoint], pool: 1, writes: "coalesced", scripts: [], connectTimeoutMs: 1000, ...change },
  luaFiles: [],
  servers: [""],
  runId: "mine",
});
const prepare = (trial: number): ToAgent => ({ type: "prepare", trial, segments: [SEGMENT], tellsGenerations: false });

/** An agent that has this place, and the controller's word to it. */
function begin(
  openThreads: (open: Open) => Promise<Generators>,
  signal: AbortSignal = new AbortController().signal,
): { ended: Promise<SessionEnd>; tell(message: ToAgent): Promise<void> } {
  const { endpoint } = control.server;
  const permissions = { targets: [], strategyFiles: false };
  const outbox = new Outbox(control.redis, keys.toAgent(order.place), { job: JOB });
  return {
    ended: runSession({ endpoint, order, job: JOB, agent: "a", permissions, openThreads }, signal),
    tell: (message) => outbox.send(message),
  };
}

/** Resolves once the agent has said so. */
const says = (type: string, trial?: number): Promise<void> =>
  until(async () =>
    (await control.redis.xrangeBuffer(keys.fromAgents, "-", "+")).some(([, fields]) => {
      const { message } = unpack(fields[1]!) as { message: { type: string; trial?: number } };
      return message.type === type && message.trial === trial;
    }),
  );

/** What the agent tells of its threads from now on. */
async function live(): Promise<Status["live"]> {
  const told = async (): Promise<Status | undefined> => {
    const bytes = await control.redis.hgetBuffer(keys.status, JOB);
    return bytes === null ? undefined : (unpack(bytes) as Status);
  };
  const before = (await told())?.beat ?? 0;
  // One may have been on its way.
  await until(async () => ((await told())?.beat ?? 0) > before + 1);
  return (await told())!.live;
}

it("ends the threads that it was just opening when it was stopped", async () => {
  const puppet = new Puppet();
  const stop = new AbortController();
  let opened = (): void => {};
  const { ended, tell } = begin(
    () =>
      new Promise((resolve) => {
        opened = () => resolve(puppet);
        stop.abort("SIGINT");
        setTimeout(opened, 200);
      }),
    stop.signal,
  );
  await tell(openAt(control.server.endpoint));
  expect(await ended).toEqual({ stopped: "it was stopped there by SIGINT" });
  expect(puppet.isClosed).toBe(true);
});

it("tells what a trial has counted from its beginning until the next one is prepared, and nothing of another", async () => {
  const puppet = new Puppet();
  const { ended, tell } = begin(async () => puppet);
  await tell(openAt(control.server.endpoint));
  await tell(prepare(1));
  await says("prepared", 1);
  await tell({ type: "start", trial: 1, atUs: 1 });
  await until(() => puppet.isRunning);
  puppet.succeeded = 7;
  await tell({ type: "abort", trial: 1 });
  await says("ended", 1);
  expect(await live()).toMatchObject({ trial: 1, sums: { succeeded: 7 } });
  await tell(prepare(2));
  await says("prepared", 2);
  expect(await live()).toBeNull();
  await tell({ type: "close" });
  expect(await ended).toBe("closed");
  expect(puppet.isClosed).toBe(true);
});

it("left alone under load, removes the run's keys from the servers that it was sent to, and goes to no others", async () => {
  const cluster = await openTestCluster({ primaries: 2, replicasEach: 0 }, "test");
  try {
    const [mine, other] = cluster.endpoints as [Endpoint, Endpoint];
    for (let concert = 0; concert < 20; concert++) {
      for (const kind of ["wait", "active"]) await cluster.control.set(`queue:${kind}:{qbench:mine:${concert}}`, 1);
      await cluster.control.set(`queue:wait:{qbench:foreign:${concert}}`, 1);
    }
    const keysAt = async (endpoint: Endpoint, run: string): Promise<number> => {
      const nodes = (cluster.control as unknown as { nodes(role: "master"): Redis[] }).nodes("master");
      const node = nodes.find(({ options }) => options.port === endpoint.port)!;
      return (await node.keys(`*{qbench:${run}:*`)).length;
    };
    const [foreign, elsewhere] = [await keysAt(mine, "foreign"), await keysAt(other, "mine")];
    expect(Math.min(foreign, elsewhere, await keysAt(mine, "mine"))).toBeGreaterThan(0);

    const puppet = new Puppet();
    const { ended, tell } = begin(async () => puppet);
    await tell(openAt(mine, { slots: [{ first: 0, last: 16_383, node: 0 }] }));
    await tell(prepare(1));
    await says("prepared", 1);
    await tell({ type: "start", trial: 1, atUs: 1 });
    await until(() => puppet.isRunning);
    await control.redis.unlink(keys.lease);
    expect(await ended).toEqual({ stopped: "the controller is gone" });
    expect(await keysAt(mine, "mine")).toBe(0);
    expect(await keysAt(mine, "foreign")).toBe(foreign);
    expect(await keysAt(other, "mine")).toBe(elsewhere);
    expect(await control.redis.keys("*")).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
