import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EXIT, usageError } from "../base/errors.js";
import { writeEach } from "./kind-outputs.js";
import { checkOutputs } from "./outputs.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-outputs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = (...paths: string[]): void => checkOutputs(paths, [".json", ".md"]);

describe("paths to write", () => {
  it("are left as they were: nothing is made, nothing is cut", () => {
    const there = join(folder, "there.json");
    writeFileSync(there, "precious");
    const { mtimeMs } = statSync(there);
    check(there, join(folder, "new.json"), join(folder, "new.MD"));
    expect(readdirSync(folder)).toEqual(["there.json"]);
    expect(readFileSync(there, "utf8")).toBe("precious");
    expect(statSync(there).mtimeMs).toBe(mtimeMs);
  });

  it("that cannot be written are told all at once", () => {
    mkdirSync(join(folder, "d.json"));
    writeFileSync(join(folder, "file"), "");
    symlinkSync(join(folder, "nowhere", "x"), join(folder, "link.json"));
    const wrong: [string, RegExp][] = [
      [join(folder, "x.txt"), /ends in .json, .md/],
      [join(folder, "x"), /ends in .json, .md/],
      [join(folder, "d.json"), /this is a folder/],
      [join(folder, "none", "x.json"), /there is no folder .*none/],
      [join(folder, "file", "x.json"), /file is no folder/],
      [join(folder, "link.json"), /link to nowhere/],
      ["/proc/x.json", /--output \/proc\/x.json: /],
    ];
    let message = "";
    try {
      check(...wrong.map(([path]) => path));
    } catch (error) {
      message = (error as Error).message;
    }
    for (const [, expected] of wrong) expect(message).toMatch(expected);
    expect(message.split("--output")).toHaveLength(wrong.length + 1);
    expect(readdirSync(folder).sort()).toEqual(["d.json", "file", "link.json"]);
  });

  it("are told if they are given twice", () => {
    expect(() => check(join(folder, "a.json"), `${folder}/./a.json`)).toThrow("given twice");
  });
});

it("writes what can be written: neither a chart without data nor a disk takes the rest with it", async () => {
  const [gone, chart, good] = [join(folder, "none", "x.json"), join(folder, "x.svg"), join(folder, "x.json")];
  const said = vi.spyOn(console, "error").mockImplementation(() => {});
  const { writtenTo, error } = await writeEach([gone, chart, good], undefined, ({ name }) => {
    if (name === "svg") throw usageError("nothing to draw");
    return name;
  });
  expect(said.mock.calls.flat()).toEqual([expect.stringContaining(gone), expect.stringContaining(`${chart} was not`)]);
  said.mockRestore();
  expect([writtenTo, error?.exitCode, readdirSync(folder)]).toEqual([[good], EXIT.environment, ["x.json"]]);
});
