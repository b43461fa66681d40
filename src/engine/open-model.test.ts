import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LABELS } from "../charts/labels.js";
import { THEMES } from "../charts/theme.js";
import { timeline as chart } from "../charts/timeline.js";
import type { RunReport } from "../report/schema.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { callsOf, entriesBegan, makeWorld, type World } from "./testing/program.js";

/** Arrivals that do not wait for replies, held against their plan and the server's own counts. */
let test: TestRedis;
let world: World;
let url: string;
beforeAll(async () => {
  [test, world] = await Promise.all([startTestRedis(), makeWorld()]);
  url = `redis://127.0.0.1:${test.server.endpoint.port}`;
});
afterAll(async () => {
  world.remove();
  await test.stop();
});

const ONE = ["--strategy", "lua", "--trials", "1", "--warmup", "0", "--timeout", "20s", "--json"];
const start = async (...args: string[]) => {
  await test.redis.config("RESETSTAT");
  return world.run("--url", url, ...ONE, ...args);
};
/** Of a run that ends well: its one trial, with the run's warnings. */
const trialOf = async (running: Awaited<ReturnType<typeof start>>) => {
  const { exitCode, stderr, json } = await running.ended;
  expect([exitCode, stderr]).toEqual([0, expect.not.stringMatching(/bug/)]);
  const report = json();
  const codes = report.warnings.map(({ code }: { code: string }) => code);
  return { ...report.strategies[0].trials[0], codes, report };
};

/** Entries a second in the chart, by second. */
const secondsDrawn = (report: RunReport): [number, number][] => {
  const drawing = chart.draw(report, { labels: LABELS.en, theme: THEMES.light }, []);
  if (typeof drawing === "string") throw new Error(drawing);
  return (drawing.option.series as { data: [number, number][] }[])[0]!.data;
};

describe("the plan", () => {
  it.each([
    ["constant", 600, ["--rate", "600", "--arrival", "constant", "--duration", "1s"]],
    ["spike", 600, ["--rate", "600", "--arrival", "spike", "--duration", "1s"]],
    ["stages", 450, ["--stages", "0..600:500ms,600:500ms"]],
  ])("%s: of three instances together is exactly what was asked for", async (_, expected, args) => {
    const trial = await trialOf(await start("--instances", "3", "--connections", "shared", ...args));
    const { pacing, entries } = trial;
    expect(Math.abs(pacing.planned - expected)).toBeLessThanOrEqual(1);
    expect(pacing.started + entries.dropped).toBe(pacing.planned);
    expect(pacing.achievedPerSec).toBe(pacing.started);
    expect(entries).toMatchObject({ attempted: pacing.started, succeeded: pacing.started });
    expect((await callsOf(test.redis)).evalsha).toBe(pacing.started);
    expect(trial.latency.response.count).toBe(pacing.started);
    expect(trial.latency.startLag.count).toBe(pacing.started);
    expect(pacing.startLag.p99).toBe(trial.latency.startLag.p99);
    expect(trial.generator.threads).toHaveLength(3);
  });

  it("ends with its last entry where entries are counted, and drops none", async () => {
    const trial = await trialOf(
      await start("--rate", "2k", "--arrival", "poisson", "--entries", "301", "--instances", "2"),
    );
    expect(trial.entries).toMatchObject({ attempted: 301, new: 301, dropped: 0 });
    expect(trial.pacing).toMatchObject({ planned: 301, started: 301 });
  });

  it("is as fast as was asked for also where few entries are counted", async () => {
    const { pacing } = await trialOf(await start("--rate", "100", "--arrival", "constant", "--entries", "11"));
    expect([pacing.plannedPerSec, pacing.achievedPerSec].map(Math.round)).toEqual([100, 100]);
  });

  it("is not what limits entries that were counted, where the server fell behind", async () => {
    const running = await start("--rate", "1k", "--entries", "1000");
    await entriesBegan(test.redis, 1);
    process.kill(test.server.pid, "SIGSTOP");
    await sleep(1500);
    process.kill(test.server.pid, "SIGCONT");
    const trial = await trialOf(running);
    expect(trial.entries).toMatchObject({ attempted: 1000, succeeded: 1000, dropped: 0 });
    expect(trial.durationMs).toBeGreaterThan(1400);
    expect(trial.limiter).not.toBe("offered-load");
  });
});

interface Stall {
  readonly atMs: number;
  readonly lastedMs: number;
}

describe("a server that stands still for half the run", () => {
  /** @returns how long it stood, and how long the load lasted, ms. */
  const standStill = async (running: Awaited<ReturnType<typeof start>>) => {
    await entriesBegan(test.redis, 1);
    await sleep(800);
    const sinceMs = performance.now();
    process.kill(test.server.pid, "SIGSTOP");
    await sleep(2000);
    process.kill(test.server.pid, "SIGCONT");
    const stallMs = performance.now() - sinceMs;
    return { stallMs, trial: await trialOf(running) };
  };
  const LOAD = ["--rate", "300", "--duration", "4s", "--pool", "4"];
  let stood: Awaited<ReturnType<typeof standStill>>;
  beforeAll(async () => {
    stood = await standStill(await start(...LOAD));
  });

  it("shows in the response times of all who came meanwhile, and hardly in the service times", () => {
    const { stallMs, trial } = stood;
    const { response, service, entry } = trial.latency;
    expect(trial.entries.failed).toBe(0);
    expect(response.count).toBe(trial.entries.attempted);
    // Who comes first waits for all of it; those who come meanwhile for the rest of it, evenly: 90 % of all for less
    // than what is left of it a tenth of the run after its beginning.
    expect(response.max / 1000).toBeGreaterThan(0.95 * stallMs);
    expect(response.max / 1000).toBeLessThan(stallMs + 700);
    const expectedP90 = stallMs - 0.1 * 4000;
    expect(Math.abs(response.p90 / 1000 - expectedP90)).toBeLessThan(0.25 * stallMs);
    expect(service.p90 / 1000).toBeLessThan(0.25 * stallMs);
    // Starts go on meanwhile, so that nothing is left to be corrected: ready and planned are the same.
    expect(Math.abs(entry.p90 - response.p90) / 1000).toBeLessThan(0.25 * stallMs);
  });

  it("leaves a second in which nothing ended where it was, in the report and in the picture", () => {
    const { trial } = stood;
    expect(trial.timeline.map(({ second }: { second: number }) => second)).toEqual([...trial.timeline.keys()]);
    const stalls = trial.events.filter(({ kind }: { kind: string }) => kind === "stall");
    const { atMs, lastedMs } = stalls.sort((a: Stall, b: Stall) => b.lastedMs - a.lastedMs)[0];
    const drawn = secondsDrawn(trial.report);
    expect(drawn.map(([second]) => second)).toEqual([1, 2, 3, 4]);
    const dip = drawn.filter(([second]) => (second - 1) * 1000 >= atMs && second * 1000 <= atMs + lastedMs);
    expect(dip).not.toEqual([]);
    for (const [, perSec] of dip) expect(perSec).toBe(0);
    const after = drawn.filter(([second]) => (second - 1) * 1000 >= atMs + lastedMs);
    for (const [, perSec] of after) expect(perSec).toBeGreaterThan(0);
  });

  it("holds no more entries than may be in flight; the others are dropped, counted and told", async () => {
    const { trial } = await standStill(await start(...LOAD, "--max-in-flight", "50"));
    const { pacing, entries, latency } = trial;
    expect(entries.dropped).toBeGreaterThan(100);
    expect(pacing.started + entries.dropped).toBe(pacing.planned);
    expect(pacing.planned).toBe(1200);
    expect(latency.response.count).toBe(entries.succeeded);
    expect(latency.entry.count).toBe(entries.succeeded);
    expect(trial.codes).toContain("dropped");
  });
});
