import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import { buildFailureReport } from "./builder.js";
import { checkRunReport, readRunReport } from "./read.js";
import { reportOf } from "./testing.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reports-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const REPORT = JSON.parse(JSON.stringify(reportOf())) as Record<string, unknown>;

async function file(content: string): Promise<string> {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, content);
  return path;
}

async function refusal(path: string): Promise<string> {
  const error = await readRunReport(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QbenchError);
  expect((error as QbenchError).exitCode).toBe(2);
  return (error as QbenchError).message;
}

describe("reading a saved report", () => {
  it("gives back what was written, unknown fields included", async () => {
    const extended = { ...REPORT, later: { field: 1 } };
    expect(await readRunReport(await file(JSON.stringify(extended)))).toEqual(extended);
  });

  it("still reads the report that the first version wrote", async () => {
    const path = new URL("testdata/report-v1.json", import.meta.url).pathname;
    const report = await readRunReport(path);
    expect(report).toEqual(JSON.parse(await readFile(path, "utf8")));
    expect(report.strategies.map((one) => one.name)).toEqual(["individual", "dedup", "pipeline", "lua"]);
  });

  it.each([
    ["", /is no JSON/],
    ["{", /is no JSON/],
    ["[]", /no schemaVersion/],
    ["null", /no schemaVersion/],
    ["7", /no schemaVersion/],
    ['{"schemaVersion": 2}', /schemaVersion 2; this qbench reads version 1/],
    ['{"schemaVersion": "1"}', /schemaVersion "1"/],
    ['{"schemaVersion": 1}', /kind: /],
    ['{"schemaVersion": 1, "kind": "gate"}', /report of qbench gate; expected a report of qbench run/],
    ["[".repeat(100_000), /is no JSON/],
  ])("refuses %j in one message", async (content, message) => {
    expect(await refusal(await file(content))).toMatch(message);
  });

  it("names the place of what is missing or wrong, a few of many", async () => {
    const broken = structuredClone(REPORT) as { strategies: { trials: Record<string, unknown>[] }[] };
    broken.strategies[1]!.trials[2]!.tps = "fast";
    delete broken.strategies[0]!.trials[0]!.latency;
    const message = await refusal(await file(JSON.stringify(broken)));
    expect(message).toMatch(/strategies\[1\]\.trials\[2\]\.tps: .*number/);
    expect(message).toMatch(/strategies\[0\]\.trials\[0\]\.latency: /);
    const { strategies: _, ...empty } = REPORT;
    expect(
      (await refusal(await file(JSON.stringify({ ...empty, target: {}, scenario: {} })))).split("\n"),
    ).toHaveLength(7);
    expect(
      await refusal(await file(JSON.stringify(REPORT).replace('"durationMs":75000', '"durationMs":1e999'))),
    ).toMatch(/durationMs/);
  });

  it("says why a run that failed has nothing to show", async () => {
    const failure = buildFailureReport("run", new Error("no Redis \u001b[31mthere"));
    const message = await refusal(await file(JSON.stringify(failure)));
    expect(message).toContain("only the failure of its run: no Redis \\u{1b}[31mthere");
  });

  it("says of another document what it is", async () => {
    const plan = { schemaVersion: 1, kind: "plan", scenario: {}, trials: [] };
    expect(await refusal(await file(JSON.stringify(plan)))).toMatch(/is the plan that --dry-run printed.*; expected a/);
    expect(await refusal(await file(JSON.stringify({ ...plan, kind: "sweep" })))).toMatch(/a report of qbench sweep;/);
    for (const [name, kind] of [
      ["gate", "gate-proof"],
      ["aa", "aa"],
    ]) {
      const message = await refusal(fileURLToPath(new URL(`../../results/${name}.json`, import.meta.url)));
      expect(message).toMatch(new RegExp(`^[^\\n]*is a document of kind "${kind}", and no report$`));
    }
  });

  it("says what is wrong with the path", async () => {
    expect(await refusal(join(folder, "none.json"))).toMatch(/none\.json: there is no such file/);
    expect(await refusal(folder)).toMatch(/it is a folder/);
    expect(await refusal("bad\0path")).toMatch(/cannot read bad\\u\{0\}path/);
    expect(await refusal("/dev/zero")).toMatch(/too large/);
    const sparse = await file("");
    const { truncate } = await import("node:fs/promises");
    await truncate(sparse, 2 ** 33);
    expect(await refusal(sparse)).toMatch(/too large for a report/);
  });

  it("never throws anything but a usage error, whatever is changed in a report", () => {
    const paths: string[][] = [];
    const collect = (value: unknown, path: string[]): void => {
      paths.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, inner] of Object.entries(value)) collect(inner, [...path, key]);
    };
    collect(REPORT, []);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const changed = structuredClone({ root: REPORT }) as unknown as Record<string, never>;
        const [last, ...parents] = ["root", ...path].reverse();
        let at: Record<string, unknown> = changed;
        for (const key of parents.reverse()) at = at[key] as Record<string, unknown>;
        at[last!] = value;
        try {
          checkRunReport(changed.root, "file");
        } catch (error) {
          expect(error).toBeInstanceOf(QbenchError);
        }
      }),
      { numRuns: 150 },
    );
  });
});
