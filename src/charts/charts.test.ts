import { readFileSync } from "node:fs";
import { Resvg } from "@resvg/resvg-js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RoadmapReport } from "../report/roadmap.js";
import type { RunReport } from "../report/schema.js";
import type { SweepReport } from "../report/sweep.js";
import { certaintyOf, crossoverText } from "../report/sweep-words.js";
import { AUDIT, reportOf, SCENARIO } from "../report/testing.js";
import { placeText } from "../sweep/axis.js";
import { planOf, sweepReportOf } from "../sweep/testing.js";
import type { Chart, Drawing, Look } from "./chart.js";
import { CHARTS, chartNamed } from "./index.js";
import { LABELS, LANGS } from "./labels.js";
import { sourceOf, svgOf } from "./svg.js";
import { THEMES } from "./theme.js";

const V1 = JSON.parse(readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8")) as RunReport;
const LOOK: Look = { labels: LABELS.en, theme: THEMES.light };
/** The same run with more users: what a crossover is made of. */
const WIDER: RunReport = { ...V1, scenario: { ...V1.scenario, vus: 9000 } };

const ATTACKS = [
  "</text><script>alert(1)</script>",
  '"><image href="http://example.com/x"/>',
  "]]><foreignObject/>",
  "&lt;b&gt;",
  "{a|rich} {c} {b}",
  "@whisker",
  "__proto__",
  "constructor",
  "toString",
  "\u202egnihtyna\u0000",
];

function drawn(chart: Chart, report: RunReport, look = LOOK): Drawing {
  const drawing = chart.draw(report, look, [WIDER]);
  if (typeof drawing === "string") throw new Error(`${chart.name}: ${drawing}`);
  return drawing;
}

const svg = (chart: Chart, report: RunReport, look = LOOK): Promise<string> =>
  svgOf(drawn(chart, report, look), sourceOf(report, look), look);

/** What is to be read in a picture, markup undone. */
const textsOf = (picture: string): string[] =>
  [...picture.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) =>
    text
      .replaceAll("&lt;", "<")
      .replaceAll("&#39;", "'")
      .replaceAll("&quot;", '"')
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  );

/** An XML parser at its strictest, and a renderer. */
const parsed = (picture: string) => new Resvg(picture, { font: { loadSystemFonts: false } });

const cells = (name: string, report: RunReport): string[][] =>
  drawn(chartNamed(name), report).table.map((row) => [...row]);

describe.each(CHARTS.map((chart) => [chart.name, chart] as const))("chart %s", (_, chart) => {
  it("gives the same bytes for the same report, whatever was drawn before", async () => {
    const first = await svg(chart, V1);
    await svg(chartNamed("tps"), WIDER);
    expect(await svg(chart, structuredClone(V1))).toBe(first);
    expect(first).not.toMatch(/zr\d|ecmeta|<style|<script/);
    expect(parsed(first).width).toBe(960);
  });

  it("has title, subtitle and source in the language that is asked for", async () => {
    for (const lang of LANGS) {
      const look = { labels: LABELS[lang], theme: THEMES.dark };
      const texts = textsOf(await svg(chart, V1, look));
      const { title, subtitle } = drawn(chart, V1, look);
      expect(texts).toEqual(expect.arrayContaining([title, ...subtitle.split("\n"), sourceOf(V1, look)]));
      expect(/\p{Script=Hangul}/u.test(texts.join("")), lang).toBe(lang === "ko");
    }
  });

  it("has the same figures as a table, one cell for each heading", () => {
    const [head, ...rows] = drawn(chart, V1).table;
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row).toHaveLength(head!.length);
  });

  it("names no function that is not there, and none in what comes from outside", async () => {
    const renamed = (report: RunReport): RunReport => ({
      ...report,
      strategies: report.strategies.map((one, i) => ({ ...one, name: ["individual", "@latency", "{c}", "lua"][i]! })),
    });
    const report = renamed(V1);
    const drawing = chart.draw(report, LOOK, [renamed(WIDER)]) as Drawing;
    const names = [...JSON.stringify(drawing.option).matchAll(/"(?:formatter|valueFormatter|renderItem)":"(@\w*)"/g)];
    expect(names.map(([, name]) => name)).not.toContain("");
    const texts = textsOf(await svgOf(drawing, sourceOf(report, LOOK), LOOK)).join("\n");
    if (/individual/.test(texts) && chart.name !== "roadmap") {
      expect(texts).toContain("@latency");
      expect(texts).toContain("{c}");
    }
  });

  it("says in a sentence why it has nothing to draw", () => {
    const empty = chart.draw(reportOf({ trials: [], complete: false }), LOOK, []);
    expect(empty).toEqual(expect.stringMatching(/^\w.{20,}/));
  });
});

describe("figures in the charts", () => {
  it("tps: the medians, and the answer as title", async () => {
    const texts = textsOf(await svg(chartNamed("tps"), V1));
    for (const { summary } of V1.strategies) {
      expect(texts.join("\n")).toContain(Math.round(summary.tps!.median).toLocaleString("en-US"));
    }
    const ratios = V1.strategies.flatMap(({ summary }) => summary.vsBaseline?.tpsRatio ?? []);
    expect(drawn(chartNamed("tps"), V1).title).toContain(`${Math.max(...ratios).toFixed(1)} times the entries of`);
  });

  it("tps: hatches what the load generator decided, and says so", async () => {
    const bound = reportOf({}, { lua: { limiter: "generator" } });
    expect(await svg(chartNamed("tps"), bound)).toContain("<pattern");
    expect(drawn(chartNamed("tps"), bound).subtitle).toContain(LABELS.en.hatched);
    const free = reportOf();
    expect(await svg(chartNamed("tps"), free)).not.toContain("<pattern");
    expect(drawn(chartNamed("tps"), free).subtitle).not.toContain(LABELS.en.hatched);
  });

  it("percentiles: of all entries, as the report's own summary has them", () => {
    const rows = cells("percentiles", V1);
    const merged = V1.strategies.map(({ summary }) => summary.merged);
    const us = (text: string): number => Number.parseFloat(text) * (text.endsWith("ms") ? 1000 : 1);
    rows.slice(1).forEach((row, i) => {
      expect(us(row[1]!) / merged[i]!.p50!).toBeCloseTo(1, 2);
      expect(us(row[4]!) / merged[i]!.p99!).toBeCloseTo(1, 2);
    });
  });

  it("anomalies: each kind of each strategy, and none as none", () => {
    const lua = { change: { audit: { ...AUDIT, ok: false, anomalies: { lost: 2, "both-new": 1234 } } } };
    const rows = cells("anomalies", reportOf({ scenario: { ...SCENARIO, trials: 1 } }, { lua }));
    expect(rows).toEqual([
      ["anomaly", "individual", "dedup", "pipeline", "lua"],
      ["both-new", "0", "0", "0", "1,234"],
      ["lost", "0", "0", "0", "2"],
    ]);
    expect(drawn(chartNamed("anomalies"), reportOf()).title).toMatch(/nothing wrong in [\d,]+ entries/);
  });

  it("crossover: only reports that differ in one number", () => {
    const chart = chartNamed("crossover");
    const other = { ...WIDER, scenario: { ...WIDER.scenario, pool: 99 } };
    expect(chart.draw(V1, LOOK, [other])).toMatch(/differ in one number/);
    expect(chart.draw(V1, LOOK, [V1])).toMatch(/differ in one number/);
    const drawing = chart.draw(WIDER, LOOK, [V1]) as Drawing;
    expect(drawing.title).toBe("Entries a second by vus");
    expect(drawing.table.slice(1).map(([vus]) => vus)).toEqual(["3,000", "9,000"]);
  });
});

describe("charts of a sweep", () => {
  const byPool = (strategy: string, numbers: readonly number[]): number =>
    strategy === "lua" ? 20_000 : 500 * (numbers.at(-1) as number);
  const sweepOf = (axes: string[]) => sweepReportOf(planOf(axes, { trials: 2 }), byPool);
  const drawnOf = (name: string, report: SweepReport, look = LOOK): Drawing =>
    chartNamed(name).drawSweep!(report, look) as Drawing;

  it("crossover: a line for each strategy along the longest axis, and where one overtakes the other", async () => {
    const report = await sweepOf(["vus=100,200", "pool=10,20,50"]);
    const drawing = drawnOf("crossover", report);
    expect(drawing.title).toMatch(/^individual overtakes lua at pool 4\d\.?\d* \(95 %: /);
    expect(drawing.subtitle).toContain("At vus 100.");
    expect(drawing.table.map(([place]) => place)).toEqual(["pool", "10", "20", "50"]);
    expect(JSON.stringify(drawing.option)).toContain("markArea");
  });

  it("crossover: claims no more than is certain", async () => {
    const report = await sweepOf(["pool=10,20,50"]);
    const [crossing] = report.crossovers as [SweepReport["crossovers"][number]];
    const { low, high } = crossing;
    const told = (change: Partial<typeof crossing>, look = LOOK): string[] => {
      const changed = { ...report, crossovers: [{ ...crossing, ...change }] };
      const { title, subtitle } = drawnOf("crossover", changed, look);
      return [title, subtitle.split("\n")[0]!, crossoverText(changed, changed.crossovers[0]!)];
    };
    const [above, , aboveText] = told({ low: null });
    expect(above).toBe(`individual is ahead of lua from pool ${placeText({ unit: null }, high!)} (95 %) on`);
    expect(aboveText).toContain(`${above}; below no difference is certain; they cross between 20 and 50`);
    const [below, , belowText] = told({ high: null });
    expect(below).toBe(`lua is ahead of individual up to pool ${placeText({ unit: null }, low!)} (95 %)`);
    expect(belowText).toContain(`${below}; above no difference is certain`);
    const [nothing, line, text] = told({ low: null, high: null });
    expect(nothing).toBe("tps by pool");
    expect(line).toMatch(/^Neither individual nor lua is certainly ahead around pool 4/);
    expect(text).toMatch(/^neither individual nor lua is certainly ahead around pool 4/);
    // Crossed again before its end, that end speaks for the other one.
    const back = { ...crossing, at: 49, before: crossing.after, after: crossing.before, low: null, high: 50 };
    const twice = { ...report, crossovers: [{ ...crossing, high: 50 }, back] };
    expect(twice.crossovers.map((one) => certaintyOf(twice, one))).toEqual(["below", "above"]);
    expect(certaintyOf({ ...twice, crossovers: [crossing] }, crossing)).toBe("both");
    for (const change of [{}, { low: null }, { high: null }]) {
      expect(told(change, { ...LOOK, labels: LABELS.ko })[0]).toMatch(/pool.*individual.*lua|pool.*lua.*individual/);
    }
  });

  it("heatmap: a row for each strategy and combination of the other axes", async () => {
    const drawing = drawnOf("heatmap", await sweepOf(["vus=100,200", "pool=10,20,50"]));
    expect(drawing.title).toBe("tps by vus × pool");
    expect(drawing.table.map((row) => row[0])).toEqual([
      "strategy",
      "individual, vus 100",
      "individual, vus 200",
      "lua, vus 100",
      "lua, vus 200",
    ]);
    expect(drawing.table[3]).toEqual(["lua, vus 100", ...[1, 2, 3].map(() => expect.stringMatching(/^(19|20)\.\dk$/))]);
  });

  it("are pictures in every language, the same bytes for the same sweep", async () => {
    const report = await sweepOf(["think-time=1ms,10ms,500ms"]);
    for (const name of ["crossover", "heatmap"]) {
      for (const lang of LANGS) {
        const look = { labels: LABELS[lang], theme: THEMES.dark };
        const picture = () => svgOf(drawnOf(name, report, look), sourceOf(report, look, "think-time"), look);
        const first = await picture();
        expect(await picture()).toBe(first);
        expect(parsed(first).width).toBe(960);
        expect(textsOf(first)).toEqual(expect.arrayContaining([drawnOf(name, report, look).title]));
      }
    }
  });

  it("say why there is nothing to draw", async () => {
    const words = await sweepOf(["connections=exclusive,shared"]);
    expect(chartNamed("crossover").drawSweep!(words, LOOK)).toMatch(/needs a sweep with an axis of numbers/);
    const empty = { ...words, points: [] };
    expect(chartNamed("heatmap").drawSweep!(empty, LOOK)).toMatch(/nothing to draw/);
    const cut = { ...(await sweepOf(["pool=10,20"])), points: [], crossovers: [] };
    expect(chartNamed("crossover").drawSweep!(cut, LOOK)).toMatch(/nothing to draw/);
  });

  it.each(ATTACKS)("keep a strategy named %j as text", async (name) => {
    const report = await sweepOf(["pool=10,20"]);
    const points = report.points.map((point) => ({
      ...point,
      strategies: point.strategies.map((cell, i) => (i === 0 ? { ...cell, name } : cell)),
    }));
    const hostile = { ...report, points, sweep: { ...report.sweep, strategies: [name, "lua"] } };
    for (const chart of ["crossover", "heatmap"]) parsed(await svgOf(drawnOf(chart, hostile), "source", LOOK));
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("the chart of a roadmap", () => {
  const interval = (median: number) => ({ median, low: 0.9 * median, high: 1.1 * median, coverage: 0.94 });
  const stage = (name: string, published: readonly [number, number], tps: number | null, limiter = "network") => ({
    name,
    published: { kind: "expected", tps: published },
    variants:
      tps === null
        ? []
        : [
            {
              name: "round trips of 1 ms",
              predicted: { tps: tps / 2, meanUs: 1, bottleneck: "network" },
              measured: { rounds: 5, tps: interval(tps), limiters: { [limiter]: 5 } },
              gain: name === "Phase 3" ? { ratio: 1.4 } : null,
            },
          ],
  });
  const { tool, target, environment, scenario, startedAt } = V1;
  const roadmapOf = (stages: readonly ReturnType<typeof stage>[]): RoadmapReport =>
    ({ tool, target, environment, scenario, startedAt, goal: { tps: 8000 }, stages }) as unknown as RoadmapReport;
  const REPORT = roadmapOf([
    stage("Phase 2", [4345, 4345], 5000),
    stage("Phase 3", [5600, 6500], 7000, "generator"),
    stage("cluster", [9000, 9000], null),
  ]);
  const drawnOf = (report: RoadmapReport, look = LOOK): Drawing =>
    chartNamed("roadmap").drawRoadmap!(report, look) as Drawing;

  it("has each stage as published, predicted and measured, and the goal", async () => {
    const drawing = drawnOf(REPORT);
    expect(drawing.table.slice(1)).toEqual([
      ["Phase 2", "4,345", "2,500", "5,000", "4.50k–5.50k"],
      ["Phase 3", "5,600–6,500", "3,500", "7,000", "6.30k–7.70k"],
      ["cluster", "9,000", "", "", ""],
    ]);
    expect(drawing.subtitle).toContain("At round trips of 1 ms.");
    expect(drawing.subtitle).toContain(LABELS.en.hatched);
    for (const lang of LANGS) {
      const look = { labels: LABELS[lang], theme: THEMES.dark };
      const picture = () => svgOf(drawnOf(REPORT, look), sourceOf(V1, look), look);
      const first = await picture();
      expect(await picture()).toBe(first);
      expect(parsed(first).width).toBe(960);
      const { labels } = look;
      const words = [labels.stagesTitle, labels.published, labels.predicted, labels.measured, labels.goal("8,000")];
      expect(textsOf(first)).toEqual(expect.arrayContaining([...words, "7,000  ×1.40", "cluster"]));
    }
  });

  it("says why there is nothing to draw, and keeps names from outside as text", async () => {
    const nothing = roadmapOf([stage("Phase 2", [4345, 4345], null)]);
    expect(chartNamed("roadmap").drawRoadmap!(nothing, LOOK)).toMatch(/nothing to draw/);
    for (const name of ATTACKS) {
      const hostile = roadmapOf([stage(name, [1, 1], 5e-324), stage("@rate", [1, 1e15], 1e300)]);
      parsed(await svgOf(drawnOf(hostile), "source", LOOK));
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("text and figures from outside", { timeout: 60_000 }, () => {
  it("stay text in a picture, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHARTS.filter(({ name }) => !["roadmap", "crossover"].includes(name))),
        fc.oneof(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), fc.constantFrom(...ATTACKS)),
        async (chart, name) => {
          const strategies = V1.strategies.map((one, i) => (i === 1 ? { ...one, name } : one));
          const picture = await svg(chart, { ...V1, strategies, tool: { ...V1.tool, version: name } });
          parsed(picture);
          const tags = new Set([...picture.matchAll(/<\/?(\w+)/g)].map(([, tag]) => tag));
          for (const tag of tags)
            expect(["svg", "rect", "path", "text", "g", "defs", "pattern", "clipPath"]).toContain(tag);
          expect(Object.keys(Object.prototype)).toEqual([]);
          expect(picture).not.toMatch(/<[^>]*\s(?:on\w+|href|xlink:href)=/);
        },
      ),
      { numRuns: 15 },
    );
  });

  it.each(ATTACKS)("change nothing else: a strategy named %j", async (name) => {
    const strategies = V1.strategies.map((one, i) => (i === 1 ? { ...one, name } : one));
    // The second time a text is met, it comes from a cache.
    for (const chart of ["tps", "timeline", "anomalies", "tps"]) await svg(chartNamed(chart), { ...V1, strategies });
    const added = [Object.prototype, Object, Object.prototype.toString].flatMap((one) => Object.keys(one));
    expect(added).toEqual([]);
  });

  it("of any size end in a picture or a sentence, soon", async () => {
    const extremes = [0, 5e-324, 1e-9, 1, 1e15, Number.MAX_VALUE];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CHARTS),
        fc.constantFrom(...extremes),
        fc.constantFrom(...extremes),
        async (chart, tps, us) => {
          const report = structuredClone(V1);
          const interval = (value: number) => ({ median: value, low: value, high: value, coverage: 1 });
          for (const { summary, trials } of report.strategies) {
            Object.assign(summary, { tps: interval(tps), p50: interval(us), p99: interval(us), callsPerEntry: us });
            for (const trial of trials) Object.assign(trial, { tps, durationMs: us });
          }
          const drawing = chart.draw(report, LOOK, [WIDER]);
          if (typeof drawing !== "string") parsed(await svgOf(drawing, "source", LOOK));
        },
      ),
      { numRuns: 15 },
    );
  });
});
