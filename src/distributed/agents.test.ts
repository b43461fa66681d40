import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { DriverOptions } from "../drivers/driver.js";
import type { Place } from "../engine/bench.js";
import { callsOf, entriesBegan, makeWorld, type Running, until, type World } from "../engine/testing/program.js";
import type { Scenario } from "../scenario/scenario.js";
import { LUA_FOLDER } from "../strategies/script.js";
import { connectControl } from "../targets/control.js";
import { type EmbeddedServer, freePort, restartEmbedded, startEmbedded } from "../targets/embedded.js";
import { findRedisBinary } from "../targets/redis-binary.js";
import { makeCertificate } from "../targets/testing/certificate.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { agentsOf } from "./controller.js";

/**
 * Agents and a controller as users start them, over two servers: one to meet at, one to load. Programs take long to
 * start, so the agents that outlive one test are those of the next; the tests need their order.
 */
let control: { server: EmbeddedServer; redis: Redis; readonly url: string };
/** As docs/agents.md asks for. */
const USER = "user qbench on >secret ~qbench-control:* +@all -@admin -@dangerous +info";
let controlConfig: string[];
let target: TestRedis;
let world: World;
const running: Running[] = [];
const agents = new Map<string, Running>();

const kept = (one: Running): Running => {
  running.push(one);
  return one;
};
const startAgent = (name: string, ...args: string[]): Running => {
  const started = kept(world.command("agent", "--control", control.url, "--name", name, ...args));
  agents.set(name, started);
  return started;
};
/** A controller of so many agents; none may be silent for longer than three seconds. */
const runAnywhere = (count: number, ...args: string[]): Running => {
  const who = ["--control", control.url, "--agents", `${count}`, "--agent-timeout", "3s"];
  return kept(world.run(...who, "--trials", "1", "--warmup", "0", "--json", ...args));
};
const run = (count: number, ...args: string[]): Running =>
  runAnywhere(count, "--url", `redis://127.0.0.1:${target.server.endpoint.port}`, ...args);
const LONG = ["--strategy", "lua", "--vus", "20", "--pool", "2", "--think-time", "5ms", "--duration", "10m"];

/** A server that speaks TLS to all but this process, to a user with no more rights than are asked for. */
async function startControl(): Promise<typeof control> {
  controlConfig = [USER];
  let where: string | undefined;
  try {
    const [certificate, port] = [makeCertificate(world.temporary), await freePort()];
    controlConfig.push(...certificate.configLines(port));
    world.environment.NODE_EXTRA_CA_CERTS = certificate.path;
    where = `rediss://qbench:secret@127.0.0.1:${port}`;
  } catch {
    // No openssl here.
  }
  const server = await startEmbedded(await findRedisBinary(undefined), controlConfig);
  const url = where ?? `redis://qbench:secret@127.0.0.1:${server.endpoint.port}`;
  return { server, url, redis: await connectControl(server.endpoint) };
}

/** enter_queue.lua as a script of the user's own. */
let ownScript: string;

beforeAll(async () => {
  [world, target] = await Promise.all([makeWorld(), startTestRedis()]);
  control = await startControl();
  const path = join(world.temporary, "own.lua");
  writeFileSync(path, `-- ours\n${readFileSync(join(LUA_FOLDER, "enter_queue.lua"), "utf8")}`);
  ownScript = `lua:${path}`;
  for (const name of ["a", "b", "c", "d"]) startAgent(name, "--allow-strategy-files");
});
afterAll(async () => {
  for (const one of running) one.kill("SIGKILL");
  await Promise.all(running.map((one) => one.ended));
  control.redis.disconnect();
  await Promise.all([control.server.stop(), target.stop()]);
  world.remove();
});
beforeEach(() => target.redis.config("RESETSTAT"));

/** What is left of runs in the control Redis; the queue itself is the agents'. */
const keysOfRuns = async (): Promise<string[]> =>
  (await control.redis.keys("*")).filter((key) => !key.startsWith("qbench-control:agents:"));

/** What is said too late to be read is forgotten by itself. */
async function keysEnd(): Promise<void> {
  for (const key of await keysOfRuns()) expect(await control.redis.pttl(key), key).toBeGreaterThan(0);
}

/** Whoever is still at it stops within a moment; by itself this load would go on for minutes. */
const loadEnds = (): Promise<void> =>
  until(async () => {
    const before = (await callsOf(target.redis)).evalsha;
    await sleep(200);
    return (await callsOf(target.redis)).evalsha === before && (await target.redis.dbsize()) === 0;
  });

const namesIn = (report: { agents: { agent: string }[] }): string[] => report.agents.map(({ agent }) => agent).sort();

it("four agents make the load of one run, and its report agrees with the server's counters; scripts travel", async () => {
  const entries = 2003;
  const load = ["--entries", `${entries}`, "--vus", "41", "--pool", "3", "--instances", "2", "--timeout", "30s"];
  const ended = await run(4, "--strategy", `lua,${ownScript}`, ...load, "--quiet").ended;
  // So that the log of a container, which has both in it, is the report.
  expect(ended.stderr).toBe("");
  expect(ended.exitCode).toBe(0);
  const report = ended.json();
  expect(report.scenario).toMatchObject({ instances: 8, vus: 41, strategies: ["lua", ownScript] });
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
  expect(calls.evalsha).toBe(2 * entries);
  expect(calls.zadd).toBe(2 * entries);
  expect(await target.redis.dbsize()).toBe(0);
  expect(await keysOfRuns()).toEqual([]);
});

it("what acts from the controller acts on the agents' load: faults, admission, uneven shares, in a cluster", async () => {
  const load = ["--strategy", "lua", "--vus", "20", "--pool", "2", "--think-time", "5ms", "--duration", "2s"];
  const shares = ["--instances", "2", "--instance-shares", "75,25"];
  const cluster = ["--cluster", "--cluster-shape", "2x0", "--concerts", "6", "--fault", "client-kill@1s"];
  // Entries go on to fresh concerts again and again, and admission must follow.
  const admit = ["--max-waiting", "20", "--admit", "looped", "--admit-every", "50ms", "--admit-batch", "50"];
  const ended = await runAnywhere(2, ...load, ...shares, ...cluster, ...admit).ended;
  expect(ended.exitCode, ended.stderr).toBe(0);
  const [trial] = ended.json().strategies[0].trials;
  expect(trial).toMatchObject({ complete: true, audit: { coverage: "users", brokenPromises: [] } });
  expect(trial.server.nodes.map(({ calls }: { calls: number }) => calls > 0)).toEqual([true, true]);
  expect(trial.faults).toMatchObject([{ name: "client-kill", atMs: 1000 }]);
  // Two agents' two instances, of two connections to each of two nodes.
  expect(trial.generator.reconnects).toBeGreaterThanOrEqual(16);
  expect(trial.agents).toHaveLength(2);
  for (const one of trial.agents) expect(one.entries.attempted).toBeGreaterThan(0);
  // The first ones hold 20 users each, so there would be no more.
  expect(trial.admission.admitted).toBeGreaterThan(6 * 20);
  expect(trial.admission.found).toBe(trial.admission.admitted);
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
  const controller = run(4, ...LONG, "--agent-wait", "1s");
  await entriesBegan(target.redis);
  agents.get("c")!.kill("SIGKILL");
  stalled.kill("SIGSTOP");
  const ended = await controller.ended;
  expect(ended.exitCode).toBe(3);
  const report = ended.json();
  const message = expect.stringMatching(
    /^agent [cd] was lost during a trial: nothing was heard of it for 3s, and 1 more; it could not be begun anew: nobody took the place of agent [cd]; 2 of 4 agents came/,
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
  await keysEnd();
  // Once it goes on, it finds that out, and leaves.
  stalled.kill("SIGCONT");
  await stalled.says(/agent d stopped its load and left run/);
  await loadEnds();
});

it("an agent that is lost before the start is replaced; one that is lost in a trial too, and the trial is begun anew", async () => {
  const load = ["--strategy", "lua", "--duration", "2s", "--vus", "12", "--pool", "1", "--think-time", "5ms"];
  const controller = run(4, ...load);
  const doomed = startAgent("e");
  await until(async () => {
    const [places] = await control.redis.keys("qbench-control:*:places");
    return places !== undefined && Object.values(await control.redis.hgetall(places)).includes("e");
  });
  doomed.kill("SIGKILL");
  await controller.says(/agent e: nothing was heard of it for 3s; its place is offered to another/);
  for (const name of ["f", "g"]) startAgent(name);
  await entriesBegan(target.redis, 100);
  agents.get("b")!.kill("SIGINT");
  const ended = await controller.ended;
  expect(ended.exitCode, ended.stderr).toBe(0);
  const report = ended.json();
  expect(namesIn(report)).toEqual(["a", "b", "d", "f", "g"]);
  const [{ trials, summary }] = report.strategies;
  expect(trials).toMatchObject([
    { round: 0, complete: false, audit: { coverage: "none" } },
    { round: 0, complete: true, audit: { coverage: "users", brokenPromises: [] } },
  ]);
  expect(trials[0].agents.filter((one: { lost?: string }) => one.lost)).toMatchObject([{ agent: "b" }]);
  expect(summary).toMatchObject({ trials: 1, trialsLeftOut: 1, entries: trials[1].entries });
  const message = expect.stringMatching(
    /^lua, round 1: agent b was lost .* stopped there by SIGINT; another took its place/,
  );
  expect(report).toMatchObject({
    complete: true,
    warnings: expect.arrayContaining([{ code: "trial-repeated", message }]),
  });
  await keysEnd();
});

it("scripts of a user's own are refused by agents that were not told to run them", async () => {
  const ended = await run(4, "--strategy", ownScript, "--entries", "100").ended;
  expect([ended.exitCode, ended.stderr]).toEqual([2, expect.stringMatching(/agent [fg]: it runs no strategy files/)]);
  expect((await callsOf(target.redis)).evalsha).toBeUndefined();
});

it("agents stop when the controller was killed, and remove what it cannot remove any more", async () => {
  const controller = run(4, ...LONG);
  await entriesBegan(target.redis);
  controller.kill("SIGKILL");
  await agents.get("a")!.says(/left run \w+ \(place \d\): the controller is gone/);
  await loadEnds();
});

it("agents stop when the control Redis was restarted, or is gone, and the controller says so", async () => {
  const restart = async (): Promise<void> => {
    control.server = await restartEmbedded(control.server, controlConfig);
  };
  const forgotten = run(1, ...LONG);
  await entriesBegan(target.redis);
  await control.server.stop();
  await restart();
  const stderr = expect.stringMatching(/the control Redis at 127.0.0.1:\d+ has forgotten this run/);
  expect(await forgotten.ended).toMatchObject({ exitCode: 3, stderr });
  await loadEnds();

  await target.redis.config("RESETSTAT");
  const lost = run(1, ...LONG);
  await entriesBegan(target.redis);
  await control.server.stop();
  expect(await lost.ended).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/the control Redis was lost/) });
  await loadEnds();
  // Nobody is connected any more but this test.
  await until(
    async () =>
      String(await target.redis.client("LIST"))
        .trim()
        .split("\n").length === 1,
  );
  await restart();
  control.redis = await connectControl(control.server.endpoint);
});

it("a control Redis that is the server to measure is refused, by whatever name it goes", async () => {
  const { endpoint } = target.server;
  const where = { endpoint: { ...endpoint, host: "localhost" }, agents: 1, patienceMs: 3000, waitMs: 1000 };
  const { openGenerators } = agentsOf({ ...where, say: () => {} }, new AbortController().signal);
  const place = { target: { endpoints: [endpoint] } } as unknown as Place;
  const opening = openGenerators(place, {} as Scenario, {} as DriverOptions, []);
  await expect(opening).rejects.toMatchObject({
    kind: "usage",
    message: expect.stringMatching(/localhost:\d+ is the server to be measured/),
  });
  expect(await target.redis.dbsize()).toBe(0);
});

it("what is told while it goes on is of measured time, and no counter falls", async () => {
  const port = await freePort();
  const load = ["--strategy", "lua", "--vus", "20", "--pool", "2", "--think-time", "5ms"];
  const controller = run(2, ...load, "--warmup", "1200ms", "--duration", "1s", "--metrics-port", `${port}`);
  let hasEnded = false;
  const ended = controller.ended.finally(() => {
    hasEnded = true;
  });
  const counted: number[] = [];
  while (!hasEnded) {
    const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.text(),
      () => "",
    );
    const found = /^qbench_live_entries_total\{.*result="succeeded".*\} (.+)$/m.exec(text);
    if (found !== null) counted.push(Number(found[1]));
    await sleep(20);
  }
  const [trial] = (await ended).json().strategies[0].trials;
  expect(counted.some((count) => count > 0)).toBe(true);
  expect(counted).toEqual([...counted].sort((a, b) => a - b));
  expect(counted.at(-1)).toBeLessThanOrEqual(trial.entries.succeeded);
});

it("an agent takes the place of one that was lost though the server was restarted since the run began", async () => {
  const load = ["--strategy", "lua", "--vus", "10", "--pool", "1", "--think-time", "5ms", "--duration", "1500ms"];
  const controller = runAnywhere(1, ...load, "--fault", "restart@200ms", "--trials", "2");
  await controller.says(/1\/2 round 1 lua: /);
  const [places] = await control.redis.keys("qbench-control:*:places");
  const taken = Object.entries(await control.redis.hgetall(places!)).find(([field]) => field.startsWith("taken:"));
  agents.get(taken![1])!.kill("SIGINT");
  const ended = await controller.ended;
  expect(ended.exitCode, ended.stderr).toBe(0);
  const complete = ended.json().strategies[0].trials.filter((trial: { complete: boolean }) => trial.complete);
  expect(complete).toMatchObject([{ agents: [{ agent: taken![1] }] }, { agents: [{ agent: expect.any(String) }] }]);
  expect(complete[1].agents[0].agent).not.toBe(taken![1]);
});

it("agents that do not come are told of", async () => {
  const ended = await run(9, "--agent-wait", "1s").ended;
  expect([ended.exitCode, ended.stderr]).toEqual([3, expect.stringMatching(/of 9 agents came within 1s/)]);
  await keysEnd();
});
