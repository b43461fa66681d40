import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RoadmapReport, roadmapReportSchema } from "../report/roadmap.js";
import { failureReportSchema } from "../report/schema.js";
import { PUBLISHED_ROADMAP, readRoadmap } from "../roadmap/stages.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { runReport } from "./report.js";

/** The built command, as a user runs it. */
const BIN = fileURLToPath(new URL("../../bin/qbench.js", import.meta.url));
const qbench = (...args: string[]) =>
  execa(process.execPath, [BIN, "roadmap", ...args], { reject: false, timeout: 60_000, env: { FORCE_COLOR: "0" } });
const SHORT = ["--duration", "60ms", "--warmup", "40ms"];

let test: TestRedis;
let folder: string;
beforeAll(async () => {
  test = await startTestRedis();
  folder = mkdtempSync(join(tmpdir(), "qbench-roadmap-"));
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

// A machine that robs both of their cores for a while blurs five short rounds: then they are taken again.
it("measures every stage under every condition, and says which claims hold", { retry: 2 }, async () => {
  const published = readRoadmap(PUBLISHED_ROADMAP);
  const stages = join(folder, "stages.json");
  const wanted = ["Phase 2", "Phase 3-2", "Phase 3-3"];
  // Fewer trips are the faster ones where each takes 5 ms, on any machine.
  const variants = [{ name: "far away", options: { rtt: "5ms", vus: "8" } }];
  writeFileSync(
    stages,
    JSON.stringify({ ...published, variants, stages: published.stages.filter(({ name }) => wanted.includes(name)) }),
  );
  const path = join(folder, "roadmap.json");
  const url = `redis://127.0.0.1:${test.server.endpoint.port}`;
  const args = ["--url", url, ...SHORT, "--roadmap", stages, "--goal-tps", "100", "--output", path, "--seed", "7"];
  const { stdout, exitCode } = await qbench(...args);
  expect(exitCode).toBe(0);
  const report: RoadmapReport = roadmapReportSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  expect(report).toMatchObject({
    kind: "roadmap",
    complete: true,
    seed: 7,
    goal: { tps: 100 },
    scenario: { instances: 2 },
  });
  const [before, lua, cluster] = report.stages;
  expect(before).toMatchObject({ name: "Phase 2", verdict: "no-claim", carriedOver: null, usdPerMonth: 300 });
  expect(before!.variants[0]!.measured!.tps.median / 100).toBeCloseTo(before!.shareOfGoal!, 9);
  expect(lua).toMatchObject({ name: "Phase 3-2", verdict: "confirmed", claim: { against: "Phase 2", atLeast: 1.3 } });
  const { gain, judgement, predictedGain } = lua!.variants[0]!;
  expect(judgement).toBe("holds-and-more");
  expect(gain!.rounds).toBe(5);
  expect(predictedGain).toBeGreaterThan(3);
  expect(lua!.carriedOver!.tps).toBeCloseTo(4345 * gain!.ratio!, 6);
  expect(lua!.because.join()).toMatch(
    /far away: ×\S+ \(.*\) holds, and more than was expected.*p95 below 200 ms: kept/,
  );
  expect(cluster).toMatchObject({ verdict: "not-measured", variants: [], usdPerMonth: 1050, shareOfGoal: null });
  expect(await test.redis.keys("*")).toEqual([]);

  expect(stdout).toContain(await runReport([path], { color: false }));
  expect(stdout).toMatch(/^Phase 3-3 +not measured yet$/m);
  expect(await runReport([path], { format: "markdown", color: false })).toContain(
    "| Phase 3-2 | 5,600–6,500 expected ×1.30–1.50 |",
  );
});

it("tells by --dry-run what is measured, and connects to nothing", async () => {
  const { stdout, exitCode } = await qbench("--url", "redis://127.0.0.1:1", "--dry-run", "--json", "--seed", "7");
  expect(exitCode).toBe(0);
  const plan = JSON.parse(stdout as string);
  const names = ["Phase 2", "Phase 1", "Phase 1-3", "Phase 3-1", "pipeline", "Phase 3-2"];
  expect(plan.stages.map(({ stage }: { stage: string }) => stage)).toEqual(names.flatMap((name) => [name, name, name]));
  expect(plan).toMatchObject({ kind: "plan", trials: 4 * 4 * 3 + 18 * 5 });
});

describe("what goes wrong is told in one message, on stdout as JSON", () => {
  it.each([
    [["--roadmap", "/none.json"], 2, /--roadmap \/none.json: cannot be read/],
    [["--goal-tps", "many"], 2, /--goal-tps: expected a number from 1/],
    [["--tabs", "5"], 2, /the model knows nothing of tabs/],
    [["--output", "x.csv"], 2, /expected a name that ends in/],
    [["--url", "redis://127.0.0.1:1"], 3, /127\.0\.0\.1:1/],
  ])("%j", async (args, code, message) => {
    const { stdout, stderr, exitCode } = await qbench(...args, "--json");
    expect([exitCode, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(failureReportSchema.parse(JSON.parse(stdout as string))).toMatchObject({ kind: "roadmap", error: { code } });
  });
});
