import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("bench-aa.js", import.meta.url));

test("A/A comparisons go on where they were cut, and end in one result", { timeout: 90_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "qbench-aa-"));
  const output = join(folder, "aa.json");
  const bench = (...more: string[]) => {
    const args = [SCRIPT, "--output", output, "--comparisons", "2", "--duration", "20ms", ...more];
    return spawnSync(process.execPath, args, { encoding: "utf8" });
  };
  try {
    const first = bench("--slice", "1");
    expect([first.status, first.stdout]).toEqual([0, ""]);
    expect(first.stderr).toContain("1 of 2; the same command goes on");
    expect(existsSync(output)).toBe(false);
    const other = bench("--seed", "9");
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining("other settings")]);
    const second = bench();
    expect([second.status, second.stdout]).toEqual([0, expect.stringMatching(/^\d of 2 comparisons found no/)]);
    const result = JSON.parse(readFileSync(output, "utf8"));
    expect(result).toMatchObject({ kind: "aa", comparisons: 2, settings: { rounds: 5, strategy: "lua" } });
    expect(result.verdicts.map(({ number }: { number: number }) => number)).toEqual([0, 1]);
    for (const { verdict, ratio, low, high } of result.verdicts) {
      expect(["faster", "slower", "no-difference"]).toContain(verdict);
      expect(low < ratio && ratio < high).toBe(true);
    }
    expect(result.environment.machine.cores).toBeGreaterThan(0);
    expect(existsSync(`${output}l`)).toBe(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
