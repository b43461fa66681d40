import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";

const BENCH = fileURLToPath(new URL("bench-audit.js", import.meta.url));

it("a legal history is found legal, every operation of it looked at, within its memory", async () => {
  const operations = 300_000;
  const { stdout } = await execa(process.execPath, ["--expose-gc", BENCH, String(operations)]);
  const found = JSON.parse(stdout);
  expect(found).toMatchObject({ ok: true, anomalies: {}, coverage: "users", operations });
  expect(found.checked).toBeGreaterThanOrEqual(operations);
  expect(found.historyBytes / operations).toBeLessThan(50);
  // A million may take 100 MB, history included; less than a third of them may not take more than half of that.
  expect(found.historyBytes + found.auditBytes).toBeLessThan(50e6);
}, 60_000);
