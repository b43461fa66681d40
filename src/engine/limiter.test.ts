import { describe, expect, it, type TestContext } from "vitest";
import { startProxy } from "./testing/proxy.js";
import { ownSite } from "./testing/site.js";

/** Each limiter, made to be one: what the whole program then says, on a real server. */
const site = ownSite();

const ATTEMPTS = 2;
const BASE = ["--strategy", "lua", "--trials", "1", "--warmup", "100ms", "--duration", "800ms", "--json"];

interface Told {
  readonly limiter: string;
  readonly limiterEvidence: readonly string[];
}

/**
 * A machine that runs other tests meanwhile may not have the cores to let a limit be reached: then the trial has to say
 * so, and is made again. Any other verdict is wrong at once.
 */
async function provoke(context: TestContext, limiter: string, args: readonly string[], port?: number): Promise<Told> {
  const target = port === undefined ? [] : ["--url", `redis://127.0.0.1:${port}`];
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const ended = await site.world.run(...BASE, ...args, ...target).ended;
    // Not even ended in half a minute.
    if (ended.exitCode === undefined) break;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const [trial] = ended.json().strategies[0].trials as [Told];
    if (trial.limiter === limiter) return trial;
    expect([trial.limiter, trial.limiterEvidence.join("; ")]).toEqual([
      "unclear",
      // Of a server that was not started by the run, nobody knows how long it waited for a core.
      expect.stringMatching(/too few free cores|both busy|candidates: server/),
    ]);
  }
  return context.skip("this machine has too few free cores at the moment");
}

/** Every verdict has its figures and thresholds beside it. */
function expectEvidence({ limiterEvidence }: Told): void {
  const evidence = limiterEvidence.join("\n");
  expect(evidence).toMatch(/Redis main thread \d+ % busy \(limit from 90 %\)|does not tell/);
  expect(evidence).toMatch(/event loop late by [\d.]+ ms \(p99\), \d+ % of the time spent on garbage collection/);
  expect(evidence).toMatch(/Little's law: [\d.]+ entries in progress/);
}

describe("the limiter", { timeout: 100_000 }, () => {
  it("is the server where its main thread has no time left", async (context) => {
    // Somebody else's scripts keep it busy, so that it is slow however little is asked of it.
    const hog = site.redis.duplicate();
    let isOver = false;
    const keepBusy = async (): Promise<void> => {
      while (!isOver) await hog.eval("for i = 1, 200000 do end", 0);
    };
    const busy = Promise.all([keepBusy(), keepBusy(), keepBusy()]);
    try {
      const args = ["--vus", "20", "--pool", "20"];
      expectEvidence(await provoke(context, "server", args, site.port));
    } finally {
      isOver = true;
      await busy;
      hog.disconnect();
    }
  });

  it("is the generator where it has no time left", async (context) => {
    // Users who share connections keep the loop turning, and ioredis asks far more of it than of Redis.
    const args = ["--client", "ioredis", "--writes", "per-request", "--connections", "shared", "--vus", "600"];
    const trial = await provoke(context, "generator", args);
    expectEvidence(trial);
  });

  it("is the pool where entries wait for a connection longer than on it", async (context) => {
    const proxy = await startProxy(site.port, 10);
    try {
      const trial = await provoke(context, "pool", ["--vus", "40", "--pool", "2"], proxy.port);
      expectEvidence(trial);
      expect(trial.limiterEvidence.join("\n")).toMatch(/\d+ % of the connections in use, others wait/);
    } finally {
      await proxy.stop();
    }
  });

  it("is the network where everybody waits for a reply and nobody is busy", async (context) => {
    const proxy = await startProxy(site.port, 15);
    try {
      expectEvidence(await provoke(context, "network", ["--vus", "20", "--pool", "20"], proxy.port));
    } finally {
      await proxy.stop();
    }
  });

  it("is the offered load with a low rate, and with users who think most of the time", async (context) => {
    expectEvidence(await provoke(context, "offered-load", ["--rate", "100", "--duration", "2s"]));
    const thinking = await provoke(context, "offered-load", ["--vus", "20", "--think-time", "100ms"]);
    expect(thinking.limiterEvidence.join("\n")).toContain("users think for 100 ms");
  });

  it("is unclear where the server does not tell, and candidates are named", async () => {
    // The selftest's server tells no CPU; whatever limits, it cannot be ruled out.
    const { FakeServer } = (await import(/* @vite-ignore */ BUILT)) as typeof import("../selftest/fake-server.js");
    const fake = await FakeServer.start();
    try {
      await fake.behave({ delaysUs: [5000] });
      const ended = await site.world.run(...BASE, "--vus", "10", "--url", `redis://127.0.0.1:${fake.port}`).ended;
      const [trial] = ended.json().strategies[0].trials;
      expect(trial.limiter).toBe("unclear");
      expect(trial.limiterEvidence.join("\n")).toMatch(/the server does not tell/);
      expect(trial.limiterEvidence.join("\n")).toMatch(/candidates: \w/);
    } finally {
      await fake.stop();
    }
  });
});

/** Its thread is a file of the build. */
const BUILT = new URL("../../dist/selftest/fake-server.js", import.meta.url).href;
