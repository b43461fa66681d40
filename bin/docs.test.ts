import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { QUOTING, withResults } from "./docs.js";

describe("figures in the documents", () => {
  it.each(QUOTING)("%s quotes its committed reports as they are", async (path) => {
    const text = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    expect(text).toContain("<!-- result: results/");
    expect(await withResults(text)).toBe(text);
  });
});
