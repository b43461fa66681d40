import { readFileSync } from "node:fs";
import { Command } from "commander";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANGS } from "../charts/labels.js";
import { THEMES } from "../charts/theme.js";
import { addScenarioOptions, scenarioFlags } from "../commands/options.js";
import type { RunReport } from "../report/schema.js";
import { resolveScenario } from "../scenario/load.js";
import { ARTICLES, articlesNamed } from "./index.js";
import { commandOf, Pen } from "./pen.js";

const EXCLUSIVE = JSON.parse(
  readFileSync(new URL("../report/testdata/report-v1.json", import.meta.url), "utf8"),
) as RunReport;
const SHARED: RunReport = { ...EXCLUSIVE, scenario: { ...EXCLUSIVE.scenario, connections: "shared" } };

function written(name: string, reports: readonly RunReport[], lang: (typeof LANGS)[number] = "en") {
  const pen = new Pen(lang, THEMES.light, name);
  for (const article of articlesNamed(name)) article.write(pen, reports);
  return { text: pen.markdown, pictures: pen.pictures };
}

describe.each(ARTICLES.map(({ name }) => name))("article %s", (name) => {
  it("has figures, charts and a command from the reports, and leaves judgement to the author, in either language", () => {
    for (const lang of LANGS) {
      const { text, pictures } = written(name, [EXCLUSIVE, SHARED], lang);
      expect(text).toMatch(/^# \S/);
      for (const { summary } of EXCLUSIVE.strategies) {
        expect(text).toContain(
          name === "when-cluster" ? "µs" : Math.round(summary.tps!.median).toLocaleString("en-US"),
        );
      }
      expect(text).toContain(commandOf(EXCLUSIVE));
      expect(text).toContain(lang === "ko" ? "> ✍ **저자:**" : "> ✍ **Author:**");
      const shown = [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, file]) => file);
      expect(shown).toEqual(pictures.map(({ file }) => file));
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.length).toBeGreaterThan(0);
      // Korean but for names, figures and commands.
      const prose = text.split("\n").filter((line) => /^(?:#|> |[A-Z가-힣])/.test(line));
      for (const line of prose)
        expect(/\p{Script=Hangul}/u.test(line), line).toBe(lang === "ko" && !/^## $/.test(line));
    }
  });

  it("says what is limited by the load generator", () => {
    const strategies = EXCLUSIVE.strategies.map((one, i) =>
      i === 0 ? { ...one, summary: { ...one.summary, limiter: "generator" as const } } : one,
    );
    const bound = { ...EXCLUSIVE, strategies };
    expect(written(name, [bound, SHARED]).text).toContain("the load generator was the limit of individual");
    expect(written(name, [EXCLUSIVE, SHARED]).text).not.toContain("the load generator was the limit of individual");
  });
});

describe("what a report lacks", () => {
  it("is named with the command that makes it", () => {
    expect(written("when-cluster", [EXCLUSIVE]).text).toMatch(/⚠ \*\*Missing:\*\* runs on a cluster[\s\S]*--cluster/);
    expect(written("lua-pipeline-individual", [SHARED]).text).toMatch(/Missing:.*exclusive/);
    const withoutIndividual = { ...EXCLUSIVE, strategies: EXCLUSIVE.strategies.slice(1) };
    expect(written("fewer-calls", [withoutIndividual]).text).toMatch(/Missing:.*individual/);
  });
});

describe("the command of a report", () => {
  it("resolves to the scenario that was measured", () => {
    for (const report of [EXCLUSIVE, SHARED]) {
      const words = commandOf(report).replace("qbench run ", "").replace(" --output report.json", "").split(" ");
      const command = new Command();
      addScenarioOptions(command);
      command.parse(words, { from: "user" });
      const { scenario } = resolveScenario({ flags: scenarioFlags(command.opts()), env: {} });
      expect({ ...scenario, name: "" }).toEqual({ ...scenario, ...report.scenario, name: "" });
    }
  });
});

it("names from outside stay text", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), fc.constant("x](javascript:1)<img>`'")),
      (name) => {
        const strategies = EXCLUSIVE.strategies.map((one, i) => (i === 1 ? { ...one, name } : one));
        const scenario = { ...EXCLUSIVE.scenario, name, strategies: [name] };
        const { text } = written("all", [{ ...EXCLUSIVE, strategies, scenario }]);
        const prose = text.replace(/```sh\n[\s\S]*?\n```/g, "");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        expect(prose).not.toMatch(/(?<!\\)<|(?<!\\)`|(?<!\\)\]\((?!all-\d+-\w+\.svg\))/);
      },
    ),
    { numRuns: 8 },
  );
});

it("an unknown article is told with those there are", () => {
  expect(() => articlesNamed("fewer-cals")).toThrow(/unknown article "fewer-cals" \(did you mean "fewer-calls"\?\)/);
});
