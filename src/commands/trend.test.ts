import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENVIRONMENT, reportOf, SCENARIO } from "../report/testing.js";
import { configure, execute } from "./trend.js";

let folder: string;
const at = (day: number): Date => new Date(Date.UTC(2026, 0, 1 + day));
/** Ten days at one level, ten at three quarters of it. */
const reports = Array.from({ length: 20 }, (_, day) =>
  reportOf(
    {
      startedAt: at(day),
      scenario: { ...SCENARIO, strategies: ["lua"], trials: 3 },
      environment: { ...ENVIRONMENT, git: { revision: `${day}`.padStart(40, "a"), dirty: false } },
    },
    { lua: { tps: Math.round((day < 10 ? 10_000 : 7_500) * (1 + 0.005 * ((day * 7) % 5))) } },
  ),
);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
  // Not in the order of time.
  for (const [i, report] of reports.slice(0, 12).entries()) {
    writeFileSync(join(folder, `${(i * 5) % 12}.json`), JSON.stringify(report));
  }
  writeFileSync(
    join(folder, "rest.jsonl"),
    reports
      .slice(12)
      .map((report) => JSON.stringify(report))
      .join("\n"),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const trend = async (...args: string[]) => {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  configure(command);
  command.parse([...args, "--no-color"], { from: "user" });
  return execute(command);
};

describe("qbench trend", () => {
  it("puts the reports of a folder in order of time and marks where the level changed", async () => {
    const { exitCode, text } = await trend(folder, "--json");
    expect(exitCode).toBe(0);
    const { series } = JSON.parse(text);
    expect(series.length).toBe(1);
    expect(series[0].points.map(({ startedAt }: { startedAt: string }) => startedAt)).toEqual(
      reports.map(({ startedAt }) => startedAt),
    );
    expect(series[0].changes).toMatchObject([{ at: 10, ratio: expect.closeTo(0.75, 1) }]);
  });

  it("draws it, names the commit, and finds no change in what did not change", async () => {
    const { text } = await trend(folder);
    expect(text).toContain("default, lua: 20 reports");
    expect(text).toMatch(/^█{3}.*\|▆/m);
    expect(text).toContain("2026-01-11T00:00Z (aaaaaaaaaaaa…): ×0.7");
    expect((await trend(folder, "--figure", "callsPerEntry")).text).not.toMatch(/from here on|█\|/);
  });

  it("says where the machine was another one", async () => {
    const other = { ...reports[19]!, environment: { ...ENVIRONMENT, machine: { ...ENVIRONMENT.machine, cores: 64 } } };
    const path = join(folder, "other.json");
    writeFileSync(path, JSON.stringify({ ...other, startedAt: at(30).toISOString() }));
    expect((await trend(folder)).text).toContain("2026-01-31T00:00Z: other machine.cores");
    rmSync(path);
  });

  it("leaves out what is no report of a run, with a word, and refuses it if it was named", async () => {
    const path = join(folder, "x.json");
    writeFileSync(path, '{"schemaVersion": 1, "kind": "doctor"}');
    expect((await trend(folder)).text).toContain("left out");
    await expect(trend(path)).rejects.toThrow("x.json");
    rmSync(path);
    await expect(trend(join(folder, "nope"))).rejects.toThrow("there is no such file or folder");
    await expect(trend(folder, "--figure", "tsp")).rejects.toThrow('did you mean "tps"?');
  });
});
