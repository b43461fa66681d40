import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { parse as parseJunit } from "junit2json";
import { beforeAll, describe, expect, it } from "vitest";
import { gateReportOf } from "../gate/testing.js";
import { type GateReport, gateReportSchema } from "../report/gate.js";
import type { RunReport } from "../report/schema.js";
import { reportOf } from "../report/testing.js";
import { parseThresholds } from "../report/thresholds.js";
import { REPORTERS, reporterFor, reporterNamed } from "./index.js";
import { FORMATS_BY_KIND } from "./kinds.js";
import { renderGateReport } from "./reporter.js";

/** Formats of others, held against their published descriptions and, where there is one, their reader. */
const render = (format: string, report: RunReport | GateReport): string => {
  const reporter = reporterNamed(format);
  const options = { color: false };
  return report.kind === "gate"
    ? renderGateReport(reporter, report, options)
    : (reporter.render(report, options) as string);
};

const HOSTILE = `a"<b>&'|\`*\n::error::%0A\u001b[31m\u202e`;
const run = reportOf({ thresholds: parseThresholds(["callsPerEntry>4", "p99>1h"], ["lua"]) });
let passed: GateReport;
let failed: GateReport;
let inconclusive: GateReport;
let hostile: GateReport;
let broken: GateReport;
beforeAll(async () => {
  passed = await gateReportOf(1);
  failed = await gateReportOf(1.3);
  inconclusive = await gateReportOf(1.06, { threshold: 0.05, maxPairs: 10, metrics: ["tps"] });
  inconclusive = {
    ...inconclusive,
    verdict: "inconclusive",
    reasons: [],
    metrics: inconclusive.metrics.map((one) => ({ ...one, verdict: "inconclusive" as const })),
  };
  hostile = await gateReportOf(1.3, { cases: [{ name: HOSTILE, base: "lua", candidate: "lua" }] });
  broken = {
    ...passed,
    complete: false,
    verdict: null,
    error: { code: 3, kind: "environment", message: HOSTILE, hint: null },
  };
});

describe("a gate's report", () => {
  it("is what its schema says, and comes back from JSON as it was", () => {
    for (const report of [passed, failed, inconclusive, hostile, broken]) {
      const text = render("json", report);
      expect(gateReportSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(report)));
    }
  });

  it.each([
    ["PASS", () => passed],
    ["FAIL: lua: tps is worse by", () => failed],
    ["INCONCLUSIVE after 10 pairs: tps between", () => inconclusive],
    ["No verdict", () => broken],
  ])("says %s in words, wherever people read it", (words, report) => {
    for (const format of ["table", "markdown"]) expect(render(format, report())).toContain(words);
  });

  it("has no form as CSV, and says so", () => expect(() => render("csv", passed)).toThrow("cannot be written as csv"));
});

describe("every format", () => {
  it("is written down for the commands whose reports have it", () => {
    const text = readFileSync(new URL("../../docs/reports.md", import.meta.url), "utf8").replace(/ +/g, " ");
    for (const [kind, formats] of FORMATS_BY_KIND) {
      const names = kind === "run" ? "all of them" : formats.map((name) => `\`${name}\``).join(", ");
      expect(text).toContain(`| \`${kind}\` | ${names} |`);
    }
  });

  const formats = REPORTERS.filter(({ renderGate }) => renderGate !== undefined).map(({ name }) => name);

  it.each(formats)("%s: no control character of a hostile name gets through", (format) => {
    const text = format === "json" ? "" : render(format, hostile);
    expect(text).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  });

  it("is asked for by the ending of a file's name, the longest that fits", () => {
    for (const reporter of REPORTERS) {
      for (const ending of reporter.endings) expect(reporterFor(`results/x${ending}`).name).toBe(reporter.name);
    }
    expect(reporterFor("a.bmf.json").name).toBe("bencher");
    expect(reporterFor("a.json").name).toBe("json");
  });
});

describe("JUnit", () => {
  const read = async (report: RunReport | GateReport) => {
    const suites = await parseJunit(render("junit", report));
    if (suites === undefined || suites === null || !("testsuite" in suites)) throw new Error("no test suites");
    const suite = suites.testsuite?.[0];
    return { suites, suite, cases: suite?.testcase ?? [] };
  };

  it("has a test case for each exact count, gated figure, limit and the audit, and the counts agree", async () => {
    const { suites, suite, cases } = await read(failed);
    expect(cases.map(({ name }) => name)).toEqual([
      "executedPerEntry",
      "callsPerEntry",
      "roundTripsPerEntry",
      "errors",
      "tps",
      "p99",
      "keeps what it promises",
    ]);
    const failures = cases.filter(({ failure }) => failure !== undefined);
    expect(failures.map(({ name }) => name)).toContain("tps");
    for (const one of [suites, suite])
      expect(one).toMatchObject({ tests: 7, failures: failures.length, errors: 0, skipped: 0 });
  });

  it("skips what is inconclusive, unless the gate was told to fail then", async () => {
    const { suite, cases } = await read(inconclusive);
    expect(suite).toMatchObject({ failures: 0, skipped: 1 });
    expect(cases.find(({ name }) => name === "tps")?.skipped).toBeDefined();
    const strict = await read({ ...inconclusive, gate: { ...inconclusive.gate, onInconclusive: "fail" } });
    expect(strict.suite).toMatchObject({ failures: 1, skipped: 0 });
  });

  it("has an error where the gate did not come to its end", async () => {
    const { suite, cases } = await read(broken);
    expect(suite).toMatchObject({ errors: 1 });
    expect(cases.at(-1)?.error?.[0]?.message).toContain("a\"<b>&'|");
  });

  it("of a run has its limits", async () => {
    const { cases } = await read(run);
    const failures = cases.filter(({ failure }) => failure !== undefined);
    expect(failures.map(({ classname, name }) => [classname, name])).toEqual([
      ["qbench run.individual", "callsPerEntry>4"],
    ]);
  });

  it("gives back a hostile name as it was, less what XML cannot hold", async () => {
    const { cases } = await read(hostile);
    expect(cases.length).toBe(7);
    expect(
      render("junit", { ...broken, error: { code: 3, kind: "x", message: "\u0000\uffff", hint: null } }),
    ).not.toContain("\u0000");
  });
});

describe("GitHub", () => {
  it("annotations are one command a line, ten of a level at most, with nothing foreign that could pass for one", () => {
    const many = {
      ...hostile,
      warnings: Array.from({ length: 40 }, (_, i) => ({ code: "x", message: `${HOSTILE} ${i}` })),
    };
    const lines = render("github-annotations", many).trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(/^::(error|warning) title=qbench gate::[^\r\n]+$/);
    expect(lines.filter((line) => line.startsWith("::warning")).length).toBe(10);
    expect(lines.at(-1)).toContain("and 31 more");
    // The runner undoes this: a per cent sign of the text is no escape.
    expect(lines.join("\n")).not.toMatch(/%0A(?!)/);
    expect(lines.join("\n")).toContain("%250A");
    expect(render("github-annotations", passed)).toBe("::notice title=qbench gate::all checks passed\n");
  });

  it("summary is Markdown that no name can break out of, short enough for a comment", () => {
    const text = render("markdown", {
      ...hostile,
      warnings: Array.from({ length: 5000 }, () => ({ code: "x", message: HOSTILE })),
    });
    expect(text.startsWith("<!-- qbench gate -->\n")).toBe(true);
    expect(text.length).toBeLessThan(65_536);
    const foreign = text.replace(/<!-- qbench gate -->|<\/?(details|summary)>/g, "");
    expect(foreign).not.toMatch(/(?<!\\)[<`*]b/);
    for (const row of text.split("\n").filter((line) => line.startsWith("|"))) {
      expect(row.replace(/\\./g, "").split("|").length).toBe(7);
    }
  });
});

describe("github-action-benchmark", () => {
  it("takes a list of names, units, numbers and texts, one file for each direction", () => {
    for (const report of [run, passed, hostile]) {
      for (const direction of ["bigger", "smaller"]) {
        const list = JSON.parse(render(`benchmark-action-${direction}`, report));
        expect(list.length).toBeGreaterThan(0);
        for (const { name, unit, value, range, extra, ...rest } of list) {
          expect([typeof name, typeof unit, typeof range, typeof extra, rest]).toEqual([
            "string",
            "string",
            "string",
            "string",
            {},
          ]);
          expect(Number.isFinite(value)).toBe(true);
        }
        expect(new Set(list.map(({ name }: { name: string }) => name)).size).toBe(list.length);
      }
    }
    const bigger = JSON.parse(render("benchmark-action-bigger", run));
    expect(bigger[0]).toMatchObject({
      name: "individual: tps",
      unit: "entries/s",
      value: run.strategies[0]!.summary.tps!.median,
    });
    const smaller = render("benchmark-action-smaller", run);
    expect(smaller).toContain("p99");
    expect(smaller).not.toContain("tps");
  });
});

describe("Bencher Metric Format", () => {
  /** As published at bencher.dev, in own words: name → measure → value and, perhaps, its bounds. */
  const number = { type: "number" };
  const metric = {
    type: "object",
    required: ["value"],
    properties: { value: number, lower_value: number, upper_value: number },
  };
  const measures = { type: "object", patternProperties: { ".+": metric }, minProperties: 1 };
  const isValid = new Ajv().compile({ type: "object", patternProperties: { ".+": measures } });

  it("is valid, with values between their bounds and slugs as measures", () => {
    for (const report of [run, passed, hostile]) {
      const document = JSON.parse(render("bencher", report));
      expect(isValid(document)).toBe(true);
      for (const [name, one] of Object.entries<Record<string, Record<string, number>>>(document)) {
        expect(name.length).toBeLessThanOrEqual(1024);
        for (const [measure, { value, lower_value, upper_value }] of Object.entries(one)) {
          expect(measure).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
          expect(lower_value! <= value! && value! <= upper_value!).toBe(true);
        }
      }
    }
  });

  it("gives latencies in nanoseconds", () => {
    const { lua } = JSON.parse(render("bencher", run));
    expect(lua.latency.value).toBe(run.strategies.find(({ name }) => name === "lua")!.summary.p50!.median * 1000);
  });
});

describe("benchstat", () => {
  /** Go's benchmark format: keys, units, and lines of a name, a count and pairs of number and unit. */
  const parse = (text: string) => {
    const lines = text.split("\n").filter((line) => line !== "");
    const results = lines.filter((line) => line.startsWith("Benchmark"));
    for (const line of lines) {
      expect(line).toMatch(/^(Benchmark\S+ \d+( [\d.]+(e-?\d+)? \S+)+|Unit \S+( \w+=\w+)+|[a-z]+: .*)$/);
    }
    return { lines, results };
  };

  it("has a line for each trial, whatever strategies are called", () => {
    expect(parse(render("benchstat", run)).results.length).toBe(20);
    expect(parse(render("benchstat", hostile)).results.length).toBe(20);
    expect(render("benchstat", run)).toMatch(/^BenchmarkEnter\/strategy=lua 45441 .* 1 calls\/entry 1 trips\/entry$/m);
  });

  it("tells the sides of a gate apart, what is better and what is exact", () => {
    const { lines } = parse(render("benchstat", passed));
    expect(lines.filter((line) => line.startsWith("side: "))).toEqual(["side: base", "side: candidate"]);
    expect(lines).toContain("Unit entries/s better=higher");
    expect(lines).toContain("Unit calls/entry better=lower assume=exact");
  });
});
