import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { DriverOptions } from "../drivers/driver.js";
import type { Place } from "../engine/bench.js";
import { callsOf, entriesBegan, makeWorld, type Running, until, type World } from "../engine/testing/program.js";
import type { Scenario } from "../scenario/scenario.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { agentsOf } from "./controller.js";

/**
 * Agents and a controller as users start them, over two servers: one to meet at, one to load. Programs take long to
 * start, so the agents that outlive one test are those of the next; the tests need their order.
 */
let control: TestRedis;
let target: TestRedis;
let world: World;
const running: Running[] = [];
const agents = new Map<string, Running>();

const urlOf = ({ server }: TestRedis): string => `redis://127.0.0.1:${server.endpoint.port}`;
const kept = (one: Running): Running => {
  running.push(one);
  return one;
};
const startAgent = (name: string): Running => {
  const started = kept(world.command("agent", "--control", urlOf(control), "--name", name));
  agents.set(name, started);
  return started;
};
/** A controller of so many agents; none may be silent for longer than three seconds. */
const run = (count: number, ...args: string[]): Running => {
  const where = ["--url", urlOf(target), "--control", urlOf(control), "--agents", `${count}`, "--agent-timeout", "3s"];
  return kept(world.run(...where, "--trials", "1", "--warmup", "0", "--json", ...args));
};
const LONG = ["--strategy", "lua", "--vus", "20", "--pool", "2", "--think-time", "5ms", "--duration", "10m"];

beforeAll(async () => {
  [control, target, world] = await Promise.all([startTestRedis(), startTestRedis(), makeWorld()]);
  for (const name of ["a", "b", "c", "d"]) startAgent(name);
});
afterAll(async () => {
  for (const one of running) one.kill("SIGKILL");
  await Promise.all(running.map((one) => one.ended));
  world.remove();
  await Promise.all([control.stop(), target.stop()]);
});
beforeEach(() => target.redis.config("RESETSTAT"));

/** What is left of runs in the control Redis; the queue itself is the agents'. */
const keysOfRuns = async (): Promise<string[]> =>
  (await control.redis.keys("*")).filter((key) => !key.startsWith("qbench-control:agents:"));

/** Whoever is still at it stops within a moment; by itself this load would go on for minutes. */
const loadEnds = (): Promise<void> =>
  until(async () => {
    const before = (await callsOf(target.redis)).evalsha;
    await sleep(200);
    return (await callsOf(target.redis)).evalsha === before && (await target.redis.dbsize()) === 0;
  });

const namesIn = (report: { agents: { agent: string }[] }): string[] => report.agents.map(({ agent }) => agent).sort();

it("four agents make the load of one run, and its report agrees with the server's counters", async () => {
  const entries = 2003;
  const load = ["--entries", `${entries}`, "--vus", "41", "--pool", "3", "--instances", "2", "--timeout", "30s"];
  const ended = await run(4, "--strategy", "lua", ...load).ended;
  expect(ended.stderr).not.toMatch(/bug/);
  expect(ended.exitCode).toBe(0);
  const report = ended.json();
  expect(report.scenario).toMatchObject({ instances: 8, vus: 41 });
  expect(namesIn(report)).toEqual(["a", "b", "c", "d"]);
  for (const { trials } of report.strategies) {
    const [trial] = trials;
    expect(trial.entries).toMatchObject({ attempted: entries, succeeded: entries, new: entries, failed: 0 });
    expect(trial.latency.entry.count).toBe(entries);
    expect(trial.generator.historyEntries).toBe(entries);
    // One user twice would have been waiting already; one that is lost, or came from nowhere, breaks a promise.
    expect(trial.audit).toMatchObject({ brokenPromises: [], coverage: "users" });
    expect(trial.audit.clockToleranceUs).toBeGreaterThan(0);
    expect(trial.warnings.map(({ code }: { code: string }) => code)).not.toContain("counters-disagree");
    const shares = trial.agents.map((one: { entries: { attempted: number } }) => one.entries.attempted);
    expect(shares.reduce((sum: number, one: number) => sum + one, 0)).toBe(entries);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2);
    const instances = trial.agents.flatMap((one: { instances: number[] }) => one.instances);
    expect(instances.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const one of trial.agents) expect(one.startedLateUs).toEqual(expect.any(Number));
  }
  const calls = await callsOf(target.redis);
  expect(calls.evalsha).toBe(entries);
  expect(calls.zadd).toBe(entries);
  expect(await target.redis.dbsize()).toBe(0);
  expect(await keysOfRuns()).toEqual([]);
});

it("agents stop when the run is interrupted, and tell what they have", async () => {
  const controller = run(2, ...LONG);
  await entriesBegan(target.redis);
  controller.kill("SIGINT");
  const ended = await controller.ended;
  expect(ended.exitCode).toBe(130);
  const [trial] = ended.json().strategies[0].trials;
  expect(trial).toMatchObject({ complete: false, audit: { coverage: "users", brokenPromises: [] } });
  expect(trial.entries.attempted).toBeGreaterThan(0);
  await loadEnds();
  expect(await keysOfRuns()).toEqual([]);
});

it("agents that are killed or stall: their part is missing in a report that says so, and nobody loads any more", async () => {
  const stalled = agents.get("d")!;
  const controller = run(4, ...LONG);
  await entriesBegan(target.redis);
  agents.get("c")!.kill("SIGKILL");
  stalled.kill("SIGSTOP");
  const ended = await controller.ended;
  expect(ended.exitCode).toBe(3);
  const report = ended.json();
  const message = expect.stringMatching(
    /^agent [cd] was lost during a trial: nothing was heard of it for 3s, and 1 more$/,
  );
  expect(report).toMatchObject({ complete: false, error: { code: 3, message } });
  const [trial] = report.strategies[0].trials;
  expect(trial).toMatchObject({ complete: false, audit: { coverage: "none" } });
  expect(trial.warnings).toContainEqual({ code: "agent-lost", message: expect.stringMatching(/^agent c is missing/) });
  const lost = trial.agents.filter((one: { lost?: string }) => one.lost !== undefined);
  expect(lost.map((one: { agent: string }) => one.agent).sort()).toEqual(["c", "d"]);
  expect(lost[0].entries).toMatchObject({ attempted: 0 });
  expect(report.strategies[0].summary).toMatchObject({ trials: 0, trialsLeftOut: 1 });
  await loadEnds();
  expect(await keysOfRuns()).toEqual([]);
  // Once it goes on, it finds that out, and leaves.
  stalled.kill("SIGCONT");
  await stalled.says(/agent d stopped its load and left run/);
  await loadEnds();
});

it("an agent that is lost before the start is replaced", async () => {
  const load = ["--strategy", "lua", "--entries", "100", "--vus", "10", "--pool", "1", "--timeout", "30s"];
  const controller = run(4, ...load);
  const doomed = startAgent("e");
  await until(async () => {
    const [places] = await control.redis.keys("qbench-control:*:places");
    return places !== undefined && Object.values(await control.redis.hgetall(places)).includes("e");
  });
  doomed.kill("SIGKILL");
  await controller.says(/agent e: nothing was heard of it for 3s; its place is offered to another/);
  startAgent("f");
  const ended = await controller.ended;
  expect(ended.exitCode).toBe(0);
  expect(namesIn(ended.json())).toEqual(["a", "b", "d", "f"]);
  expect(ended.json().strategies[0].trials[0].entries).toMatchObject({ attempted: 100, succeeded: 100 });
});

it("agents stop when the controller was killed, and remove what it cannot remove any more", async () => {
  const controller = run(4, ...LONG);
  await entriesBegan(target.redis);
  controller.kill("SIGKILL");
  await agents.get("a")!.says(/left run \w+ \(place \d\): the controller is gone/);
  await loadEnds();
});

it("agents stop when the control Redis has forgotten the run, and the controller says so", async () => {
  const controller = run(1, ...LONG);
  await entriesBegan(target.redis);
  await control.redis.flushall();
  const ended = await controller.ended;
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr).toMatch(/the control Redis at 127.0.0.1:\d+ has forgotten this run/);
  await loadEnds();
});

it("a control Redis that is the server to measure is refused, by whatever name it goes", async () => {
  const { endpoint } = target.server;
  const options = {
    endpoint: { ...endpoint, host: "localhost" },
    agents: 1,
    patienceMs: 3000,
    waitMs: 1000,
    say: () => {},
  };
  const { openGenerators } = agentsOf(options, new AbortController().signal);
  const opening = openGenerators(
    { target: { endpoints: [endpoint] } } as unknown as Place,
    {} as Scenario,
    {} as DriverOptions,
    [],
  );
  await expect(opening).rejects.toMatchObject({
    kind: "usage",
    message: expect.stringMatching(/localhost:\d+ is the server to be measured/),
  });
  expect(await target.redis.dbsize()).toBe(0);
});

it("agents that do not come are told of", async () => {
  const ended = await run(9, "--agent-wait", "1s").ended;
  expect([ended.exitCode, ended.stderr]).toEqual([3, expect.stringMatching(/of 9 agents came within 1s/)]);
  // What is said too late to be read is forgotten by itself.
  for (const key of await keysOfRuns()) expect(await control.redis.pttl(key)).toBeGreaterThan(0);
});
