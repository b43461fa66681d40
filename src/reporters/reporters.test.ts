import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import { reportJsonSchema } from "../report/json-schema.js";
import { type RunReport, runReportSchema } from "../report/schema.js";
import { AUDIT, ENVIRONMENT, reportOf, SCENARIO, trialsOf } from "../report/testing.js";
import { headerOf } from "../report/words.js";
import { REPORTERS, reporterFor, reporterNamed } from "./index.js";

const V1 = JSON.parse(readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8")) as RunReport;

/** All that can go wrong in one report. */
const TROUBLED = reportOf(
  { scenario: { ...SCENARIO, strategies: ["individual", "pipeline-blind", "lua"], trials: 6 }, complete: false },
  {
    "pipeline-blind": { tps: 30_000, calls: 4, limiter: "generator" },
    lua: {
      tps: 4_000,
      timeouts: 300,
      change: {
        audit: { ...AUDIT, ok: false, anomalies: { lost: 2 }, brokenPromises: ["lost"] },
        warnings: [{ code: "reconnected", message: "2 connections were lost and opened again" }],
      },
    },
  },
);
/** Races: promises kept and broken, and what nobody promised. */
const RACES = reportOf(
  { scenario: { ...SCENARIO, strategies: ["individual", "lua"], trials: 5 } },
  {
    individual: {
      change: {
        audit: {
          ...AUDIT,
          ok: false,
          anomalies: { "double-new": 120 },
          exercised: ["lost", "phantom", "double-new", "wrong-outcome"],
          promises: ["lost", "phantom", "wrong-outcome"],
          examples: [
            {
              kind: "double-new",
              rule: "told NEW again while waiting since an earlier NEW",
              concert: 2,
              user: 17,
              events: [
                { what: "enter", result: "NEW", instance: 0, sentUs: 100, repliedUs: 2100, position: 4, total: 9 },
                {
                  what: "repeat",
                  result: "NEW",
                  instance: 0,
                  sentUs: 150,
                  repliedUs: 2900.5,
                  position: 4,
                  total: 9,
                  isToBlame: true,
                },
                { what: "afterwards", result: "waiting", instance: -1 },
              ],
            },
          ],
        },
      },
    },
    lua: {
      change: {
        audit: {
          ...AUDIT,
          ok: false,
          anomalies: { lost: 1 },
          brokenPromises: ["lost"],
          exercised: ["lost", "phantom", "double-new"],
          promises: ["lost", "phantom", "double-new"],
        },
      },
    },
  },
);
/** A fault that all recover from, and one that nobody lives to see the end of. */
const FAULTY = reportOf(
  {
    scenario: {
      ...SCENARIO,
      strategies: ["individual", "lua"],
      trials: 2,
      faults: [
        { name: "restart", atMs: 1000, forMs: 100 },
        { name: "maxmemory", atMs: 2000, forMs: 500 },
      ],
    },
  },
  {
    individual: { change: { faults: faultsOf(420, null, { timeout: 12, connection: 1840 }) } },
    lua: {
      change: {
        faults: faultsOf(180, 96.5, { connection: 20 }),
        audit: { ...AUDIT, lostByServer: 8123 },
      },
    },
  },
);

function faultsOf(longestGapMs: number, recoveryMs: number | null, failures: Record<string, number>) {
  const restart = { name: "restart", atMs: 1000, forMs: 100, beganMs: 1000.4, endedMs: 1131.7, succeeded: 9000 };
  const maxmemory = { name: "maxmemory", atMs: 2000, forMs: 500, beganMs: 2000.1, endedMs: 2500.9, succeeded: 4000 };
  return [
    { ...restart, failures, successRate: 0.9, longestGapMs, degradedMs: 300, recoveryMs },
    { ...maxmemory, failures: { OOM: 24_000 }, successRate: 0.14, longestGapMs: 501, degradedMs: 500, recoveryMs: 0 },
  ];
}

/** Text that tries to break out of every format. */
const EVIL = '=1+1|<b>\u001b[2J"x",\r\n`@';
const HOSTILE = reportOf({
  scenario: { ...SCENARIO, strategies: [EVIL, "lua"], name: "+cmd" },
  environment: { ...ENVIRONMENT, machine: { ...ENVIRONMENT.machine, cpuModel: "CPU \u001b]0;title\u0007" } },
  warnings: [{ code: "x", message: `beware of\u001b[31m ${"long ".repeat(60)}` }],
});

/** Of the formats whose text is there at once. */
const render = (name: string, report: RunReport, color = false): string =>
  reporterNamed(name).render(report, { color }) as string;
/** Of any. */
const rendered = async (name: string, report: RunReport): Promise<string> =>
  String(await reporterNamed(name).render(report, { color: false }));
const withoutColor = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  text.replace(/\u001b\[\d+m/g, "");

describe("golden texts", () => {
  it.each([
    ["table", V1, "table.txt"],
    ["table", TROUBLED, "table-troubled.txt"],
    ["markdown", V1, "markdown.txt"],
    ["markdown", HOSTILE, "markdown-hostile.txt"],
    ["csv", V1, "trials.csv"],
    ["table", RACES, "table-races.txt"],
    ["markdown", RACES, "markdown-races.txt"],
    ["table", FAULTY, "table-faults.txt"],
    ["markdown", FAULTY, "markdown-faults.txt"],
  ])("%s", async (name, report, file) => {
    await expect(render(name, report)).toMatchFileSnapshot(`golden/${file}`);
  });

  it("tells where the report was written", () => {
    const text = reporterNamed("table").render(V1, { color: false, writtenTo: ["results/one.json"] });
    expect(text).toMatch(/\n\nreport {2}results\/one\.json\n$/);
  });
});

describe("json", () => {
  it("is the report, key for key and in order", () => {
    expect(render("json", V1)).toBe(`${JSON.stringify(V1, null, 2)}\n`);
    expect(Object.keys(reportOf())).toEqual(Object.keys(V1));
    // What has been added since stands between.
    const before = V1.strategies[0]!.trials[0]!;
    const keys = Object.keys(reportOf().strategies[0]!.trials[0]!);
    expect(keys.filter((key) => key in before)).toEqual(Object.keys(before));
  });
});

describe("table", () => {
  it("fits 120 columns, also with the widest of everything", () => {
    const wide = reportOf(
      {
        scenario: {
          ...SCENARIO,
          strategies: ["a-baseline-of-quite-some-length", "pipeline-blind"],
          mix: { new: 33.3, waiting: 33.3, active: 33.4 },
        },
        environment: { ...ENVIRONMENT, machine: { ...ENVIRONMENT.machine, cpuModel: "CPU ".repeat(60) } },
        warnings: [{ code: "long", message: "word ".repeat(80) + "x".repeat(300) }],
      },
      {
        "a-baseline-of-quite-some-length": { tps: 1_234_000, calls: 6, limiter: "offered-load", timeouts: 9 },
        "pipeline-blind": {
          tps: 123_000,
          calls: 4,
          limiter: "generator",
          change: { audit: { ...AUDIT, ok: false, anomalies: { lost: 99_999 } } },
        },
      },
    );
    for (const report of [V1, TROUBLED, HOSTILE, RACES, FAULTY, wide]) {
      for (const line of render("table", report).split("\n")) expect([...line].length, line).toBeLessThanOrEqual(120);
    }
  });

  it("says with colours nothing that it does not say in words", () => {
    for (const report of [V1, TROUBLED, RACES, FAULTY]) {
      const colored = render("table", report, true);
      expect(colored).not.toBe(render("table", report));
      expect(withoutColor(colored)).toBe(render("table", report));
      // No colour reaches into the next line.
      for (const line of colored.split("\n")) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
        const codes = [...line.matchAll(/\u001b\[(\d+)m/g)].map(([, code]) => Number(code));
        expect(codes.filter((code) => code === 22 || code === 39).length * 2).toBe(codes.length);
      }
    }
  });

  it("never lets a generator-bound strategy win in silence", () => {
    const line = (text: string, part: string) => text.split("\n").find((one) => one.includes(part));
    const text = render("table", TROUBLED);
    expect(line(text, "In throughput against")).toContain("limited by the load generator");
    expect(text).toMatch(/pipeline-blind[^─]*faster[^─]*generator-bound/);
    expect(render("markdown", TROUBLED)).toContain("| faster, generator-bound |");
    expect(render("table", V1)).not.toContain("generator-bound");
    const bound = reportOf({}, { individual: { limiter: "generator" } });
    expect(line(render("markdown", bound), "In throughput")).toContain(
      "individual itself was limited by the load generator",
    );
    expect(render("table", bound)).toMatch(/pipeline[^─]*faster[^─]*generator-bound/);
  });

  it("says so where nothing was measured", () => {
    const empty = reportOf({ trials: [], complete: false });
    for (const name of ["table", "markdown"]) expect(render(name, empty)).toContain("No trial came to its end");
    expect(render("csv", empty).trim().split("\n")).toHaveLength(1);
    const oneSided = trialsOf(SCENARIO).filter((trial) => trial.strategy !== "lua");
    const text = render("table", reportOf({ trials: oneSided, complete: false }));
    expect(text).toMatch(/lua is without a trial to compare\./);
  });
});

describe("text from outside", () => {
  it.each(REPORTERS.map(({ name }) => name).filter((name) => !["json", "png", "html"].includes(name)))(
    "cannot steer a terminal: %s",
    async (name) => {
      const text = await rendered(name, HOSTILE);
      // CSV keeps the text as it is, for programs: there it is quoted.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      if (name !== "csv") expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    },
  );

  it("stays in its cell of a Markdown table", () => {
    const rows = render("markdown", HOSTILE)
      .split("\n")
      .filter((line) => line.startsWith("|"));
    expect(rows).toHaveLength(4);
    for (const row of rows.filter((one) => !one.includes("---"))) {
      expect(row.replaceAll("\\|", "").split("|")).toHaveLength(16);
    }
    expect(rows.join()).not.toContain("<b>");
  });

  it("is no formula and no second cell in a spreadsheet", () => {
    const text = render("csv", HOSTILE);
    expect(text).toContain(`"'=1+1|<b>\u001b[2J""x"",\r\n\`@",0,`);
    expect(text).toContain(",'+cmd,");
  });
});

describe("csv", () => {
  it("has one line for each trial, with as many cells as the heading", () => {
    const [head, ...lines] = render("csv", V1).trimEnd().split("\n");
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(line.split(",")).toHaveLength(head!.split(",").length);
    const column = head!.split(",").indexOf("tps");
    expect(lines.map((line) => Number(line.split(",")[column]))).toEqual(
      V1.strategies.flatMap((strategy) => strategy.trials.map((trial) => trial.tps)),
    );
  });
});

describe("registry of formats", () => {
  it("finds a format by name and by ending", () => {
    expect(reporterNamed("markdown").name).toBe("markdown");
    expect(reporterFor("results/A.JSON").name).toBe("json");
    expect(reporterFor("x.md").name).toBe("markdown");
    const endings = REPORTERS.flatMap((reporter) => reporter.endings);
    expect(new Set(endings).size).toBe(endings.length);
  });

  it("says what there is where it does not find one", () => {
    expect(() => reporterNamed("markdwon")).toThrow(/unknown format "markdwon" \(did you mean "markdown"\?\)/);
    expect(() => reporterFor("report.pdf")).toThrow(QbenchError);
    expect(() => reporterFor("report")).toThrow(/does not say which format/);
  });
});

describe("the fixture", () => {
  it("is a valid report", () => {
    expect(runReportSchema.safeParse(V1).success).toBe(true);
    expect(Object.keys(reportJsonSchema())).toContain("$defs");
  });
});

const NO_READS = { reads: 0, readsFailed: 0, readsNowhere: 0 };

it.each(["table", "markdown"])("%s tells how positions were read, and how stale replicas were", (name) => {
  const [trial] = trialsOf(SCENARIO).filter(({ strategy }) => strategy === "lua");
  const users = { arrivals: 10, polls: 0, repeats: 0, returns: 0, leaves: 0, leavesFailed: 0 };
  const staleness = {
    replicas: 1,
    everyUs: 1000,
    reads: 400,
    staleReads: 100,
    failed: 0,
    behind: { unit: "us" as const, p50: 0, p99: 1500, max: 4000 },
  };
  const server = { ...trial!.server, replicas: [{ node: 3, reads: 1234, cpuUtilization: 0.25 }] };
  const change = { users: { ...users, reads: 1234, readsFailed: 0, readsNowhere: 7 }, staleness, server };
  const trials = trialsOf(SCENARIO).filter(({ strategy }) => strategy === "lua").length;
  const told = render(name, reportOf({}, { lua: { change } })).replaceAll(/\s+/g, " ");
  expect(told).toContain(`${(1234 * trials).toLocaleString("en-US")} positions read, ${7 * trials} found nowhere`);
  expect(told).toContain("the busiest replica 25.0 % busy");
  expect(told).toContain(
    "0 µs at p50, 1.50 ms at p99, 4.00 ms at most (looked at every 1.00 ms, which may be missing); 25.0 %",
  );
});

it.each(["table", "markdown"])("%s tells what users did besides entering, and how much never started", (name) => {
  const [trial] = trialsOf(SCENARIO).filter(({ strategy }) => strategy === "lua");
  const users = { arrivals: 1200, polls: 34, repeats: 0, returns: 2, leaves: 5, leavesFailed: 1, ...NO_READS };
  const entries = { ...trial!.entries, dropped: trial!.entries.attempted };
  const report = reportOf({}, { lua: { change: { users, entries } } });
  const told = render(name, report);
  expect(told).toMatch(/lua: 6,000 arrived, 170 polls, 10 came back, 25 left$/m);
  expect(told.replace(/\s+/g, " ")).toMatch(name === "markdown" ? "50.0 % dropped" : / 50\.0 % .* dropped /);
  expect(told).toMatch(/lua: 50.0 % of the entries were due and never started/);
  expect(render(name, reportOf())).not.toMatch(/arrived|dropped/);
});

it.each([
  [{}, /^3,000 users, each entering again at once; new/],
  [{ pollEvery: { everyMs: 3000, jitterPercent: 0 } }, /^3,000 users, each entering once; polling every 3s/],
  [
    { pollEvery: "adaptive", leavePercent: 2, mix: { new: 90, waiting: 0, active: 10 }, thinkTimeMs: 50 } as const,
    /^3,000 users, each entering once, and again after 50ms when active or gone; polling adaptively; leaving/,
  ],
])("the load of %j says when users enter", (change, words) => {
  const [, load] = headerOf(reportOf({ scenario: { ...SCENARIO, ...change } }, {}))[1]!;
  expect(load).toMatch(words);
});
