import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ENTRY_BYTES } from "../audit/history.js";
import { benchOptions, resultSoFar } from "./bench-options.js";
import { heldMemory } from "./held-memory.js";
import { growthPerEntry, type MemorySample } from "./memory.js";
import { otherPeers, provideRedisBenchmark } from "./peers.js";
import { runRounds } from "./rounds.js";
import { render, type ScalingResult } from "./scaling.js";
import { scalingChart } from "./scaling-chart.js";
import { withServer } from "./server.js";
import { slopeOf } from "./slope.js";

const folder = mkdtempSync(join(tmpdir(), "qbench-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("rounds", () => {
  it("measure every setting once each, go on where they ended, and keep what is whole", async () => {
    const settings = ["a", "b", "c", "d"].map((name) => ({ name }));
    const orders: string[][] = [];
    const measure = async ({ name }: { name: string }, { round }: { round: number }) => ({ name, round });
    const keep = async (round: ReadonlyMap<string, { order: number }>): Promise<void> => {
      orders.push([...round].sort(([, a], [, b]) => a.order - b.order).map(([name]) => name));
    };
    await runRounds(settings, { seed: 5, first: 0, rounds: 6 }, measure, keep);
    for (const order of orders) expect([...order].sort()).toEqual(["a", "b", "c", "d"]);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
    const whole = orders.splice(0);
    await runRounds(settings, { seed: 5, first: 0, rounds: 2 }, measure, keep);
    await runRounds(settings, { seed: 5, first: 2, rounds: 4 }, measure, keep);
    expect(orders).toEqual(whole);
  });
});

describe("options", () => {
  const defaults = { rounds: 7, seed: 1, resume: false, output: join(folder, "none.json") };
  it("take the place of the defaults", () => {
    expect(benchOptions("x", [], defaults)).toEqual(defaults);
    expect(benchOptions("x", ["--rounds", "0", "--seed", "9"], defaults)).toMatchObject({ rounds: 0, seed: 9 });
  });
  it.each([
    [["--rounds", "x"], /--rounds x: expected an integer/],
    [["--round", "1"], /--round/],
    [["--resume"], /there is no .*none.json to go on with/],
  ])("are refused in one message: %j", (args, message) => {
    expect(() => benchOptions("x", args, defaults)).toThrow(message);
  });
  it("go on only with a result of the same benchmark", () => {
    const path = join(folder, "other.json");
    writeFileSync(path, '{"kind":"run"}');
    expect(() => resultSoFar(path, "bench-x")).toThrow(/holds no result of this benchmark/);
    writeFileSync(path, "{");
    expect(() => resultSoFar(path, "bench-x")).toThrow(/cannot be gone on with/);
  });
});

describe("peers", () => {
  const bare = { env: { PATH: folder }, isRoot: false, platform: process.platform };
  it("that are missing are told with what to type", async () => {
    await expect(provideRedisBenchmark(() => {}, bare)).rejects.toMatchObject({
      kind: "environment",
      hint: expect.stringContaining("apt-get install -y redis-tools"),
    });
    const { valkey, notes } = await otherPeers(bare);
    expect(valkey).toBe(false);
    expect(notes.join("\n")).toMatch(/valkey-benchmark: not measured[\s\S]*memtier_benchmark: not measured/);
  });
});

describe("the slope", () => {
  it("is that of any straight line", () => {
    const line = fc.tuple(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 2, max: 30 }),
    );
    fc.assert(
      fc.property(line, ([slope, offset, n]) => {
        const points = Array.from({ length: n }, (_, x) => [x, slope * x + offset] as const);
        expect(slopeOf(points)! - slope).toBeCloseTo(0, 6);
      }),
    );
    expect(slopeOf([[1, 1]])).toBeNull();
  });

  it("of memory sees a leak behind garbage that comes and goes, and no leak where there is none", () => {
    const samples = (leakBytes: number): MemorySample[] =>
      Array.from({ length: 70 }, (_, second) => ({
        atMs: second * 1000,
        entries: second * 140_000,
        rssBytes: 0,
        heldBytes: 60e6 + ((second * 37) % 8) * 6e6 + second * 140_000 * (ENTRY_BYTES + leakBytes),
        historyBytes: second * 140_000 * ENTRY_BYTES,
      }));
    expect(Math.abs(growthPerEntry(samples(0))!)).toBeLessThan(0.5);
    expect(growthPerEntry(samples(3))).toBeGreaterThan(2.5);
  });
});

describe("the generator's memory", () => {
  // The collector may come late on a busy machine; a leak shows each time.
  it("grows with the history alone, however many entries its users make", { retry: 2 }, async () => {
    const entries = 300_000;
    const historyBytes = 64 << 20;
    const looks = await withServer(({ port, runId }) =>
      heldMemory({ users: 20_000, entries, lookEvery: 30_000, historyBytes, port, runId }),
    );
    expect(looks.length).toBeGreaterThan(2);
    // What waits to be written or read comes and goes, megabytes of it: the least of each half is what stays.
    const least = (some: typeof looks): number =>
      Math.min(...some.map((one) => one.heapUsedBytes + one.externalBytes - one.historyBytes));
    const half = Math.ceil(looks.length / 2);
    // A leak of one byte in four of the history would show; the history grows in steps of less than a megabyte.
    expect(least(looks.slice(half)) - least(looks.slice(0, half))).toBeLessThan((entries / 2) * (ENTRY_BYTES / 4));
    expect(looks.at(-1)!.entries).toBeGreaterThan(entries / 2);
  });
});

describe("the scaling result", () => {
  const result = {
    tool: { name: "qbench", version: "0" },
    measuredAt: "2026-01-01T00:00:00Z",
    rounds: 2,
    environment: { machine: { cores: 2, cpuModel: "x" }, redis: { server: "redis", version: "7" } },
    measurements: {
      "lua, 1 threads, 20 connections, 3000 users": [100_000, 120_000].map((entriesPerSec, round) => ({
        round,
        order: 0,
        entriesPerSec,
        generatorUsPerEntry: 2,
        serverUsPerEntry: 7,
        serverBusy: 0.98,
        eventLoopBusy: 0.2,
        socketWritesPerEntry: 0.012,
        p99Us: 20_000,
        limiter: "server",
      })),
    },
  } as unknown as ScalingResult;

  it("is a table with a row for each point that was measured", () => {
    expect(render(result)).toMatch(
      /^1 threads +lua +110.0k \(100.0k–120.0k\) +2.00 +7.00 +98 % +20 % +0.012 +server$/m,
    );
    expect(render(result).match(/110.0k/g)).toHaveLength(3);
  });

  it("is drawn as an image that needs nothing else", async () => {
    const svg = await scalingChart(result);
    expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    for (const word of ["threads", "connections", "users", "200k", "lua"]) expect(svg).toContain(word);
    expect(svg).not.toContain("NaN");
  });
});
