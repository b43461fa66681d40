import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ownSite } from "../engine/testing/site.js";
import { type RoadmapReport, roadmapReportSchema } from "../report/roadmap.js";
import { PUBLISHED_ROADMAP, readRoadmap } from "../roadmap/stages.js";
import { runReport } from "./report.js";
import { expectFailure, expectMistake, inProcess } from "./testing.js";

/** The built command, as a user runs it, where it measures; its words about arguments in this process. */
const site = ownSite();
const SHORT = ["--duration", "60ms", "--warmup", "40ms"];

// A machine that robs both of their cores for a while blurs five short rounds: then they are taken again.
it("measures every stage under every condition, and says which claims hold", { retry: 2 }, async () => {
  const published = readRoadmap(PUBLISHED_ROADMAP);
  const stages = site.path("stages.json");
  const wanted = ["Phase 2", "Phase 3-2", "Phase 3-3"];
  // Fewer trips are the faster ones where each takes 5 ms, on any machine.
  const variants = [{ name: "far away", options: { rtt: "5ms", vus: "8" } }];
  writeFileSync(
    stages,
    JSON.stringify({ ...published, variants, stages: published.stages.filter(({ name }) => wanted.includes(name)) }),
  );
  const path = site.path("roadmap.json");
  const args = [...SHORT, "--roadmap", stages, "--goal-tps", "100", "--output", path, "--seed", "7"];
  const { stdout, exitCode } = await site.on("roadmap", ...args).ended;
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
  expect(await site.keys()).toEqual([]);

  expect(stdout).toContain(await runReport([path], { color: false }));
  expect(stdout).toMatch(/^Phase 3-3 +not measured yet$/m);
  expect(await runReport([path], { format: "markdown", color: false })).toContain(
    "| Phase 3-2 | 5,600–6,500 expected ×1.30–1.50 |",
  );
  const picture = await runReport([path], { format: "svg", chart: "roadmap", color: false });
  for (const text of ["Phase 3-3", "goal 100/s", "At far away."]) expect(picture).toContain(text);
  await expect(runReport([path], { format: "svg", chart: "tps", color: false })).rejects.toThrow(
    /no chart tps of a roadmap/,
  );
});

it("measures a stage on a cluster of its own, beside the server of the others", async () => {
  const path = site.path("cluster.roadmap.json");
  const published = { kind: "expected", tps: [1, 1] };
  const stage = { what: "what", published, usdPerMonth: null, options: { strategy: "lua" } };
  const stages = [
    { ...stage, name: "one" },
    { ...stage, name: "three", cluster: "3x0", claim: { against: "one", atLeast: 2 } },
  ];
  const goal = { tps: 1, p95Ms: 1, successRate: 0.5 };
  writeFileSync(path, JSON.stringify({ goal, prices: "none", variants: [{ name: "here", options: {} }], stages }));
  const short = ["--trials", "1", "--duration", "200ms", "--warmup", "0", "--vus", "20", "--pool", "4"];
  const { json, exitCode, stderr } = await site.world.command(
    "roadmap",
    "--roadmap",
    path,
    ...short,
    "--json",
    "--quiet",
  ).ended;
  expect(exitCode, stderr).toBe(0);
  const measured = json().stages.map(
    ({ variants }: RoadmapReport["stages"][number]) => variants[0]!.measured!.tps.median,
  );
  for (const tps of measured) expect(tps).toBeGreaterThan(0);
  expect(json().stages[1].verdict).toBe("too-few-rounds");
});

it("tells by --dry-run what is measured, and connects to nothing", async () => {
  const args = ["--url", "redis://127.0.0.1:1", "--dry-run", "--json", "--seed", "7"];
  const result = await inProcess("roadmap", ...args);
  const plan = JSON.parse("text" in result ? result.text : "");
  const names = ["Phase 2", "Phase 1", "Phase 1-3", "Phase 3-1", "pipeline", "Phase 3-2"];
  expect(plan.stages.map(({ stage }: { stage: string }) => stage)).toEqual(names.flatMap((name) => [name, name, name]));
  expect(plan).toMatchObject({ kind: "plan", trials: 4 * 4 * 3 + 18 * 5 });
});

describe("what goes wrong is told in one message", () => {
  it.each([
    [["--roadmap", "/none.json"], /--roadmap \/none.json: there is no such file/],
    [["--goal-tps", "many"], /--goal-tps: expected a number from 1/],
    [["--tabs", "5"], /the model knows nothing of tabs/],
    [["--output", "x.csv"], /expected a name that ends in/],
  ])("%j", (args, message) => expectMistake("roadmap", args, message));

  it("where no server is, on stdout as JSON", async () => {
    const ended = await site.world.command("roadmap", "--url", "redis://127.0.0.1:1", "--json").ended;
    expectFailure(ended, "roadmap", 3, /127\.0\.0\.1:1/);
  });
});
