#!/usr/bin/env node
/** Renders the committed reports that README and docs quote into them: `npm run docs`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const QUOTE = /(<!-- result: (\S+) -->\n)[\s\S]*?(<!-- \/result -->)/g;

/** The text with every quoted report rendered anew. */
export async function withResults(text) {
  const { readRunReport } = await import("../dist/report/read.js");
  const { table } = await import("../dist/reporters/table.js");
  let result = text;
  for (const [whole, open, path, close] of text.matchAll(QUOTE)) {
    const rendered = table.render(await readRunReport(inProject(path)), { color: false }).trimEnd();
    result = result.replace(whole, () => `${open}\`\`\`text\n${rendered}\n\`\`\`\n${close}`);
  }
  return result;
}

export const QUOTING = ["README.md", "docs/findings.md"];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of QUOTING) {
    const before = readFileSync(inProject(path), "utf8");
    writeFileSync(inProject(path), await withResults(before));
  }
}
