import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PICTURES, pictureOf, QUOTING, withResults } from "./docs.js";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

describe("figures in the documents", () => {
  it.each(QUOTING)("%s quotes its committed reports as they are", async (path) => {
    const text = read(path);
    expect(text).toMatch(/<!-- (result|proof): results\//);
    expect(await withResults(text)).toBe(text);
  });

  it.each(PICTURES)("$path shows its committed report as it is", async (picture) => {
    expect(read(picture.path)).toBe(await pictureOf(picture));
  });

  it("are all shown somewhere, and all made", () => {
    const made = PICTURES.map(({ path }) => path.replace("docs/charts/", "")).sort();
    expect(readdirSync(new URL("../docs/charts", import.meta.url)).sort()).toEqual(made);
    const shown = ["README.md", "docs/findings.md", "docs/reports.md", "docs/roadmap.md"].map(read).join("");
    for (const name of made) expect(shown).toContain(`charts/${name}`);
  });
});
