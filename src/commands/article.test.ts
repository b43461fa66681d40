import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const REPORT = inProject("results/default.json");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "article-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const article = (...words: string[]) =>
  execa("node", [inProject("bin/qbench.js"), "article", ...words], { reject: false });

it("writes the article and every picture that it shows", { timeout: 60_000 }, async () => {
  const output = join(folder, "new", "articles");
  const { stdout, exitCode } = await article("fewer-calls", REPORT, "--lang", "ko", "--output", output);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(join(output, "fewer-calls.md"));
  const text = readFileSync(stdout, "utf8");
  const shown = [...text.matchAll(/\]\(([^)]+\.svg)\)/g)].map(([, file]) => file!);
  expect(readdirSync(output).sort()).toEqual(["fewer-calls.md", ...shown].sort());
  for (const file of shown)
    expect(readFileSync(join(output, file), "utf8")).toMatch(/^<svg role="img" aria-label=".*[가-힣]/);
});

it("says what is wrong before anything is written", { timeout: 60_000 }, async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const [words, message] of [
    [["none", REPORT, "--output", folder], /unknown article "none"/],
    [["all", join(folder, "no.json"), "--output", folder], /there is no such file/],
    [["all", REPORT], /--output/],
    [["all", REPORT, "--output", join(file, "x")], /cannot be made a folder/],
  ] as const) {
    const { exitCode, stderr } = await article(...words);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  }
  expect(readdirSync(folder).filter((name) => name.endsWith(".md"))).toEqual([]);
});
