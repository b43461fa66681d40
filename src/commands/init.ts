import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Command, Option } from "commander";
import { EXIT, environmentError, usageError } from "../base/errors.js";
import { makeFolder } from "../base/make-folder.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import { PACKAGE_FOLDER } from "../report/tool.js";
import type { CommandResult } from "./command.js";
import { completing } from "./completing.js";

/** What can be written, and where it goes. A new one is a file in docs/ci and a line here. */
const WORKFLOWS: Readonly<Record<string, { readonly template: string; readonly path: string }>> = {
  github: { template: "docs/ci/qbench.yml", path: ".github/workflows/qbench.yml" },
  "github-action": { template: "docs/ci/qbench-action.yml", path: ".github/workflows/qbench.yml" },
};

export function configure(command: Command): void {
  const names = Object.keys(WORKFLOWS);
  const ci = new Option("--ci <NAME>", `write a workflow that gates pull requests: ${names.join(", ")}`);
  command.addOption(completing(ci, () => names));
  command.option("--output <PATH>", "write it there");
}

/** @throws QbenchError (usage) if the file is there already: what somebody has changed is not overwritten. */
export async function execute(command: Command): Promise<CommandResult> {
  const { ci, output } = command.opts<{ ci?: string; output?: string }>();
  const names = Object.keys(WORKFLOWS);
  if (ci === undefined) throw usageError("init: nothing to write", `say what: --ci ${names.join(" or --ci ")}`);
  const workflow = Object.hasOwn(WORKFLOWS, ci) ? WORKFLOWS[ci] : undefined;
  if (workflow === undefined) {
    throw usageError(`--ci: unknown "${printable(ci)}"${didYouMean(ci, names)}`, `there is ${names.join(", ")}`);
  }
  const path = output ?? workflow.path;
  const text = readFileSync(`${PACKAGE_FOLDER}/${workflow.template}`, "utf8");
  try {
    makeFolder(dirname(path));
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw usageError(
        `${printable(path, 300)} is there already, and is left as it is`,
        "remove it first, or give another --output",
      );
    throw environmentError(`${printable(path, 300)} could not be written: ${message}`);
  }
  return { exitCode: EXIT.ok, text: `wrote ${path}: commit it, and pull requests are gated` };
}
