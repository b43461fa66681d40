import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { validateAction, validateWorkflow } from "@action-validator/core";
import { Command } from "commander";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configure } from "./gate.js";

/** The GitHub action, and the workflows that show it in use, against the schemas that GitHub's formats are published with. */
const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const textOf = (path: string): string => readFileSync(join(REPOSITORY, path), "utf8");

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}
const action = parse(textOf("action.yml"));
const steps: readonly Step[] = action.runs.steps;
const stepOf = (id: string): Step => steps.find((step) => step.id === id)!;
const inputs = Object.keys(action.inputs);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-action-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A step's script as a runner runs it. @returns its stdout, and what it wrote for others. */
async function run(id: string, env: Record<string, string>) {
  const [output, summary] = [join(folder, "output"), join(folder, "summary")];
  for (const path of [output, summary]) writeFileSync(path, "");
  const given = {
    GITHUB_OUTPUT: output,
    GITHUB_STEP_SUMMARY: summary,
    RUNNER_TEMP: folder,
    QBENCH: REPOSITORY,
    ...env,
  };
  const args = ["--noprofile", "--norc", "-eo", "pipefail", "-c", stepOf(id).run!];
  const { stdout } = await execa("bash", args, { env: given, cwd: folder });
  return { stdout, output: readFileSync(output, "utf8"), summary: readFileSync(summary, "utf8") };
}

describe("action.yml", () => {
  it("is an action by the published schema", () => {
    expect(validateAction(textOf("action.yml"))).toMatchObject({ errors: [] });
    expect(validateAction("name: x\nruns: {using: composite}\n").errors).not.toEqual([]);
  });

  it("uses every input, each by the environment of a step, and puts nothing from outside into a script", () => {
    const environment = steps.flatMap(({ env = {} }) => Object.values(env));
    for (const input of inputs) expect(environment).toContain(`\${{ inputs.${input} }}`);
    const used = environment.flatMap((value) => value.match(/inputs\.([\w-]+)/)?.[1] ?? []);
    expect(used.sort()).toEqual([...inputs].sort());
    for (const { run: script = "", env = {} } of steps) {
      expect(script).not.toContain("${{");
      for (const name of Object.keys(env)) expect(script).toContain(`$${name}`);
    }
  });

  it("gives options that the gate has, and the gate takes them", async () => {
    const gate = new Command();
    configure(gate);
    const flags = gate.options.map(({ long }) => long);
    const named = [...stepOf("gate").run!.matchAll(/(?<=[ (])--[a-z-]+/g)].map(([flag]) => flag);
    expect(named.length).toBeGreaterThan(6);
    for (const flag of named) expect(flags).toContain(flag);

    const defaults = Object.fromEntries(
      Object.entries<{ default?: string }>(action.inputs).map(([name, input]) => [
        name.replaceAll("-", "_").toUpperCase(),
        input.default ?? "",
      ]),
    );
    const sides = { BASE: "strategy:dedup", CANDIDATE: "strategy:lua" };
    const more = { FAIL_IF: "callsPerEntry>1\np99>1s\n", OPTIONS: "--dry-run --vus 50" };
    const { stdout, output } = await run("gate", { ...defaults, ...sides, ...more });
    expect(stdout).toMatch(/candidate {2}strategy:lua[\s\S]*metrics {4}tps, p99/);
    expect(output).toMatch(/^folder=.*qbench-gate-\w+\n$/);
  });

  it("tells what the gate has written, and nothing where it could not be measured", async () => {
    const at = { FOLDER: folder };
    expect(await run("tell", at)).toEqual({ stdout: "", output: "", summary: "" });
    writeFileSync(join(folder, "gate.json"), '{"verdict":"fail"}');
    writeFileSync(join(folder, "gate.md"), "### slower\n");
    writeFileSync(join(folder, "gate.annotations.txt"), "::error::slower\n");
    const told = { stdout: "::error::slower", output: "verdict=fail\n", summary: "### slower\n" };
    expect(await run("tell", at)).toEqual(told);
  });
});

describe.each(["qbench.yml", "qbench-action.yml"])("docs/ci/%s", (name) => {
  const text = textOf(`docs/ci/${name}`);

  it("is a workflow by the published schema, and puts nothing from outside into a script", () => {
    expect(validateWorkflow(text)).toMatchObject({ errors: [] });
    for (const { run: script = "" } of parse(text).jobs.gate.steps as Step[]) expect(script).not.toContain("${{");
  });

  it("gives this action what it takes", () => {
    const own = (parse(text).jobs.gate.steps as Step[]).filter(({ uses = "" }) => uses === "./.qbench");
    for (const { with: given = {} } of own) {
      for (const input of Object.keys(given)) expect(inputs).toContain(input);
      for (const [input, { required }] of Object.entries<{ required?: boolean }>(action.inputs)) {
        if (required) expect(given).toHaveProperty(input);
      }
    }
  });
});
