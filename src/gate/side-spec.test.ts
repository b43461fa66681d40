import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkSides, parseSides } from "./side-spec.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
  writeFileSync(join(folder, "a.lua"), "return 1");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("reads each kind of side", () => {
  expect(parseSides("strategy:dedup", `lua:${folder}/a.lua`)).toMatchObject({
    base: { kind: "strategy", what: "dedup", label: "strategy:dedup" },
    candidate: { kind: "lua", label: `lua:${folder}/a.lua` },
  });
  expect(parseSides("git:main", "git:HEAD~1").candidate).toMatchObject({ kind: "git", what: "HEAD~1" });
  expect(parseSides("scenario:smoke", "scenario:my.yaml").base.what).toBe("smoke");
});

it("never shows a password", () => {
  const { base } = parseSides("url:redis://me:secret@127.0.0.1:7000", "url:redis://127.0.0.1:7001");
  expect(base.label).toBe("url:127.0.0.1:7000");
  expect(base.what).toContain("secret");
});

it.each([
  [undefined, "strategy:lua", "--base is missing"],
  ["strategy:lua", "", "--candidate is missing"],
  ["lua", "strategy:lua", 'did you mean "strategy:lua"?'],
  ["stratgy:lua", "strategy:lua", 'did you mean "strategy"?'],
  ["strategy:luaa", "strategy:lua", 'did you mean "lua"?'],
  ["strategy:", "strategy:lua", "names nothing"],
  ["redis://u:secret@h:1", "strategy:lua", 'did you mean "url:redis://…"?'],
  ["lua:/no/such.lua", "strategy:lua", "there is no such file"],
  ["lua:/", "strategy:lua", "this is no file"],
  ["git:--upload-pack=x", "git:HEAD", "expected a git revision"],
  ["git:HEAD", "strategy:lua", "cannot be compared"],
  ["url:http://x", "url:redis://127.0.0.1", "--base url: is not a Redis URL"],
])("refuses %s against %s: %s", (base, candidate, message) => {
  expect(() => checkSides(parseSides(base, candidate))).toThrow(message);
  try {
    checkSides(parseSides(base, candidate));
  } catch (error) {
    expect(String(error)).not.toContain("secret");
  }
});
