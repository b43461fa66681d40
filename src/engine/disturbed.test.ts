import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess } from "../commands/testing.js";
import { startEmbedded } from "../targets/embedded.js";
import { findRedisBinary } from "../targets/redis-binary.js";
import { startTestRedis, withRedis } from "../targets/testing.js";
import { entriesBegan, makeWorld, queueIsFilling, serverOfRun, type World } from "./testing/program.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const BASE = ["--vus", "40", "--pool", "4", "--trials", "1", "--warmup", "0", "--json"];
const urlOf = (port: number): string => `redis://127.0.0.1:${port}`;
// biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
const sum = (counts: any): number => Object.values<number>(counts).reduce((total, one) => total + one, 0);

// biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
const kindsOf = (trial: any): string[] => trial.events.map((one: { kind: string }) => one.kind);

/** By kind, added up over all seconds. */
function failuresIn(timeline: readonly { failures?: Record<string, number> }[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [kind, count] of timeline.flatMap(({ failures = {} }) => Object.entries(failures))) {
    sums[kind] = (sums[kind] ?? 0) + count;
  }
  return sums;
}

describe("a server that goes away", () => {
  it.each(["ioredis"])("for good ends the run with 3 and one message: an embedded one, client %s", async (client) => {
    const args = ["--strategy", "lua", "--duration", "30s", "--timeout", "200ms", "--client", client];
    const running = world.run(...BASE, ...args);
    const server = await serverOfRun(world);
    await queueIsFilling(server, 500);
    process.kill(server.pid, "SIGKILL");
    const ended = await running.ended;
    expect(ended.exitCode).toBe(3);
    const report = ended.json();
    expect(report).toMatchObject({ complete: false, error: { kind: "environment", code: 3 } });
    // What was measured until then is told, though it was the very first trial.
    const [trial] = report.strategies[0].trials;
    expect(trial).toMatchObject({ complete: false, audit: { coverage: "none" }, limiter: "unclear" });
    expect(trial.entries.succeeded).toBeGreaterThan(0);
    // By the driver's count: nobody can ask the server any more.
    expect(trial.server.callsSent).toBeGreaterThanOrEqual(trial.entries.succeeded);
    const happened = kindsOf(trial);
    expect(happened.indexOf("server-away")).toBeGreaterThanOrEqual(0);
    expect(happened.indexOf("server-lost")).toBeGreaterThan(happened.indexOf("server-away"));
    expect(ended.stderr.match(/^qbench: /gm)).toHaveLength(1);
    expect(world.records()).toEqual([]);
  });

  it.each(["wire"])("keeps the trials that were measured before, client %s", async (client) => {
    await withRedis(async ({ server }) => {
      const args = ["--strategy", "lua", "--duration", "300ms", "--timeout", "100ms", "--client", client];
      const running = world.run(...BASE, "--trials", "900", "--url", urlOf(server.endpoint.port), ...args);
      await running.says(/\b1\/900 .*lua/);
      await server.stop();
      const ended = await running.ended;
      expect(ended.exitCode).toBe(3);
      const report = ended.json();
      // However late in a trial: it is over before the server has been waited for.
      const message = expect.stringMatching(/went away during a trial and did not come back within five timeouts/);
      expect(report).toMatchObject({ complete: false, error: { kind: "environment", message } });
      expect(report.strategies[0].trials[0]).toMatchObject({ complete: true, audit: { ok: true } });
      expect(ended.stderr.match(/^qbench: /gm)).toHaveLength(1);
    });
  });

  it.each(["wire", "ioredis"])("and is back within five timeouts is survived, client %s", async (client) => {
    const first = await startTestRedis();
    const { port } = first.server.endpoint;
    const load = ["--strategy", "lua", "--duration", "3s", "--timeout", "500ms", "--think-time", "5ms"];
    const args = [...load, "--client", client];
    const running = world.run(...BASE, "--url", urlOf(port), ...args);
    await entriesBegan(first.redis);
    await first.stop();
    const second = await startEmbedded(await findRedisBinary(undefined), [`port ${port}`]);
    try {
      const ended = await running.ended;
      expect(ended.exitCode).toBe(0);
      const report = ended.json();
      const [trial] = report.strategies[0].trials;
      expect(trial).toMatchObject({ complete: true, serverRestarted: true });
      expect(trial.warnings.map((one: { code: string }) => one.code)).toContain("server-restarted");
      expect(trial.audit.lostByServer).toBeGreaterThan(0);
      expect(trial.audit.brokenPromises).toEqual([]);
      // Where nobody was waiting for an answer at that moment, nothing failed.
      expect(Object.keys(trial.failures).filter((kind) => !["connection", "timeout"].includes(kind))).toEqual([]);
      const happened = kindsOf(trial);
      expect(happened).toEqual(expect.arrayContaining(["connections-lost", "server-away", "server-restarted"]));
      expect(happened.indexOf("server-back")).toBeGreaterThan(happened.indexOf("server-away"));
      expect(trial.events.find((one: { kind: string }) => one.kind === "server-back").lastedMs).toBeGreaterThan(0);
    } finally {
      await second.stop();
    }
  });
});

describe("a server that cannot be used", () => {
  const refused = async (url: string, message: RegExp): Promise<void> => {
    const failure = await inProcess("run", ...BASE, "--strategy", "lua", "--entries", "10", "--url", url);
    expect(failure).toMatchObject({ kind: "environment", exitCode: 3, message: expect.stringMatching(message) });
    expect(JSON.stringify([failure, (failure as Error).message])).not.toContain("s3cret");
  };

  it("says that the password is wrong, without showing it", () =>
    withRedis(
      ({ server }) => refused(`redis://:s3cret@127.0.0.1:${server.endpoint.port}`, /password/i),
      ["requirepass another"],
    ));

  it("says that nobody listens", () => refused("redis://127.0.0.1:1", /cannot reach Redis at 127\.0\.0\.1:1/));

  it("says that the data are somebody's", () =>
    withRedis(async ({ server, redis }) => {
      await redis.set("invoice:1", "paid");
      await refused(urlOf(server.endpoint.port), /holds keys that are not qbench's/);
      expect(await redis.get("invoice:1")).toBe("paid");
    }));

  it("says that it is no Redis", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    await refused(urlOf((server.address() as { port: number }).port), /Redis protocol|closed the connection/);
    server.close();
  });
});

describe.each([
  ["wire", "exclusive"],
  ["ioredis", "shared"],
])("something happens in the middle", (client, connections) => {
  describe(`client ${client}, ${connections} connections`, () => {
    // Long enough for all of it on a machine that has other things to do.
    const common = [...BASE, "--client", client, "--connections", connections, "--duration", "2s"];

    it("every client is killed, every script flushed, the server paused beyond the timeout", async () => {
      await withRedis(async ({ server, redis }) => {
        const args = ["--strategy", "lua", "--timeout", "250ms", "--url", urlOf(server.endpoint.port)];
        const running = world.run(...common, ...args);
        await entriesBegan(redis, 200);
        await redis.script("FLUSH");
        await entriesBegan(redis, 600);
        await redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        await entriesBegan(redis, 1000);
        await redis.call("CLIENT", "PAUSE", "600", "WRITE");
        const ended = await running.ended;
        expect(ended.exitCode).toBe(0);
        const [trial] = ended.json().strategies[0].trials;
        expect(Object.keys(trial.failures).sort()).toEqual(["connection", "timeout"]);
        expect(trial.failures.timeout).toBeGreaterThan(0);
        expect(trial.entries.failed).toBe(sum(trial.failures));
        expect(trial.entries.attempted).toBe(trial.entries.succeeded + trial.entries.failed);
        expect(trial.entries.inDoubt).toBeGreaterThan(0);
        expect(kindsOf(trial)).toEqual(
          expect.arrayContaining(["connections-lost", "connections-restored", "scripts-reloaded", "stall"]),
        );
        const stall = trial.events.filter((one: { kind: string }) => one.kind === "stall").at(-1);
        expect(stall.lastedMs).toBeGreaterThan(400);
        // Which failure when, and none missing.
        expect(failuresIn(trial.timeline)).toEqual(trial.failures);
        expect(trial.generator.scriptReloads).toBeGreaterThan(0);
        expect(trial.generator.reconnects).toBeGreaterThan(0);
        expect(trial.audit).toEqual({ ...trial.audit, ok: true, anomalies: {}, brokenPromises: [], coverage: "users" });
        expect(await redis.dbsize()).toBe(0);
      });
    });

    it("a script that is flushed costs no entry", async () => {
      await withRedis(async ({ server, redis }) => {
        const args = ["--strategy", "lua", "--think-time", "5ms", "--url", urlOf(server.endpoint.port)];
        const running = world.run(...common, ...args);
        await entriesBegan(redis);
        await redis.script("FLUSH");
        const [trial] = (await running.ended).json().strategies[0].trials;
        expect(trial.failures).toEqual({});
        expect(kindsOf(trial)).toContain("scripts-reloaded");
        expect(trial.generator.scriptReloads).toBeGreaterThan(0);
        expect(trial.audit.ok).toBe(true);
      });
    });
  });
});
