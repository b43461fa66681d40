import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configure, execute } from "./gate.js";
import * as init from "./init.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (
  module: { configure(command: Command): void; execute(command: Command): Promise<{ text: string }> },
  args: string[],
) => {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} });
  module.configure(command);
  command.parse(args, { from: "user" });
  return module.execute(command);
};
const fileOf = (name: string): string => fileURLToPath(new URL(`../../docs/ci/${name}`, import.meta.url));
const template = fileOf("qbench.yml");

describe("qbench init --ci", () => {
  it.each([
    ["github", template],
    ["github-action", fileOf("qbench-action.yml")],
  ])("%s writes the workflow, folders and all, and never over a file", async (ci, source) => {
    const path = join(folder, ".github", "workflows", "qbench.yml");
    await run(init, ["--ci", ci, "--output", path]);
    expect(readFileSync(path, "utf8")).toBe(readFileSync(source, "utf8"));
    writeFileSync(path, "mine");
    await expect(run(init, ["--ci", ci, "--output", path])).rejects.toThrow("is there already");
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  it.each([
    [[], "nothing to write"],
    [["--ci", "githb"], 'did you mean "github"?'],
    [["--ci", "constructor"], "unknown"],
  ])("refuses %j", async (args, message) => expect(run(init, args)).rejects.toThrow(message));
});

describe("the workflow", () => {
  const workflow = parse(readFileSync(template, "utf8"));
  const steps: { name?: string; run?: string; env?: Record<string, string> }[] = workflow.jobs.gate.steps;

  it("runs a gate that this qbench understands", async () => {
    const { run: line = "" } = steps.find(({ name }) => name === "Gate")!;
    const words = line
      .trim()
      .split(/\s+/)
      .map((word) => word.replaceAll('"', "").replace(/\$\w+/, "HEAD"));
    expect(words.slice(0, 3)).toEqual(["node", "bin/qbench.js", "gate"]);
    const outputs = words.filter((_, i) => words[i - 1] === "--output");
    expect(outputs).toEqual(["gate.json", "gate.md", "gate.xml", "gate.annotations.txt"]);
    // In a folder of its own: whether files can be written is tried.
    const inFolder = words.slice(3).map((word) => (outputs.includes(word) ? join(folder, word) : word));
    const { text } = await run({ configure, execute }, [...inFolder, "--dry-run"]);
    expect(text).toContain("candidate  git:HEAD");
  });

  it("puts nothing from outside into a script but through its environment", () => {
    for (const { run: line = "" } of steps) expect(line).not.toContain("${{");
    expect(workflow.permissions).toEqual({ contents: "read", "pull-requests": "write" });
  });
});
