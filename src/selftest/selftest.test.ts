import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { prng } from "../base/prng.js";
import { Histogram } from "../measure/histogram.js";
import { selftestReportSchema } from "../report/selftest.js";
import { trialOf } from "../report/testing.js";
import { renderSelftest } from "../reporters/selftest-text.js";
import { loadScript } from "../strategies/script.js";
import { withRedis } from "../targets/testing.js";
import { encode, FakeData } from "./fake-data.js";
import { comparisonHolds, type Pair, percentilesHold, stallHolds } from "./judges.js";

const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const selftest = (...args: string[]) =>
  execa(process.execPath, [BIN, "selftest", ...args], { reject: false, timeout: 90_000, env: { FORCE_COLOR: "0" } });

describe("qbench selftest", () => {
  // A machine that is robbed of its cores half of the time does measure wrong, and the selftest then says so rightly.
  it("finds that this very build measures right", { timeout: 100_000, retry: 2 }, async () => {
    const { stdout, stderr, exitCode } = await selftest("--quick", "--json", "--seed", "7");
    const report = selftestReportSchema.parse(JSON.parse(stdout));
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect([exitCode, report.ok, report.seed]).toEqual([0, true, 7]);
    expect(report.checks.map(({ name }) => name)).toEqual([
      "constant-delay",
      "two-delays",
      "stall",
      "same-against-itself",
      "injected-slowdown",
    ]);
    expect(stderr.match(/^qbench: .*: ok$/gm)).toHaveLength(5);
  });

  it("is stopped by Ctrl-C, and tells a mistake", async () => {
    const running = selftest("--json");
    running.stderr.once("data", () => running.kill("SIGINT"));
    const { stdout, exitCode } = await running;
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "selftest", complete: false, error: { kind: "interrupted" } });
    expect(await selftest("--client", "jedis")).toMatchObject({ exitCode: 2, stdout: "" });
  });

  it("says in words what failed, and not to believe", () => {
    const check = { name: "stall", what: "w", expected: "1 s", found: "2 s", attempts: 2, durationMs: 5, ok: false };
    const report = selftestReportSchema.parse({
      schemaVersion: 1,
      kind: "selftest",
      tool: { name: "qbench", version: "0.1.0" },
      complete: true,
      startedAt: "2026-03-01T12:00:00Z",
      durationMs: 10,
      seed: 3,
      ok: false,
      checks: [{ ...check, ok: true, name: "constant-delay" }, check],
    });
    const text = renderSelftest(report, { color: false });
    expect(text).toMatch(/^failed {2}stall: w\n {8}expected 1 s\n {8}measured 2 s$/m);
    expect(text).toMatch(/1 of 2 checks failed \(seed 3\): do not believe figures from here/);
  });
});

/** A histogram of these values. */
function counts(valuesUs: readonly number[]) {
  const histogram = new Histogram();
  for (const value of valuesUs) histogram.record(value);
  return histogram.toCounts();
}
function trial(change: { service?: number[]; response?: number[]; entries?: Partial<Record<string, number>> }) {
  const { entries, latency } = trialOf("lua", 0);
  const { service = [], response = [] } = change;
  const attempted = service.length;
  return {
    entries: { ...entries, attempted, succeeded: attempted, ...change.entries },
    latency: { ...latency, service: counts(service), response: counts(response) },
  };
}

describe("percentiles, judged", () => {
  const delaysUs = Array.from({ length: 400 }, (_, i) => (i % 20 === 0 ? 300_000 : 10_000 + i));
  const recorded = { delaysUs, stalledUs: 0 };

  it("may be above the truth by a little, and not below", () => {
    expect(percentilesHold(trial({ service: delaysUs }), recorded).ok).toBe(true);
    expect(percentilesHold(trial({ service: delaysUs.map((us) => us + 2000) }), recorded).ok).toBe(true);
    expect(percentilesHold(trial({ service: delaysUs.map((us) => us - 500) }), recorded).ok).toBe(false);
  });

  it.each([
    ["milliseconds for microseconds", delaysUs.map((us) => us / 1000)],
    ["means for entries", delaysUs.map(() => delaysUs.reduce((sum, us) => sum + us, 0) / delaysUs.length)],
    ["slow ones left out", delaysUs.map((us) => Math.min(us, 20_000))],
    ["twice the truth", delaysUs.map((us) => 2 * us + 1000)],
  ])("are wrong with %s", (_, service) => {
    expect(percentilesHold(trial({ service }), recorded).ok).toBe(false);
  });

  it("need every entry", () => {
    expect(percentilesHold(trial({ service: delaysUs, entries: { attempted: 399 } }), recorded).ok).toBe(false);
    expect(percentilesHold(trial({ service: delaysUs, entries: { succeeded: 399 } }), recorded).ok).toBe(false);
    expect(percentilesHold(trial({ service: [] }), { delaysUs: [], stalledUs: 0 }).ok).toBe(false);
  });
});

describe("a stall, judged", () => {
  /** 400 arrivals in 2 s; whoever comes in the second that begins at 0.5 s waits for its end. */
  const arrivals = Array.from({ length: 400 }, (_, i) => 5000 * i);
  const response = arrivals.map((at) => (at >= 500_000 && at < 1_500_000 ? 1_500_000 - at : 300));
  const recorded = { delaysUs: [], stalledUs: 1_000_000 };
  const service = arrivals.map((_, i) => (i < 2 ? 1_000_000 : 300));

  it("shows in the open model", () => {
    const held = stallHolds(trial({ service, response }), recorded, 2000);
    expect(held).toMatchObject({ ok: true, expected: expect.stringContaining("p90 80.0 % of it") });
  });

  it.each([
    ["is hidden where the closed model's latency passes for it", service],
    ["is wrong where a late start is corrected twice", response.map((us) => (us > 300 ? 2 * us : us))],
    ["is wrong where arrivals wait for replies", response.map((us, i) => (i % 10 === 0 ? us : 300))],
  ])("%s", (_, wrong) => {
    expect(stallHolds(trial({ service, response: wrong }), recorded, 2000).ok).toBe(false);
  });

  it("is no stall where nothing stood still", () => {
    expect(stallHolds(trial({ service, response }), { delaysUs: [], stalledUs: 0 }, 2000).ok).toBe(false);
  });
});

describe("a comparison, judged", () => {
  const pairs = (factor: number): Pair[] => {
    const random = prng(5);
    const noise = () => 1 + 0.02 * (random.next() - 0.5);
    return Array.from({ length: 10 }, () => ({
      baseline: 1000 * noise(),
      candidate: (1000 / factor) * noise(),
      baselineDelayUs: 4000,
      candidateDelayUs: 4000 * factor,
    }));
  };

  it("has to see what there is, and nothing else", () => {
    expect(comparisonHolds(pairs(1), true)).toMatchObject({ ok: true, found: expect.stringMatching(/^no-difference/) });
    expect(comparisonHolds(pairs(1.6), false)).toMatchObject({ ok: true, expected: expect.stringContaining("×1.60") });
    expect(comparisonHolds(pairs(1.6), true).ok).toBe(false);
    expect(comparisonHolds(pairs(1), false).ok).toBe(false);
    expect(comparisonHolds(pairs(0.7), false).ok).toBe(false);
  });
});

describe("the fake server's data", () => {
  it("answer what Redis answers", async () => {
    const { source, sha1 } = loadScript("enter_queue");
    const key = "queue:wait:{qbench:r:0}";
    const enter = (user: string): string[] => {
      const keys = [`active:token:{qbench:r:0}:${user}`, key, "queue:sequence:{qbench:r:0}"];
      return ["EVALSHA", sha1, "3", ...keys, user, "1750000000000"];
    };
    const conversation = [
      ["PING"],
      ["SCAN", "0", "MATCH", "*", "COUNT", "1000"],
      ["SCRIPT", "LOAD", source],
      ...["0000000007", "0000000009", "0000000007"].map(enter),
      ["ZRANGE", key, "0", "9999"],
      ["ZRANGE", "queue:active:{qbench:r:0}", "0", "9999"],
      ["EXISTS", "active:token:{qbench:r:0}:0000000007"],
      ["DBSIZE"],
      ["UNLINK", key],
      ["DBSIZE"],
    ];
    const data = new FakeData();
    await withRedis(async ({ redis }) => {
      for (const [name, ...args] of conversation) {
        const truth = await redis.call(name!, ...args);
        const fake = data.answer([name!, ...args]);
        expect([name, fake]).toEqual([name, typeof truth === "string" && name === "PING" ? { status: truth } : truth]);
      }
    });
    expect(encode(["NEW", 1, null, new Error("ERR x"), { status: "OK" }])).toBe(
      "*5\r\n$3\r\nNEW\r\n:1\r\n$-1\r\n-ERR x\r\n+OK\r\n",
    );
    expect(data.answer(["NOSUCH"])).toBeInstanceOf(Error);
  });
});
