import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withRedis } from "../targets/testing.js";
import {
  entriesBegan,
  isAlive,
  list,
  makeWorld,
  queueIsFilling,
  serverOfRun,
  until,
  type World,
} from "./testing/program.js";

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

const LONG = ["--strategy", "lua", "--vus", "50", "--pool", "5", "--trials", "3", "--json"];

function expectNothingLeft(server: { pid: number; folder: string }): void {
  expect(isAlive(server.pid)).toBe(false);
  expect(list(server.folder)).toEqual([]);
  expect(list(world.temporary)).toEqual([]);
  expect(world.records()).toEqual([]);
}

describe("a run that is interrupted", () => {
  it.each([
    ["SIGINT", 130, "while the server starts", ["--warmup", "10s"]],
    ["SIGINT", 130, "during the set-up", ["--warmup", "0", "--mix", "waiting=100", "--prefill", "5M"]],
    ["SIGTERM", 143, "during the warm-up", ["--warmup", "30s"]],
    ["SIGINT", 130, "while it measures", ["--warmup", "0", "--duration", "30s"]],
    ["SIGTERM", 143, "in its second trial", ["--warmup", "0", "--duration", "200ms", "--trials", "900"]],
  ] as const)("by %s ends with %i and leaves nothing: %s", async (signal, exitCode, moment, args) => {
    const report = join(world.cache, "..", "report.json");
    const chart = ["--output", join(world.cache, "..", "chart.svg")];
    const isDrawn = moment === "while it measures";
    const running = world.run(...LONG, ...args, ...(isDrawn ? chart : []), "--output", report);
    const server = await serverOfRun(world);
    if (moment === "in its second trial") await running.says(/\b1\/\d+ .*lua/);
    else if (moment === "during the set-up") await queueIsFilling(server, 3);
    else if (moment !== "while the server starts") await queueIsFilling(server, 500);
    running.kill(signal);
    const ended = await running.ended;
    expect(ended.exitCode).toBe(exitCode);
    const document = ended.json();
    expect(document).toMatchObject({ kind: "run", complete: false, error: { kind: "interrupted", code: exitCode } });
    // Before anything is known about the server there is nothing but the failure to report.
    if (document.strategies !== undefined) {
      expect(JSON.parse(readFileSync(report, "utf8"))).toEqual(document);
      const { trials } = document.strategies[0];
      if (moment === "while it measures") {
        expect(trials).toMatchObject([{ complete: false, audit: { ok: true } }]);
        expect(ended.stderr).toContain("chart.svg was not written: ");
      }
      if (moment === "in its second trial") expect(trials[0]).toMatchObject({ complete: true });
    } else expect(moment).toBe("while the server starts");
    expectNothingLeft(server);
  });

  it("by a closed terminal leaves a server that is not its own as it was, and never showed its password", async () => {
    await withRedis(async ({ server, redis }) => {
      const url = `redis://127.0.0.1:${server.endpoint.port}`;
      const fault = ["--fault", "maxmemory@100ms:20s"];
      const running = world.run(...LONG, "--url", url, "--warmup", "0", "--duration", "30s", ...fault);
      const limit = async () => (await redis.config("GET", "maxmemory")) as string[];
      await until(async () => (await limit())[1] === "1");
      if (process.platform === "linux") {
        expect(readFileSync(`/proc/${running.pid}/cmdline`, "utf8").replaceAll("\0", "")).toBe("qbench");
      }
      // By the shell and by the kernel.
      running.kill("SIGHUP");
      await running.says("SIGHUP");
      running.kill("SIGHUP");
      const ended = await running.ended;
      expect(ended.exitCode).toBe(129);
      expect((await limit())[1]).toBe("0");
      expect(ended.json()).toMatchObject({ complete: false, strategies: [{ trials: [{ complete: false }] }] });
      expect(await redis.dbsize()).toBe(0);
      expect(world.records()).toEqual([]);
    });
  });

  it("ends at once on the second signal; the watchdog ends the server", async () => {
    const running = world.run(...LONG, "--warmup", "0", "--duration", "30s");
    const server = await serverOfRun(world);
    await queueIsFilling(server, 500);
    running.kill("SIGINT");
    running.kill("SIGINT");
    const ended = await running.ended;
    // The first one may have been enough.
    expect(ended.exitCode).toBe(130);
    expect(ended.json()).toMatchObject({ kind: "run", complete: false, error: { kind: "interrupted", code: 130 } });
    await until(() => !isAlive(server.pid) && list(server.folder).length === 0);
  });
});

describe("a run that is killed", () => {
  it("has its server ended by the watchdog", async () => {
    const running = world.run(...LONG, "--warmup", "0", "--duration", "30s");
    const server = await serverOfRun(world);
    running.kill("SIGKILL");
    await running.ended;
    await until(() => !isAlive(server.pid) && list(server.folder).length === 0);
  });

  it("has its keys removed by the next start", async () => {
    await withRedis(async ({ server, redis }) => {
      const url = `redis://127.0.0.1:${server.endpoint.port}`;
      const running = world.run(...LONG, "--url", url, "--warmup", "0", "--duration", "30s");
      await entriesBegan(redis);
      running.kill("SIGKILL");
      await running.ended;
      expect(await redis.dbsize()).toBeGreaterThan(0);
      const next = world.run(...LONG, "--url", url, "--warmup", "0", "--entries", "10");
      expect((await next.ended).exitCode).toBe(0);
      expect(await redis.dbsize()).toBe(0);
      expect(world.records()).toEqual([]);
    });
  });
});
