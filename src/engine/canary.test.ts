import { expect, it } from "vitest";
import { planRun } from "../plan/plan.js";
import type { Ended } from "./testing/program.js";
import { ownSite } from "./testing/site.js";

/** A roll-out in stages: it goes on while no limit is crossed, and stops where one is. */
const site = ownSite();

const SHORT = ["--duration", "100ms", "--warmup", "0", "--trials", "1", "--rate", "200", "--timeout", "20s", "--json"];
const canary = (...limits: string[]): Promise<Ended> => site.on("run", "canary", ...SHORT, ...limits).ended;
// biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
const trialsOf = (report: any): number[] => report.strategies.map(({ trials }: any) => trials.length);
const STAGES = ["individual", "individual=90+lua=10", "individual=50+lua=50", "lua"];

it("goes through all stages in order while limits hold", async () => {
  const ended = await canary("--fail-if", "callsPerEntry>6", "--fail-if", "successRate<50%");
  expect([ended.exitCode, ended.stderr]).toEqual([0, expect.not.stringMatching(/bug/)]);
  const report = ended.json();
  expect(report.strategies.map(({ name }: { name: string }) => name)).toEqual(STAGES);
  expect(trialsOf(report)).toEqual([1, 1, 1, 1]);
  expect(report.complete).toBe(true);
});

it("stops after the stage that crosses a limit: what comes after is not begun", async () => {
  // Individual calls are 6; nine parts of ten of them are more than 5, five parts of ten are less.
  const ended = await canary("--fail-if", "callsPerEntry<5");
  expect(ended.exitCode).toBe(1);
  const report = ended.json();
  expect(trialsOf(report)).toEqual([1, 1, 1, 0]);
  expect(report.warnings).toContainEqual({
    code: "stopped",
    message: expect.stringMatching(
      /^stopped after individual=50\+lua=50: .*; lua and what comes after it were not begun$/,
    ),
  });
  const failed = report.thresholds.filter((one: { failed: boolean }) => one.failed);
  expect(failed.map(({ strategy }: { strategy: string }) => strategy)).toEqual(["individual=50+lua=50"]);
});

it("plans all trials of a stage before the next", () => {
  const plan = planRun({ strategies: ["a", "b"], trials: 2, seed: 1, order: "staged" });
  expect(plan.map(({ strategy, round }) => `${strategy}${round}`)).toEqual(["a0", "a1", "b0", "b1"]);
});
