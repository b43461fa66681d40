import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import type { ComparisonReport } from "../report/comparison.js";
import type { RunReport } from "../report/schema.js";
import { ENVIRONMENT, reportOf, SCENARIO, type TrialShape } from "../report/testing.js";
import { configure, execute, runCompare } from "./compare.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "compare-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let saved = 0;
async function save(report: RunReport): Promise<string> {
  const path = join(folder, `${++saved}.json`);
  await writeFile(path, JSON.stringify(report));
  return path;
}
const report = (change: Parameters<typeof reportOf>[0] = {}, shapes: Readonly<Record<string, TrialShape>> = {}) =>
  reportOf(change, shapes);

const compare = (paths: string[], change: Partial<Parameters<typeof runCompare>[1]> = {}): Promise<string> =>
  runCompare(paths, { allowDifferentEnvironments: false, json: false, color: false, ...change });
const asData = async (paths: string[], change = {}): Promise<ComparisonReport> =>
  JSON.parse(await compare(paths, { json: true, ...change }));
const column = (data: ComparisonReport, strategy: string, i: number) =>
  data.strategies.find(({ name }) => name === strategy)?.columns[i];

const otherMachine = { ...ENVIRONMENT, machine: { ...ENVIRONMENT.machine, cpuModel: "Other\u001b[2J CPU", cores: 64 } };

const AGENT = {
  qbench: "0.1.0",
  node: "20.20.2",
  platform: "linux",
  architecture: "x64",
  kernel: "6.1.0",
  memoryBytes: 2 ** 33,
  loadAverage: [0, 0, 0],
  wallClockAheadMs: 0,
  controlRoundTripUs: 100,
};
const AGENT_FIGURES = {
  instances: [0],
  entries: { attempted: 1, succeeded: 1, failed: 0, dropped: 0 },
  latency: { unit: "us" as const, p50: 1, p99: 1, max: 1 },
  threadUtilization: 0.1,
  eventLoopUtilization: 0.1,
  stolenShare: 0,
  generatorBound: false,
  startedLateUs: 0,
  clockUncertaintyUs: 1,
};

describe("qbench compare", () => {
  it("lays strategies and reports side by side", async () => {
    const before = await save(report({ scenario: { ...SCENARIO, strategies: ["individual", "lua"] } }));
    const after = await save(
      report(
        { scenario: { ...SCENARIO, strategies: ["lua", "pipeline"], pool: 50 } },
        { lua: { tps: 25_000 }, pipeline: { limiter: "generator", timeouts: 900 } },
      ),
    );
    const text = await compare([before, after]);
    await expect(`${text.replaceAll(folder, "FOLDER").replace(/\d+\.json/g, "N.json")}\n`).toMatchFileSnapshot(
      "../reporters/golden/side-by-side.txt",
    );
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("compares each report with the first, as samples measured apart", async () => {
    const paths = [
      await save(report()),
      await save(report({}, { lua: { tps: 30_000 }, dedup: { tps: 10_000 } })),
      await save(report()),
    ];
    const data = await asData(paths);
    expect(data).toMatchObject({ schemaVersion: 1, kind: "compare", complete: true, differences: [] });
    expect(column(data, "lua", 0)).not.toHaveProperty("vsFirst");
    expect(column(data, "lua", 1)?.vsFirst).toMatchObject({ verdict: "faster", generatorBound: false });
    expect(column(data, "lua", 1)?.vsFirst?.tpsRatio).toBeCloseTo(30_000 / 15_300, 2);
    expect(column(data, "dedup", 1)?.vsFirst).toMatchObject({ verdict: "slower" });
    expect(column(data, "lua", 2)?.vsFirst).toMatchObject({ verdict: "no-difference", tpsRatio: 1 });
    expect(data.warnings.map(({ code }) => code)).toEqual(["measured-apart"]);
  });

  it("gives no verdict on few trials, and none on incomplete ones", async () => {
    const few = await save(report({ scenario: { ...SCENARIO, trials: 3 }, complete: false }));
    const none = await save(report({ trials: [] }));
    const data = await asData([await save(report()), few, none]);
    expect(column(data, "lua", 1)?.vsFirst).toMatchObject({ verdict: "too-few-rounds" });
    expect(column(data, "lua", 2)).toMatchObject({ tps: null, vsFirst: { tpsRatio: null, verdict: "too-few-rounds" } });
    expect(data.complete).toBe(false);
    expect(data.warnings.map(({ code }) => code)).toContain("incomplete");
    const text = await compare([await save(report()), few, none]);
    expect(text).toContain("too few trials");
    expect(text).toContain("no complete trial");
  });

  it("never lets a generator-bound side win in silence", async () => {
    const text = await compare([
      await save(report()),
      await save(report({}, { lua: { tps: 40_000, limiter: "generator" } })),
    ]);
    expect(text).toContain("faster, generator-bound");
  });

  it("refuses unlike environments, naming exactly what differs", async () => {
    const paths = [await save(report()), await save(report({ environment: otherMachine }))];
    const error = await compare(paths).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(QbenchError);
    const { message, exitCode, hint } = error as QbenchError;
    expect(exitCode).toBe(2);
    expect(message.split("\n")).toEqual([
      "the reports were measured in different environments:",
      `  machine.cpuModel: Example CPU @ 3.00GHz (${paths[0]}), Other\\u{1b}[2J CPU (${paths[1]})`,
      `  machine.cores: 2 (${paths[0]}), 64 (${paths[1]})`,
    ]);
    expect(hint).toContain("--allow-different-environments");
  });

  it("counts the machines that made the load among the environment", async () => {
    const madeBy = async (...kinds: { cpuModel: string; cores: number }[]): Promise<string> => {
      const made = report();
      const agents = kinds.map((kind, i) => ({ ...AGENT, ...kind, agent: `a${i}` }));
      const figures = agents.map(({ agent }) => ({ ...AGENT_FIGURES, agent }));
      const strategies = made.strategies.map((one) => ({
        ...one,
        trials: one.trials.map((trial) => ({ ...trial, agents: figures })),
      }));
      return save({ ...made, agents, strategies });
    };
    const [old, young] = [
      { cpuModel: "Old", cores: 2 },
      { cpuModel: "Young", cores: 16 },
    ];
    const unlike = async (...paths: string[]): Promise<string[]> => {
      const { differences } = await asData(paths, { allowDifferentEnvironments: true });
      return differences.map(({ kind, field, values }) => `${kind} ${field}: ${values.join(" | ")}`);
    };
    expect(await unlike(await madeBy(old, young), await madeBy(young, old))).toEqual([]);
    expect(await unlike(await madeBy(old, old), await madeBy(old, young))).toEqual([
      "environment agents.cpuModel: Old | Old, Young",
      "environment agents.cores: 2 | 16, 2",
    ]);
    const [alone, two, three] = [await save(report()), await madeBy(old, old), await madeBy(old, old, old)];
    expect(await unlike(two, three)).toEqual(["environment agents.count: 2 | 3"]);
    await expect(compare([two, three])).rejects.toThrow(/agents\.count: 2 .*, 3/);
    await expect(compare([alone, two])).rejects.toThrow(/agents\.count: - .*, 2/);
  });

  it("compares them after all if told to, and keeps saying so", async () => {
    const paths = [await save(report()), await save(report({ environment: otherMachine }))];
    const text = await compare(paths, { allowDifferentEnvironments: true });
    expect(text).toContain("unlike  machine.cores: 2 (#1), 64 (#2)");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/\u001b/);
    const data = await asData(paths, { allowDifferentEnvironments: true });
    expect(data.differences.map(({ kind, field }) => `${kind} ${field}`)).toEqual([
      "environment machine.cpuModel",
      "environment machine.cores",
    ]);
  });

  it("notes, and does not refuse, another commit, script, load or scenario", async () => {
    const environment = {
      ...ENVIRONMENT,
      git: { revision: "e".repeat(40), dirty: true },
      scripts: { enter_queue: "changed" },
      machine: { ...ENVIRONMENT.machine, loadAverage: [1.9, 1, 1] as const },
      software: { ...ENVIRONMENT.software, ioredis: "9.9.9" },
    };
    const scenario = { ...SCENARIO, vus: 100, seed: 43, name: "other", mix: { new: 50, waiting: 50, active: 0 } };
    const { differences } = await asData([await save(report()), await save(report({ environment, scenario }))]);
    expect(differences.map(({ kind, field }) => `${kind} ${field}`)).toEqual([
      "scenario scenario.vus",
      "scenario scenario.mix",
      "noted git.revision",
      "noted git.dirty",
      "noted scripts.enter_queue",
      "noted machine.loadAverage",
    ]);
  });

  it("counts the version of ioredis where ioredis carries the load", async () => {
    const scenario = { ...SCENARIO, client: "ioredis" as const };
    const environment = { ...ENVIRONMENT, software: { ...ENVIRONMENT.software, ioredis: "9.9.9" } };
    const paths = [await save(report({ scenario })), await save(report({ scenario, environment }))];
    await expect(compare(paths)).rejects.toThrow(/software\.ioredis: 6\.0\.0 .*, 9\.9\.9/);
  });

  it("breaks many reports into several tables", async () => {
    const paths = [];
    for (let i = 0; i < 6; i++) paths.push(await save(report()));
    const text = await compare(paths);
    expect(text.match(/#1: TPS/g)).toHaveLength(2);
    expect(text).toContain("#6: TPS");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("is called with at least two readable reports", async () => {
    const one = await save(report());
    await expect(compare([one])).rejects.toThrow(/nothing to be compared with/);
    await expect(compare([one, join(folder, "none.json")])).rejects.toThrow(/no such file/);
    const command = new Command("compare");
    configure(command);
    let text = "";
    command.action(async () => {
      ({ text } = await execute(command));
    });
    await command.parseAsync([one, one, "--json"], { from: "user" });
    expect(JSON.parse(text)).toMatchObject({ kind: "compare" });
  });
});
