import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { EXIT, QbenchError, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { didYouMean } from "../base/suggest.js";
import type { Warning } from "../base/warning.js";
import { FIGURE_NAMES, type FigureName } from "../report/figures.js";
import { checkRunReport, readDocument, runReportIn } from "../report/read.js";
import { buildTrend, type TrendInput } from "../report/trend.js";
import { renderTrend } from "../reporters/trend-text.js";
import type { CommandResult } from "./command.js";
import { completing } from "./completing.js";
import { colorWanted, jsonWanted } from "./options.js";

const MOST_REPORTS = 2000;
const LARGEST_LINES_BYTES = 256 << 20;

export function configure(command: Command): void {
  command.argument("<paths...>", "folders of reports of qbench run, reports, or .jsonl files with a report a line");
  const figure = new Option("--figure <NAME>", `${FIGURE_NAMES.join(", ")}`).default("tps");
  command.addOption(completing(figure, () => FIGURE_NAMES));
  command.option("--json", "print one JSON document");
  command.option("--no-color", "no colours");
}

/** Informs, never blocks: a change is no failure. @throws QbenchError (usage) */
export async function execute(command: Command): Promise<CommandResult> {
  const { figure, json, color } = command.opts<{ figure: string; json?: boolean; color: boolean }>();
  if (!FIGURE_NAMES.includes(figure)) {
    throw usageError(`--figure: unknown figure "${printable(figure, 60)}"${didYouMean(figure, FIGURE_NAMES)}`);
  }
  const { loaded, warnings } = await load(command.args);
  if (loaded.length === 0) throw usageError("there is no report of qbench run in what was given", warnings[0]?.message);
  const trend = buildTrend(loaded, figure as FigureName, warnings);
  const text = jsonWanted(json, process.env)
    ? JSON.stringify(trend, null, 2)
    : renderTrend(trend, { color: colorWanted(color, process.env, process.stdout.isTTY === true) }).trimEnd();
  return { exitCode: EXIT.ok, text };
}

/** What lies in a folder and is no report of a run is left out, with a warning; what was named must be one. */
async function load(paths: readonly string[]): Promise<{ loaded: TrendInput[]; warnings: Warning[] }> {
  const loaded: TrendInput[] = [];
  const leftOut: string[] = [];
  for (const path of paths) {
    for (const file of filesOf(path)) {
      try {
        const reports = file.endsWith(".jsonl") ? lines(file) : [runReportIn(await readDocument(file))];
        loaded.push(...reports.map((report) => ({ path: file, report })));
      } catch (error) {
        if (!(error instanceof QbenchError) || file === path) throw error;
        leftOut.push(file);
      }
      if (loaded.length > MOST_REPORTS) throw usageError(`these are more than ${MOST_REPORTS} reports`, "give fewer");
    }
  }
  const message = `left out, being no reports of qbench run: ${leftOut.slice(0, 5).join(", ")}${leftOut.length > 5 ? ` and ${leftOut.length - 5} more` : ""}`;
  return { loaded, warnings: leftOut.length === 0 ? [] : [{ code: "left-out", message }] };
}

function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw usageError(`${printable(path, 300)}: there is no such file or folder`);
  if (!found.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.jsonl?$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function lines(path: string) {
  if (statSync(path).size > LARGEST_LINES_BYTES) throw usageError(`${printable(path, 300)} is too large`);
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line, i) =>
      line.trim() === "" ? [] : [checkRunReport(parsed(line, `${path}:${i + 1}`), `${path}:${i + 1}`)],
    );
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw usageError(`${printable(place, 300)} is no JSON`);
  }
}
