import Table from "cli-table3";
import { Argument, type Command } from "commander";
import { DESIGNS } from "../admission/index.js";
import { EXIT } from "../base/errors.js";
import { formatDuration } from "../base/units.js";
import { FAULTS } from "../faults/index.js";
import { ARRIVALS, PACERS } from "../pacers/index.js";
import { OUTCOMES, type Score } from "../queue/outcome.js";
import { TOOL } from "../report/tool.js";
import { REPORTERS } from "../reporters/index.js";
import { fileSource } from "../scenario/file.js";
import { resolveScenario } from "../scenario/load.js";
import { shippedScenarios } from "../scenario/shipped.js";
import { STRATEGIES } from "../strategies/index.js";
import type { CommandResult } from "./command.js";
import { completing } from "./completing.js";
import { addScenarioOptions, jsonWanted, scenarioFlags } from "./options.js";
import { topicOf } from "./topic.js";

const TOPICS = ["strategies", "arrivals", "scenarios", "reporters", "designs", "faults"] as const;

export function configure(command: Command): void {
  const what = new Argument("[what]", `one of ${TOPICS.join(", ")}; all of them if left out`);
  command.addArgument(completing(what, () => TOPICS));
  addScenarioOptions(command, ["score"]);
  command.option("--json", "print one JSON document");
}

export async function execute(command: Command): Promise<CommandResult> {
  const topic = topicOf(command.args[0], "list", TOPICS);
  const { score } = resolveScenario({ flags: scenarioFlags(command.opts()) }).scenario;
  const lists = {
    strategies: strategies(score),
    arrivals: arrivals(),
    scenarios: scenarios(),
    reporters: reporters(),
    designs: designs(),
    faults: faults(),
  };
  const wanted = TOPICS.filter((one) => topic === undefined || topic === one);
  if (jsonWanted(command.opts().json, process.env)) {
    const parts = Object.fromEntries(wanted.map((one) => [one, lists[one]]));
    return {
      exitCode: EXIT.ok,
      text: JSON.stringify({ schemaVersion: 1, kind: "list", tool: TOOL, score, ...parts }, null, 2),
    };
  }
  const tables = {
    strategies: () => strategyTable(lists.strategies, score),
    arrivals: () => arrivalTable(lists.arrivals),
    scenarios: () => scenarioTable(lists.scenarios),
    reporters: () => reporterTable(lists.reporters),
    designs: () => designTable(lists.designs),
    faults: () => faultTable(lists.faults),
  };
  return {
    exitCode: EXIT.ok,
    text: wanted
      .map((one) => tables[one]())
      .join("\n\n")
      .replace(/ +$/gm, ""),
  };
}

const strategies = (score: Score) =>
  STRATEGIES.map((strategy) => {
    const cost = strategy.cost(score);
    return {
      name: strategy.name,
      summary: strategy.summary,
      isDefault: strategy.isDefault,
      atomic: strategy.atomic,
      commands: Object.fromEntries(OUTCOMES.map((outcome) => [outcome.toLowerCase(), cost[outcome].commands])),
      roundTrips: Object.fromEntries(OUTCOMES.map((outcome) => [outcome.toLowerCase(), cost[outcome].roundTrips])),
      promises: strategy.promises(score),
    };
  });

const arrivals = () =>
  ARRIVALS.map((name) => ({ name, summary: PACERS[name].summary, takesStages: PACERS[name].takesStages }));

const scenarios = () =>
  [...shippedScenarios()].map(([name, path]) => ({
    name,
    path,
    description: String(fileSource(path).values.description ?? ""),
  }));

const reporters = () => REPORTERS.map(({ name, summary, endings }) => ({ name, summary, endings }));

const designs = () => DESIGNS.map(({ name, summary, atomic, token }) => ({ name, summary, atomic, token }));

const faults = () => FAULTS.map(({ name, summary, lastsMs, needs }) => ({ name, summary, lastsMs, needs }));

function strategyTable(rows: ReturnType<typeof strategies>, score: Score): string {
  const table = plainTable(["strategy", "calls", "round trips", "atomic", "what it sends"]);
  const figures = (of: (outcome: string) => number | undefined): string =>
    OUTCOMES.map((outcome) => of(outcome.toLowerCase())).join(" / ");
  for (const row of rows) {
    const calls = figures((outcome) => row.commands[outcome]?.length);
    table.push([
      row.isDefault ? row.name : `${row.name} *`,
      calls,
      figures((outcome) => row.roundTrips[outcome]),
      row.atomic,
      row.summary,
    ]);
  }
  return `${table}\nCalls and round trips of an entry by a user who is new / waiting already / active already; score: ${score}.\n* only where asked for: --strategy NAME, or all. A script of your own, in the form of lua/enter_queue.lua: --strategy lua:FILE.`;
}

function arrivalTable(rows: ReturnType<typeof arrivals>): string {
  const table = plainTable(["arrival", "when users come, with --rate"]);
  for (const { name, summary } of rows) table.push([name, summary]);
  return `${table}\nThe open model: --arrival NAME; --stages 0..5k:10s,5k:20s lays rates down one after another.`;
}

function scenarioTable(rows: ReturnType<typeof scenarios>): string {
  const table = plainTable(["scenario", "what it is for"]);
  for (const row of rows) table.push([row.name, row.description]);
  return `${table}\nqbench run NAME runs one; the files explain themselves.`;
}

function reporterTable(rows: ReturnType<typeof reporters>): string {
  const table = plainTable(["format", "file names", "what it is"]);
  for (const row of rows) table.push([row.name, row.endings.map((ending) => `*${ending}`).join(" "), row.summary]);
  return `${table}\nqbench run --output PATH writes a report; the ending of PATH says in which format.`;
}

function designTable(rows: ReturnType<typeof designs>): string {
  const table = plainTable(["admission design", "atomic", "token", "how it moves users from waiting to active"]);
  for (const row of rows) table.push([row.name, row.atomic, row.token, row.summary]);
  return `${table}\nqbench admit measures them; qbench run --admit NAME admits users beside the entries.`;
}

function faultTable(rows: ReturnType<typeof faults>): string {
  const table = plainTable(["fault", "lasts", "with --url", "what goes wrong"]);
  for (const { name, lastsMs, needs, summary } of rows) {
    table.push([
      name,
      lastsMs === null ? "-" : formatDuration(lastsMs),
      needs.startsWith("own-") ? "no" : "yes",
      summary,
    ]);
  }
  return `${table}\nqbench run --fault NAME@AT[:FOR], such as stall@2s:500ms, has it happen at that instant of every trial.`;
}

/** Columns without lines around them. */
function plainTable(head: string[]) {
  const nothing = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  };
  return new Table({ head, chars: nothing, style: { head: [], border: [], "padding-left": 0, "padding-right": 0 } });
}
