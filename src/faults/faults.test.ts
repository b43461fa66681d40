import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { isAlive, list, makeWorld, serverOfRun, until, type World } from "../engine/testing/program.js";
import { withRedis } from "../targets/testing.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const BASE = ["--strategy", "lua", "--vus", "40", "--pool", "4", "--trials", "1", "--warmup", "0", "--json"];
/** Where a busy machine delays one fault into the next, nothing is in flight that the next could fail. */
const BLURRED = { retry: 2 };
const urlOf = (port: number): string => `redis://127.0.0.1:${port}`;
const faultArgs = (...faults: string[]): string[] => faults.flatMap((fault) => ["--fault", fault]);

// biome-ignore lint/suspicious/noExplicitAny: see engine/testing/program.ts
const faultIn = (trial: any, name: string): any => trial.faults.find((one: { name: string }) => one.name === name);
// biome-ignore lint/suspicious/noExplicitAny: see engine/testing/program.ts
const kindsOf = (trial: any): string[] => trial.events.map((one: { kind: string }) => one.kind);

function expectNothingLeft(): void {
  expect(world.records()).toEqual([]);
  expect(list(world.temporary)).toEqual([]);
}

describe("faults of an embedded server", () => {
  it("happen when they are planned, and are survived", BLURRED, async () => {
    const planned = [
      "stall@200ms:200ms",
      "client-kill@800ms",
      "reset@1.4s",
      "maxmemory@1.9s:200ms",
      "restart@2.3s:100ms",
    ];
    const ended = await world.run(...BASE, ...faultArgs(...planned), "--duration", "3s").ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const report = ended.json();
    const [trial] = report.strategies[0].trials;
    expect(trial).toMatchObject({ complete: true, serverRestarted: true });
    const { summary } = report.strategies[0];
    expect(summary.faults.map(({ fault }: { fault: string }) => fault)).toEqual(planned);
    expect(summary.lostByServer).toBe(trial.audit.lostByServer);
    for (const fault of trial.faults) {
      // A timer of Node's may fire a little early.
      expect(fault.beganMs).toBeGreaterThanOrEqual(fault.atMs - 5);
      expect(fault.endedMs - fault.beganMs).toBeGreaterThanOrEqual(fault.forMs - 5);
    }
    // Nobody is answered while it is stopped; a busy thread reads for some time what was answered before.
    expect(faultIn(trial, "stall").longestGapMs).toBeGreaterThan(100);
    expect(faultIn(trial, "client-kill").failures.connection).toBeGreaterThan(0);
    expect(faultIn(trial, "reset").failures.connection).toBeGreaterThan(0);
    expect(faultIn(trial, "maxmemory").failures.OOM).toBeGreaterThan(0);
    expect(faultIn(trial, "restart").failures.connection).toBeGreaterThan(0);
    expect(trial.audit.lostByServer).toBeGreaterThan(0);
    expect(trial.audit.brokenPromises).toEqual([]);
    expect(kindsOf(trial).filter((kind) => kind === "fault")).toHaveLength(planned.length);
    expect(trial.moments.succeeded).toHaveLength(30);
    expect(report.warnings.map(({ code }: { code: string }) => code)).toContain("proxied");
    expectNothingLeft();
  });

  it("are the same for every strategy, and to the client ioredis", BLURRED, async () => {
    const planned = faultArgs("client-kill@200ms,reset@600ms");
    const args = [...planned, "--duration", "800ms", "--client", "ioredis", "--strategy", "individual,lua"];
    const ended = await world.run(...BASE.slice(2), ...args).ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    for (const { trials, summary } of ended.json().strategies) {
      expect(faultIn(trials[0], "client-kill").failures.connection).toBeGreaterThan(0);
      expect(faultIn(trials[0], "reset").failures.connection).toBeGreaterThan(0);
      expect(trials[0].audit).toMatchObject({ brokenPromises: [], lostByServer: 0 });
      expect(summary.faults.map(({ fault }: { fault: string }) => fault)).toEqual(["client-kill@200ms", "reset@600ms"]);
    }
  });

  it("are blamed for users who were forgotten and came again, by every strategy", async () => {
    const polling = ["--rate", "300", "--vus", "5k", "--poll-every", "200ms", "--score", "sequence"];
    const args = [...polling, ...faultArgs("restart@600ms"), "--duration", "1600ms", "--strategy", "individual,lua"];
    const ended = await world.run(...BASE.slice(6), ...args).ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    for (const { trials } of ended.json().strategies) {
      expect(trials[0].audit.lostByServer).toBeGreaterThan(0);
      expect(Object.keys(trials[0].audit.anomalies)).not.toEqual(expect.arrayContaining(["double-new"]));
      expect(Object.keys(trials[0].audit.anomalies)).not.toEqual(expect.arrayContaining(["wrong-outcome"]));
    }
  });

  it("end the run with 3 where the server is gone for good, with what was measured until then", async () => {
    const ended = await world.run(...BASE, ...faultArgs("kill@400ms"), "--duration", "800ms", "--timeout", "200ms")
      .ended;
    expect(ended.exitCode).toBe(3);
    const report = ended.json();
    expect(report).toMatchObject({
      complete: false,
      error: { kind: "environment", message: expect.stringContaining("as it was planned") },
    });
    const [trial] = report.strategies[0].trials;
    expect(trial).toMatchObject({ complete: false, audit: { coverage: "none" } });
    expect(trial.entries.succeeded).toBeGreaterThan(0);
    expect(faultIn(trial, "kill")).toMatchObject({ recoveryMs: null });
    expect(report.strategies[0].summary.faults).toMatchObject([{ fault: "kill@400ms", trials: 1, recovered: 0 }]);
    expectNothingLeft();
  });

  it("are ended when the run is interrupted", async () => {
    const args = [...faultArgs("stall@100ms:20s"), "--duration", "30s", "--timeout", "5s"];
    const running = world.run(...BASE, ...args);
    const server = await serverOfRun(world);
    await until(() => isStopped(server.pid));
    running.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.exitCode).toBe(130);
    const [trial] = ended.json().strategies[0].trials;
    expect(trial).toMatchObject({ complete: false, audit: { ok: true } });
    expect(faultIn(trial, "stall").endedMs).toBeLessThan(20_000);
    expect(isAlive(server.pid)).toBe(false);
    expectNothingLeft();
  });

  it("leave no stopped server behind, though run and watchdog were killed in the middle", async () => {
    const args = [...faultArgs("stall@100ms:20s"), "--duration", "30s", "--timeout", "5s"];
    const running = world.run(...BASE, ...args);
    const server = await serverOfRun(world);
    await until(() => isStopped(server.pid));
    process.kill(parentOf(server.pid), "SIGKILL");
    running.kill("SIGKILL");
    await running.ended;
    expect(isStopped(server.pid)).toBe(true);
    expect((await world.run(...BASE, "--entries", "10").ended).exitCode).toBe(0);
    // Its parent is gone: whether anybody has buried it is not our concern.
    expect(["Z", undefined]).toContain(fieldsOf(server.pid)[0]);
    expectNothingLeft();
  });
});

describe("faults of a server that is given", () => {
  it("touch neither its other clients nor its settings", async () => {
    await withRedis(
      async ({ server, redis }) => {
        const own = await redis.client("ID");
        const planned = ["client-kill@200ms", "script-flush@400ms", "maxmemory@600ms:100ms"];
        const args = ["--url", urlOf(server.endpoint.port), ...faultArgs(...planned), "--duration", "1s"];
        const ended = await world.run(...BASE, ...args).ended;
        expect(ended.exitCode, ended.stderr).toBe(0);
        const [trial] = ended.json().strategies[0].trials;
        expect(faultIn(trial, "client-kill").failures.connection).toBeGreaterThan(0);
        expect(faultIn(trial, "maxmemory").failures.OOM).toBeGreaterThan(0);
        expect(kindsOf(trial)).toContain("scripts-reloaded");
        expect(trial.audit).toMatchObject({ ok: true, lostByServer: 0 });
        expect(await redis.client("ID")).toBe(own);
        expect(await settingsOf(redis)).toEqual(["1073741824", "allkeys-lru"]);
        expect(await redis.dbsize()).toBe(0);
        expect(world.records()).toEqual([]);
      },
      ["maxmemory 1gb", "maxmemory-policy allkeys-lru"],
    );
  });

  it("have their settings put back by the next start after a SIGKILL in the middle", async () => {
    await withRedis(async ({ server, redis }) => {
      const url = urlOf(server.endpoint.port);
      const running = world.run(...BASE, "--url", url, ...faultArgs("maxmemory@100ms:20s"), "--duration", "30s");
      await until(async () => (await settingsOf(redis))[0] === "1");
      running.kill("SIGKILL");
      await running.ended;
      // Another database, the same server.
      const next = await world.run(...BASE, "--url", `${url}/1`, "--entries", "10").ended;
      expect(next.exitCode, next.stderr).toBe(0);
      expect((await settingsOf(redis))[0]).toBe("0");
      // The keys in the first database still wait for somebody who uses it.
      expect(world.records()).toMatchObject([{ servers: [], settings: [] }]);
    });
  });

  it("that its user may not do end the run with 3 and say so", async () => {
    await withRedis(
      async ({ server, redis }) => {
        const url = `redis://app:secret@127.0.0.1:${server.endpoint.port}`;
        const args = ["--url", url, ...faultArgs("maxmemory@100ms"), "--duration", "10s"];
        const ended = await world.run(...BASE, ...args).ended;
        expect(ended.exitCode).toBe(3);
        expect(ended.json().error.message).toMatch(
          /^the fault maxmemory@100ms:500ms could not be carried out: .*NOPERM/,
        );
        expect(await redis.dbsize()).toBe(0);
      },
      ["user app on >secret ~* &* +@all -config"],
    );
  });

  it("are refused where they need a server of our own, all at once, before anything connects", async () => {
    const planned = faultArgs("stall@1s", "restart@2s", "kill@3s");
    const each = ["stall@1s:500ms", "restart@2s:100ms", "kill@3s"].map(
      (text) => `--fault ${text} is done to the server's process[^]*`,
    );
    await expectMistake("run", [...BASE, ...planned, "--url", "redis://127.0.0.1:1"], new RegExp(each.join("")));
  });
});

const settingsOf = async (redis: Redis): Promise<string[]> => {
  const [memory, policy] = await Promise.all([
    redis.config("GET", "maxmemory"),
    redis.config("GET", "maxmemory-policy"),
  ]);
  return [(memory as string[])[1]!, (policy as string[])[1]!];
};

/** The third field of /proc's stat, and the fourth. */
const fieldsOf = (pid: number): string[] => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  } catch {
    return [];
  }
};
const isStopped = (pid: number): boolean => fieldsOf(pid)[0] === "T";
const parentOf = (pid: number): number => Number(fieldsOf(pid)[1]);
