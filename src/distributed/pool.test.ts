import { randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DriverOptions } from "../drivers/driver.js";
import type { Place } from "../engine/bench.js";
import { until } from "../engine/testing/program.js";
import type { Scenario } from "../scenario/scenario.js";
import { restartEmbedded } from "../targets/embedded.js";
import { startTestRedis, type TestRedis, withRedis } from "../targets/testing.js";
import type { AgentOptions } from "./agent.js";
import { buildOf } from "./build.js";
import { isSameServer } from "./controller.js";
import { keysOf, PREFIX, QUEUE } from "./keys.js";
import { Outbox } from "./mail.js";
import type { AgentPool, PoolOptions } from "./pool.js";
import { QUEUE_OPTIONS, removeIdleQueue } from "./queue.js";

/** Controller and agents in this process, as they are built: a thread of their own keeps the lease. */
const built = <T>(module: string): Promise<T> =>
  import(new URL(`../../dist/distributed/${module}.js`, import.meta.url).href);

let test: TestRedis;
let pools: typeof import("./pool.js").AgentPool;
let runAgent: typeof import("./agent.js").runAgent;
let agentsOf: typeof import("./controller.js").agentsOf;
const open: AgentPool[] = [];
const agents: { readonly leave: AbortController; readonly ended: Promise<void> }[] = [];

beforeAll(async () => {
  test = await startTestRedis();
  ({ AgentPool: pools } = await built<typeof import("./pool.js")>("pool"));
  ({ runAgent } = await built<typeof import("./agent.js")>("agent"));
  ({ agentsOf } = await built<typeof import("./controller.js")>("controller"));
});
afterAll(() => test.stop());
beforeEach(() => test.redis.flushall());
afterEach(async () => {
  await Promise.all(open.splice(0).map((pool) => pool.close()));
  await leaveAll();
});

const optionsFor = (count: number, more: Partial<PoolOptions> = {}): PoolOptions => ({
  endpoint: test.server.endpoint,
  agents: count,
  patienceMs: 10_000,
  waitMs: 20_000,
  say: () => {},
  ...more,
});

async function offer(count: number): Promise<AgentPool> {
  const pool = await pools.open(optionsFor(count), new AbortController().signal);
  open.push(pool);
  return pool;
}

function start(agent: string): void {
  const leave = new AbortController();
  const permissions = { targets: [], strategyFiles: false };
  const options: AgentOptions = { endpoint: test.server.endpoint, agent, permissions, once: false, say: () => {} };
  agents.push({ leave, ended: runAgent(options, leave.signal) });
}

async function leaveAll(): Promise<void> {
  const leaving = agents.splice(0);
  for (const { leave } of leaving) leave.abort("SIGTERM");
  await Promise.all(leaving.map(({ ended }) => ended));
}

async function withQueue<T>(use: (queue: Queue) => Promise<T>): Promise<T> {
  const queue = new Queue(QUEUE, QUEUE_OPTIONS(test.server.endpoint));
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}

const placesOf = async (): Promise<string> => (await test.redis.keys(`${PREFIX}:*:places`))[0]!;
const jobsWaiting = (): Promise<string[]> => test.redis.lrange(`${PREFIX}:${QUEUE}:wait`, 0, -1);

describe("places", () => {
  it("are there for as long as nobody comes to take them", async () => {
    const pool = await offer(1);
    const places = await placesOf();
    await test.redis.pexpire(places, 2000);
    await until(async () => (await test.redis.pttl(places)) > 2000, 10_000);
    start("late");
    await pool.filled();
    expect(pool.agents).toMatchObject([{ agent: "late" }]);
  });

  it("are taken also where somebody left the queue paused", async () => {
    await withQueue((queue) => queue.pause());
    const pool = await offer(1);
    start("a");
    expect(await pool.filled()).toHaveLength(1);
  });

  it("of runs that begin at once do not lie mixed: whoever comes first gets all agents that it needs", async () => {
    const count = 20;
    // Both wait to say that they are there, and then go on at once.
    await test.redis.client("PAUSE", 60_000, "WRITE");
    const offered = Promise.all([offer(count), offer(count)]);
    await until(async () => [...String(await test.redis.client("LIST")).matchAll(/ cmd=set /g)].length === 2);
    await test.redis.client("UNPAUSE");
    await offered;
    const runs = (await jobsWaiting()).map((job) => job.split("-")[0]);
    expect(runs).toHaveLength(2 * count);
    expect(new Set(runs.slice(0, count)).size).toBe(1);
    expect(new Set(runs).size).toBe(2);
  });

  it("tell agents of one name apart", async () => {
    const pool = await offer(3);
    for (const name of ["twin", "twin", "other"]) start(name);
    await pool.filled();
    const named = pool.places.map(({ name }) => name);
    expect(pool.agents.map(({ agent }) => agent)).toEqual(named);
    const second = named.findIndex((name) => name.startsWith("twin ("));
    expect(named[second]).toBe(`twin (place ${second + 1})`);
    expect([...named].sort()).toEqual(["other", "twin", named[second]]);
  });
});

describe("an agent", () => {
  it("of another protocol says so, and the run ends", async () => {
    const pool = await offer(1);
    await withQueue(async (queue) => {
      const job = (await queue.getJob((await jobsWaiting())[0]!))!;
      await job.updateData({ ...job.data, protocol: 999, patienceMs: "long", colour: "red" });
    });
    start("old");
    await expect(pool.filled()).rejects.toMatchObject({
      kind: "usage",
      message: expect.stringMatching(/: old is of qbench \d+\.\d+\.\d+, which cannot follow the orders/),
    });
  });

  it("of another build of the same version is refused", async () => {
    const pool = await offer(1);
    const [, run] = /:(\w+):places$/.exec(await placesOf())!;
    const facts = {
      agent: "changed",
      qbench: (await import("../report/tool.js")).TOOL.version,
      node: "20.0.0",
      platform: "linux",
      architecture: "x64",
      kernel: "6",
      cpuModel: "CPU",
      cores: 2,
      memoryBytes: 1,
      loadAverage: [0, 0, 0],
      wallClockAheadMs: 0,
      controlRoundTripUs: 1,
    };
    const outbox = new Outbox(test.redis, keysOf(run!).fromAgents, { job: pool.places[0]!.job, place: 0 });
    await outbox.send({ type: "ready", facts, build: buildOf("other sources", []) });
    await expect(pool.filled()).rejects.toMatchObject({
      kind: "usage",
      message: expect.stringMatching(/^agent changed is another build of qbench/),
    });
    expect(buildOf("sources", ["a"])).not.toBe(buildOf("sources", ["b"]));
    // It does not answer any more, and would be waited for.
    await outbox.send({ type: "failed", kind: "interrupted", exitCode: 130, message: "it has left" });
    await until(() => pool.places[0]!.lost !== undefined);
  });

  it("that is the last to leave leaves nothing behind", async () => {
    const pool = await offer(1);
    start("a");
    await pool.filled();
    await pool.close();
    await leaveAll();
    expect(await test.redis.keys("*")).toEqual([]);
  });

  it("that leaves takes nothing that a run has offered", async () => {
    await offer(2);
    const before = (await test.redis.keys("*")).sort();
    await removeIdleQueue(test.redis);
    expect((await test.redis.keys("*")).sort()).toEqual(before);
    expect(await withQueue((queue) => queue.isPaused())).toBe(false);
  });
});

describe("the control Redis", () => {
  const place = { target: { endpoints: [] }, runId: "r" } as unknown as Place;
  /** What a run does first, until agents are waited for. */
  const begin = (options: PoolOptions, leave: AbortController): Promise<unknown> => {
    const { openGenerators, close } = agentsOf(options, leave.signal);
    return openGenerators(place, { instances: 1 } as Scenario, { scripts: [] } as unknown as DriverOptions, []).finally(
      close,
    );
  };

  it("is waited for", async () => {
    const gone = await startTestRedis();
    await gone.stop();
    const leave = new AbortController();
    let server: ReturnType<typeof restartEmbedded> | undefined;
    const said: string[] = [];
    const say = (line: string): void => {
      said.push(line);
      server ??= restartEmbedded(gone.server, []);
      // Agents are waited for, so it has been reached.
      if (line.includes("agents are there")) leave.abort("SIGTERM");
    };
    await expect(begin(optionsFor(1, { endpoint: gone.server.endpoint, say }), leave)).rejects.toMatchObject({
      kind: "interrupted",
    });
    expect(said[0]).toMatch(/^cannot reach Redis at 127.0.0.1:\d+: nothing listens there; trying again for 20s$/);
    expect(said[1]).toMatch(/^0 of 1 agents are there/);
    await (await server!).stop();
  });

  it("is not waited for any longer than agents are, nor where it refuses", async () => {
    const leave = new AbortController();
    const nowhere = { ...test.server.endpoint, port: 1 };
    await expect(begin(optionsFor(1, { endpoint: nowhere, waitMs: 1 }), leave)).rejects.toMatchObject({
      kind: "environment",
      message: "cannot reach Redis at 127.0.0.1:1: nothing listens there",
    });
    const password = randomBytes(8).toString("hex");
    await withRedis(
      async ({ server: { endpoint } }) => {
        const said: string[] = [];
        const options = optionsFor(1, { endpoint: { ...endpoint, password: "wrong" }, say: (line) => said.push(line) });
        await expect(begin(options, leave)).rejects.toThrow(/refused the user or password/);
        expect(said).toEqual([]);
      },
      [`user default on >${password} ~* &* +@all`],
    );
  });

  it("is the server to be measured by its run_id, or by its address where that is not told", () => {
    const { endpoint } = test.server;
    const [named, elsewhere] = [
      { ...endpoint, host: "localhost" },
      { ...endpoint, port: 1 },
    ];
    expect(isSameServer({ endpoint, runId: "a" }, { endpoint: named, runId: "a" })).toBe(true);
    expect(isSameServer({ endpoint, runId: "a" }, { endpoint, runId: "b" })).toBe(false);
    expect(isSameServer({ endpoint, runId: "" }, { endpoint, runId: "" })).toBe(true);
    expect(isSameServer({ endpoint, runId: "" }, { endpoint: elsewhere, runId: "" })).toBe(false);
  });
});
