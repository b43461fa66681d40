import { readFileSync } from "node:fs";
import fc from "fast-check";
// @ts-expect-error: it comes without types
import parse from "parse-prometheus-text-format";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../report/schema.js";
import { AUDIT, reportOf } from "../report/testing.js";
import { prometheus } from "./prometheus.js";

interface Family {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly { readonly value: string; readonly labels?: Readonly<Record<string, string>> }[];
}

const V1 = JSON.parse(readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8")) as RunReport;

const families = async (report: RunReport): Promise<Map<string, Family>> => {
  const text = (await prometheus.render(report, { color: false })) as string;
  return new Map((parse(text) as Family[]).map((family) => [family.name, family]));
};

describe("prometheus", () => {
  it("is read back with the figures of every strategy, in base units", async () => {
    const found = await families(V1);
    const figure = (name: string, labels: Record<string, string>): number =>
      Number(
        found
          .get(`qbench_${name}`)
          ?.metrics.find((one) => Object.entries(labels).every(([key, value]) => one.labels?.[key] === value))?.value,
      );
    for (const { name: strategy, summary } of V1.strategies) {
      expect(figure("entries_per_second", { strategy })).toBe(summary.tps!.median);
      expect(figure("latency_seconds", { strategy, quantile: "0.99" })).toBe(summary.p99!.median / 1e6);
      expect(figure("calls_per_entry", { strategy })).toBe(summary.callsPerEntry);
      expect(figure("audit_ok", { strategy })).toBe(summary.audit.ok ? 1 : 0);
    }
    for (const { type } of found.values()) expect(type).toBe("GAUGE");
  });

  it("has failures and anomalies by kind, and nothing where nothing was measured", async () => {
    const lua = { timeouts: 3, change: { audit: { ...AUDIT, ok: false, anomalies: { lost: 2 } } } };
    const found = await families(reportOf({}, { lua }));
    const kinds = (name: string) => found.get(name)?.metrics.map(({ labels }) => `${labels?.strategy} ${labels?.kind}`);
    expect(kinds("qbench_failures")).toEqual(["lua timeout"]);
    expect(kinds("qbench_anomalies")).toEqual(["lua lost"]);
    const empty = await families(reportOf({ trials: [], complete: false }));
    expect(empty.get("qbench_entries_per_second")?.metrics ?? []).toEqual([]);
    expect(empty.get("qbench_run_complete")?.metrics[0]?.value).toBe("0");
  });

  it("keeps any name in its label", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), async (name) => {
        const strategies = V1.strategies.map((one, i) => (i === 0 ? { ...one, name } : one));
        const text = (await prometheus.render({ ...V1, strategies }, { color: false })) as string;
        for (const line of text.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
          expect(line).toMatch(/^qbench_\w+(\{(\w+="([^"\\]|\\[\\n"])*",?)*\})? [-+.\deE]+$/);
        }
      }),
      { numRuns: 30 },
    );
  });
});
