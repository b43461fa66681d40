import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestRedis, withRedis } from "../targets/testing.js";
import { entriesBegan, makeWorld, type Running, until, type World } from "./testing/program.js";

/** Servers that keep their connections and answer nothing more: a process that is frozen, a script that has no end. */
let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const BASE = ["--vus", "40", "--pool", "4", "--trials", "1", "--warmup", "0", "--json"];
const urlOf = ({ server }: TestRedis): string => `redis://127.0.0.1:${server.endpoint.port}`;

describe("a server that freezes", () => {
  /** Nobody waits longer for the program than its tests do (testing/program.ts): that it ends at all is what is proved. */
  async function frozen(args: readonly string[], then: (running: Running) => void): Promise<Awaited<Running["ended"]>> {
    return withRedis(async (test) => {
      const running = world.run(...BASE, "--strategy", "dedup", "--duration", "50s", "--url", urlOf(test), ...args);
      await entriesBegan(test.redis);
      process.kill(test.server.pid, "SIGSTOP");
      then(running);
      const ended = await running.ended;
      process.kill(test.server.pid, "SIGCONT");
      return ended;
    });
  }

  it.each([
    ["wire", "exclusive"],
    ["ioredis", "shared"],
  ])("ends the run with 3 after five timeouts, client %s, %s connections", async (client, connections) => {
    const args = ["--timeout", "300ms", "--client", client, "--connections", connections];
    const ended = await frozen(args, () => {});
    expect(ended.exitCode, ended.stderr).toBe(3);
    const report = ended.json();
    expect(report.error.message).toMatch(/stopped answering during a trial, .* within five timeouts \(1500 ms\)/);
    const [trial] = report.strategies[0].trials;
    expect(trial).toMatchObject({ complete: false, audit: { coverage: "none" } });
    expect(trial.entries.succeeded).toBeGreaterThan(0);
    expect(ended.stderr.match(/^qbench: /gm)).toHaveLength(1);
    // The next start at that address removes what is left there.
    expect(world.records()).not.toEqual([]);
  });

  it("does not hold up who interrupts the run, however long its timeouts are", async () => {
    const ended = await frozen(["--timeout", "30s"], (running) => running.kill("SIGINT"));
    expect(ended.exitCode, ended.stderr).toBe(130);
    const report = ended.json();
    expect(report).toMatchObject({ complete: false, error: { kind: "interrupted" } });
    expect(report.error.hint).toContain("did not answer any more");
    expect(report.strategies[0].trials[0].entries.succeeded).toBeGreaterThan(0);
  });
});

describe("a script of the user's own that has no end", () => {
  const ENDLESS = "while true do end";
  const ENDLESS_WRITER = "redis.call('SET', KEYS[3], 1) while true do end";
  const scriptOf = (source: string): string => {
    const path = `${world.temporary}/endless.lua`;
    writeFileSync(path, source);
    return `lua:${path}`;
  };
  /** Redis would wait for five seconds before it says BUSY. */
  const QUICK = ["lua-time-limit 300"];

  it.each([
    ["wire", "exclusive", "1s"],
    ["ioredis", "shared", "30s"],
  ])("is ended, named, and leaves nothing, client %s, %s connections", async (client, connections, timeout) => {
    await withRedis(async (test) => {
      const args = ["--timeout", timeout, "--client", client, "--connections", connections, "--duration", "50s"];
      const ended = await world.run(...BASE, "--url", urlOf(test), ...args, "--strategy", scriptOf(ENDLESS)).ended;
      expect(ended.exitCode, ended.stderr).toBe(2);
      expect(ended.json().error.message).toMatch(/endless\.lua: the script did not come to an end/);
      expect(ended.stderr.match(/^qbench: /gm)).toHaveLength(1);
      expect(await test.redis.ping()).toBe("PONG");
      expect(await test.redis.dbsize()).toBe(0);
    }, QUICK);
  });

  it("is ended, too, where the run has given its server up before Redis says BUSY", async () => {
    await withRedis(
      async (test) => {
        const args = ["--timeout", "100ms", "--duration", "50s", "--url", urlOf(test)];
        const ended = await world.run(...BASE, ...args, "--strategy", scriptOf(ENDLESS)).ended;
        expect(ended.exitCode, ended.stderr).toBe(2);
        expect(await test.redis.ping()).toBe("PONG");
        expect(await test.redis.dbsize()).toBe(0);
      },
      ["lua-time-limit 2500"],
    );
  });

  it("does not keep a gate waiting", async () => {
    await withRedis(async (test) => {
      const sides = ["--base", "strategy:lua", "--candidate", scriptOf(ENDLESS)];
      const ended = await world.command("gate", ...sides, "--url", urlOf(test), "--json").ended;
      expect(ended.exitCode, ended.stderr).toBe(2);
      expect(ended.json().error.message).toMatch(/endless\.lua: the script did not come to an end/);
      expect(await test.redis.dbsize()).toBe(0);
    }, QUICK);
  });

  it("is ended under micro, too", async () => {
    await withRedis(async (test) => {
      const args = ["--strategy", scriptOf(ENDLESS), "--duration", "1s", "--json"];
      const ended = await world.command("micro", ...args, "--url", urlOf(test)).ended;
      expect(ended.exitCode, ended.stderr).toBe(2);
      expect(ended.json().error.message).toMatch(/endless\.lua: the script did not come to an end/);
      expect(await test.redis.dbsize()).toBe(0);
    }, QUICK);
  });

  it("and has written already is the user's to end; of an embedded server it ends with the run", async () => {
    await withRedis(async (test) => {
      const ended = await world.run(...BASE, "--url", urlOf(test), "--strategy", scriptOf(ENDLESS_WRITER)).ended;
      expect(ended.exitCode, ended.stderr).toBe(3);
      expect(ended.json().error).toMatchObject({
        message: expect.stringMatching(/endless\.lua: .* \(UNKILLABLE\)/),
        hint: expect.stringContaining(`-p ${test.server.endpoint.port} SHUTDOWN NOSAVE`),
      });
    }, QUICK);
    const embedded = await world.run(...BASE, "--strategy", scriptOf(ENDLESS_WRITER)).ended;
    expect(embedded.exitCode, embedded.stderr).toBe(2);
    expect(embedded.json().error.message).toMatch(/only the end of the server ended it/);
  });

  it("of somebody else's is left alone", async () => {
    await withRedis(async (test) => {
      const other = test.redis.duplicate();
      const running = world.run(...BASE, "--strategy", "lua", "--duration", "3s", "--url", urlOf(test));
      await entriesBegan(test.redis);
      const theirs = other.eval(ENDLESS, 0).catch((error: Error) => error.message);
      const ended = await running.ended;
      expect(ended.exitCode, ended.stderr).toBe(3);
      await until(async () => (await test.redis.ping().catch((error: Error) => error.message)).startsWith("BUSY"));
      await test.redis.script("KILL");
      expect(await theirs).toMatch(/kill/i);
      other.disconnect();
    }, QUICK);
  });
});
