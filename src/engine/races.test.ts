import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectMistake } from "../commands/testing.js";
import { ANOMALY_KINDS } from "../queue/anomaly.js";
import { list, makeWorld, type World } from "./testing/program.js";

/** Races as a run has them: what strategies show, and that the audit tells it. */
let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const SHORT = ["--trials", "1", "--duration", "250ms", "--warmup", "0", "--vus", "200", "--json"];
// biome-ignore lint/suspicious/noExplicitAny: see testing/program.ts
const byName = (report: any): Record<string, any> =>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  Object.fromEntries(report.strategies.map((one: any) => [one.name, one]));

describe.each(["double-click", "reload-bots", "enter-during-admission"])("scenario %s", (name) => {
  it("shows what calls that can be mixed up do, and that lua keeps its promises", async () => {
    const ended = await world.run(name, "--strategy", "individual,pipeline-blind,lua", ...SHORT).ended;
    expect(ended.stderr).not.toMatch(/bug/);
    expect(ended.exitCode).toBe(0);
    const { individual, lua, "pipeline-blind": blind } = byName(ended.json());
    for (const { summary, trials } of [individual, lua, blind]) {
      expect(Object.keys(summary.anomalies)).toEqual([...ANOMALY_KINDS]);
      expect(trials[0].audit).toMatchObject({ coverage: "users", unjudged: 0 });
    }
    expect(lua.summary.anomalies["double-new"]).toMatchObject({ count: 0, promise: "kept" });
    expect(lua.summary.audit.brokenPromises).toEqual([]);
    // How often depends on the machine; of tabs that open at once, some always meet.
    if (name === "double-click") {
      expect(individual.summary.anomalies["double-new"]).toMatchObject({ promise: "expected" });
      expect(individual.trials[0].audit.examples[0].events.length).toBeGreaterThan(2);
    }
    if (name !== "enter-during-admission") {
      expect(lua.summary.anomalies["wait-and-active"].promise).toBe("not-exercised");
      return;
    }
    expect(lua.trials[0].admission.admitted).toBeGreaterThan(0);
    for (const kind of ["wait-and-active", "double-admission", "no-position", "total-below-position"]) {
      expect([kind, lua.summary.anomalies[kind].promise]).toEqual([kind, "kept"]);
    }
    const shown = [individual, blind].flatMap(({ summary }) => Object.values<{ promise: string }>(summary.anomalies));
    expect(shown.map(({ promise }) => promise)).toContain("expected");
  });
});

it("compares the threads' times within a tolerance that it states", async () => {
  const ended = await world.run("--strategy", "lua", "--instances", "2", ...SHORT).ended;
  const { audit } = byName(ended.json()).lua.trials[0];
  expect(audit).toMatchObject({ coverage: "users", unjudged: 0 });
  expect(audit.clockToleranceUs).toBeGreaterThan(0);
  expect(audit.exercised).toContain("order-broken");
});

describe("--audit", () => {
  it.each([
    ["counts", "counts", ["lost", "phantom"]],
    ["off", "none", []],
  ])("%s", async (depth, coverage, exercised) => {
    const path = join(world.cache, "..", "report.json");
    const args = SHORT.filter((arg) => arg !== "--json");
    const { stdout } = await world.run("--strategy", "lua", "--audit", depth, ...args, "--output", path).ended;
    expect(stdout).toMatch(depth === "off" ? /^lua .* –$/m : /^lua .* ok$/m);
    const { trials, summary } = byName(JSON.parse(readFileSync(path, "utf8"))).lua;
    expect(trials[0].audit).toMatchObject({ ok: true, coverage });
    expect(trials[0].generator.historyEntries).toBe(0);
    expect(trials[0].audit.exercised ?? []).toEqual(exercised);
    if (depth === "counts") expect(summary.anomalies["double-new"].promise).toBe("not-exercised");
    else expect(summary.anomalies).toBeUndefined();
  });
});

describe("--dump-history", () => {
  it("writes every event, and nothing is left of the unfinished file", async () => {
    const path = join(world.cache, "..", "history.jsonl");
    const ended = await world.run("--strategy", "individual,lua", "--dump-history", path, ...SHORT).ended;
    const events = readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const { name, trials } of ended.json().strategies) {
      const entries = events.filter(({ strategy, what }) => strategy === name && what === "enter");
      expect(entries).toHaveLength(trials[0].entries.attempted);
    }
    expect(list(join(world.cache, "..")).filter((name) => name.includes("history"))).toEqual(["history.jsonl"]);
  });

  it.each([
    ["history.csv", /--dump-history history\.csv: expected a name that ends in \.jsonl/],
    ["none/history.jsonl", /--dump-history none\/history\.jsonl: there is no folder none/],
  ])("refuses %s before anything is measured", (path, message) =>
    expectMistake("run", ["--strategy", "lua", "--dump-history", path, ...SHORT], message),
  );
});
