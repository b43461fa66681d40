import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findingsOf } from "../doctor/check.js";
import { SERVER_CHECKS } from "../doctor/server-checks.js";
import { readServer } from "../doctor/server-facts.js";
import { type DoctorReport, doctorReportSchema } from "../report/doctor.js";
import { startTestRedis, type TestRedis, withRedis } from "../targets/testing.js";

const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const doctor = (...args: string[]) =>
  execa(process.execPath, [BIN, "doctor", ...args], { reject: false, timeout: 15_000, env: { FORCE_COLOR: "0" } });
const urlOf = ({ server }: TestRedis): string => `redis://127.0.0.1:${server.endpoint.port}`;
const findingOf = ({ findings }: DoctorReport, check: string) => findings.find((one) => one.check === check);

describe("qbench doctor", () => {
  it("examines this machine and a server of its own, in bounded time", async () => {
    const { stdout, stderr, exitCode } = await doctor("--json");
    expect([exitCode, stderr]).toEqual([0, ""]);
    const report = doctorReportSchema.parse(JSON.parse(stdout));
    expect(report.complete).toBe(true);
    expect(report.durationMs).toBeLessThan(10_000);
    // What the server is started with is known, how busy this machine is is not.
    for (const check of ["persistence", "maxmemory", "keys", "monitor", "replicas", "scripts", "role"]) {
      expect(findingOf(report, check)).toMatchObject({ subject: "embedded server", status: "ok", advice: null });
    }
    expect(findingOf(report, "node")!.found).toContain(process.versions.node);
    for (const check of ["cores", "load", "pauses", "timers", "clock", "memory"]) {
      expect(findingOf(report, check)!.found).toMatch(/\d/);
    }
  });

  it("says what is wrong with a server, why, and what to do, and leaves it as it is", async () => {
    await withRedis(
      async (test) => {
        await test.redis.set("invoice:1", "paid");
        const { stdout, exitCode } = await doctor("--url", urlOf(test));
        expect(exitCode).toBe(0);
        expect(stdout).toMatch(/^warning\s+persistence\s+append-only file on/m);
        expect(stdout).toMatch(/why: a snapshot forks/);
        expect(stdout).toMatch(/do: .*CONFIG SET appendonly no/);
        expect(stdout).toMatch(/^warning\s+keys\s+the database holds keys/m);
        expect(await test.redis.dbsize()).toBe(1);
        expect(await test.redis.get("invoice:1")).toBe("paid");
      },
      ["appendonly yes"],
    );
  });

  it("is done with 3 and one document where nobody listens, or the password is wrong", async () => {
    const unreachable = await doctor("--url", "redis://127.0.0.1:1", "--json");
    expect(unreachable.exitCode).toBe(3);
    const report = doctorReportSchema.parse(JSON.parse(unreachable.stdout));
    expect(report).toMatchObject({ status: "unfit", complete: false, error: { code: 3, kind: "environment" } });
    expect(findingOf(report, "reached")).toMatchObject({ subject: "127.0.0.1:1", status: "unfit" });
    expect(findingOf(report, "cores")).toBeDefined();
    await withRedis(
      async (test) => {
        const refused = await doctor("--url", urlOf(test).replace("//", "//:s3cret@"));
        expect(refused.exitCode).toBe(3);
        expect(refused.stdout).toMatch(/^unfit\s+reached\s+.*password/m);
        expect(refused.stdout + refused.stderr).not.toContain("s3cret");
      },
      ["requirepass another"],
    );
  });

  it.each([
    [["--url", "http://127.0.0.1"], /--url is not a Redis URL/],
    [["--url", "redis://127.0.0.1:1", "--url", "redis://127.0.0.1:2"], /one server at a time/],
    [["--pool", "0"], /--pool: expected a whole number/],
  ])("tells a mistake: %j", async (args, message) => {
    const { stderr, stdout, exitCode } = await doctor(...args);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
});

describe("a server that is looked at", () => {
  let test: TestRedis;
  beforeAll(async () => {
    test = await startTestRedis(["maxmemory 300mb", "maxmemory-policy allkeys-lru", "maxclients 12"]);
  });
  afterAll(() => test.stop());
  const look = async (pause = async () => {}) => {
    const facts = await readServer(test.redis, true, pause);
    return findingsOf(SERVER_CHECKS, "server", facts, { instances: 1, connections: 20, isServerHere: true });
  };
  const statusOf = async (check: string, pause?: () => Promise<void>) =>
    (await look(pause)).find((one) => one.check === check)!;

  it("has its limits told", async () => {
    expect(await statusOf("maxmemory")).toMatchObject({
      status: "warning",
      found: expect.stringContaining("allkeys-lru"),
    });
    expect(await statusOf("maxclients")).toMatchObject({ status: "unfit" });
    expect((await statusOf("latency")).found).toMatch(/PING p50 \d/);
  });

  it("has its other clients told, by what they do", async () => {
    expect(await statusOf("clients")).toMatchObject({ status: "ok", found: expect.stringMatching(/^0 other/) });
    const other = new Redis(urlOf(test), { maxRetriesPerRequest: 0 });
    const busy = async (): Promise<void> => {
      const pipeline = other.pipeline();
      for (let i = 0; i < 5000; i++) pipeline.get("x");
      await pipeline.exec();
    };
    expect(await statusOf("clients", busy)).toMatchObject({
      status: "warning",
      found: expect.stringMatching(/^1 other/),
    });
    const monitor = await other.monitor();
    expect(await statusOf("monitor")).toMatchObject({ status: "warning", found: "1 MONITOR client" });
    monitor.disconnect();
    other.disconnect();
  });

  it("is found to be a replica", async () => {
    await test.redis.replicaof("127.0.0.1", 1);
    expect(await statusOf("role")).toMatchObject({ status: "unfit", advice: expect.stringContaining("primary") });
    await test.redis.replicaof("NO", "ONE");
  });
});
