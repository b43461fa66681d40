#!/usr/bin/env node
/**
 * Renders the committed reports, and the results of the generator's benchmarks, that README and docs quote: as text
 * into them and as pictures beside them: `npm run docs`.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { proofText } from "./bench-gate.js";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const PROOF = /(<!-- proof: (\S+) -->\n)[\s\S]*?(<!-- \/proof -->)/g;
const QUOTE = /(<!-- result: (\S+) -->\n)[\s\S]*?(<!-- \/result -->)/g;

export const QUOTING = [
  "README.md",
  "docs/findings.md",
  "docs/gate.md",
  "docs/admission.md",
  "docs/faults.md",
  "docs/generator.md",
  "docs/measuring.md",
  "docs/agents.md",
  "docs/prediction.md",
  "docs/roadmap.md",
  "docs/cluster.md",
];

/** Pictures that the documents show: the file, the report that it is made of, and how. */
export const PICTURES = [
  { path: "docs/charts/default-tps.svg", report: "results/default.json", chart: "tps", theme: "light" },
  { path: "docs/charts/default-tps-dark.svg", report: "results/default.json", chart: "tps", theme: "dark" },
  { path: "docs/charts/shared-tps.svg", report: "results/shared.json", chart: "tps", theme: "light" },
  { path: "docs/charts/crossover.svg", report: "results/crossover.json", chart: "crossover", theme: "light" },
  { path: "docs/charts/default-percentiles.svg", report: "results/default.json", chart: "percentiles", theme: "light" },
  { path: "docs/charts/default-roadmap.svg", report: "results/default.json", chart: "roadmap", theme: "light" },
  { path: "docs/charts/roadmap.svg", report: "results/roadmap.json", chart: "roadmap", theme: "light" },
  { path: "docs/charts/default-tps-ko.svg", report: "results/default.json", chart: "tps", theme: "light", lang: "ko" },
];

/** What the benchmarks of the generator write has renderers of its own. */
const BENCHES = {
  "bench-generator": () => import("../dist/bench/generator.js"),
  "bench-scaling": () => import("../dist/bench/scaling.js"),
  "bench-rtt": () => import("../dist/bench/rtt.js"),
  "bench-memory": () => import("../dist/bench/memory.js"),
  "bench-agents": () => import("../dist/bench/agents.js"),
};

/** The text with every quoted result rendered anew. */
export async function withResults(text) {
  let result = text;
  for (const [whole, open, path, close] of text.matchAll(QUOTE)) {
    const rendered = await rendering(inProject(path));
    result = result.replace(whole, () => `${open}\`\`\`text\n${rendered}\n\`\`\`\n${close}`);
  }
  for (const [whole, open, path, close] of text.matchAll(PROOF)) {
    // It is measured once in a while: before that there is nothing to quote.
    if (!existsSync(inProject(path))) continue;
    const proof = proofText(JSON.parse(readFileSync(inProject(path), "utf8")));
    result = result.replace(whole, () => `${open}\`\`\`text\n${proof}\n\`\`\`\n${close}`);
  }
  return result;
}

export async function pictureOf({ report, chart, theme, lang }) {
  const { runReport } = await import("../dist/commands/report.js");
  const text = await runReport([inProject(report)], { format: "svg", color: false, chart, theme, lang });
  return `${text}\n`;
}

async function rendering(path) {
  if (!existsSync(path)) return "(not committed: the command above makes it)";
  const value = JSON.parse(readFileSync(path, "utf8"));
  const bench = BENCHES[value.kind];
  if (bench !== undefined) return (await bench()).render(value);
  const { runReport } = await import("../dist/commands/report.js");
  return runReport([path], { color: false });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of QUOTING) {
    const before = readFileSync(inProject(path), "utf8");
    writeFileSync(inProject(path), await withResults(before));
  }
  for (const picture of PICTURES) writeFileSync(inProject(picture.path), await pictureOf(picture));
}
