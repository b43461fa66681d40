import type { Command } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { buildComparison, type ComparisonReport } from "../report/comparison.js";
import { readRunReport } from "../report/read.js";
import { renderSideBySide } from "../reporters/side-by-side.js";
import type { CommandResult } from "./command.js";
import { colorWanted, jsonWanted } from "./options.js";

export interface CompareOptions {
  readonly allowDifferentEnvironments: boolean;
  readonly json: boolean;
  readonly color: boolean;
}

export function configure(command: Command): void {
  command.argument("<reports...>", "two or more reports; each is compared with the first");
  command.option("--allow-different-environments", "compare also what was measured on different machines or servers");
  command.option("--json", "print one JSON document");
  command.option("--no-color", "no colours");
}

export async function execute(command: Command): Promise<CommandResult> {
  const { allowDifferentEnvironments = false, color, ...opts } = command.opts();
  const json = jsonWanted(opts.json, process.env);
  const isColored = colorWanted(color, process.env, process.stdout.isTTY === true);
  const text = await runCompare(command.args, { allowDifferentEnvironments, json, color: isColored });
  return { exitCode: EXIT.ok, text };
}

/** Lays saved reports side by side. @returns what goes to stdout. @throws QbenchError */
export async function runCompare(paths: readonly string[], options: CompareOptions): Promise<string> {
  if (paths.length < 2) throw usageError("one report has nothing to be compared with", "give two reports or more");
  const loaded = [];
  for (const path of paths) loaded.push({ path, report: await readRunReport(path) });
  const comparison = buildComparison(loaded);
  if (!options.allowDifferentEnvironments) refuseUnlike(comparison);
  if (options.json) return JSON.stringify(comparison, null, 2);
  return renderSideBySide(comparison, { color: options.color }).trimEnd();
}

/** @throws QbenchError (usage) naming exactly what differs. */
function refuseUnlike({ differences, reports }: ComparisonReport): void {
  const unlike = differences.filter(({ kind }) => kind === "environment");
  if (unlike.length === 0) return;
  const lines = unlike.map(({ field, values }) => {
    const each = values.map((value, i) => `${printable(value, 60)} (${printable(reports[i]?.path ?? "", 60)})`);
    return `  ${printable(field, 60)}: ${each.join(", ")}`;
  });
  throw usageError(
    `the reports were measured in different environments:\n${lines.join("\n")}`,
    "measure again on one machine and server, or add --allow-different-environments and read the ratios with that in mind",
  );
}
