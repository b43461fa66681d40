import { Argument, type Command } from "commander";
import { EXIT, usageError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { OUTCOMES, type Outcome, type Score } from "../queue/outcome.js";
import { TOOL } from "../report/tool.js";
import { resolveScenario } from "../scenario/load.js";
import { DEFAULT_STRATEGIES, STRATEGY_NAMES, strategyNamed, takeLuaFile } from "../strategies/index.js";
import { isLuaFileName, LUA_FILE_FORM } from "../strategies/lua-file.js";
import type { Strategy } from "../strategies/strategy.js";
import type { CommandResult } from "./command.js";
import { completing } from "./completing.js";
import { addScenarioOptions, jsonWanted, scenarioFlags } from "./options.js";
import { type Walkthrough, walkThrough } from "./walkthrough.js";

const USERS: Readonly<Record<Outcome, string>> = {
  NEW: "a new user",
  WAITING: "a user who is waiting already",
  ACTIVE: "a user who is active already",
};

/** Of a script of the user's own. */
const ASSUMED =
  "The script is not run, nor read as Lua, without a Redis: the replies are those that it is expected to give.";

export function configure(command: Command): void {
  const strategy = new Argument("[strategy]", "one strategy, or lua:FILE; the default ones if left out");
  command.addArgument(completing(strategy, () => STRATEGY_NAMES));
  addScenarioOptions(command, ["score"]);
  command.option("--json", "print one JSON document");
}

export async function execute(command: Command): Promise<CommandResult> {
  const [name] = command.args;
  const mistake = name !== undefined && isLuaFileName(name) ? takeLuaFile(name) : undefined;
  if (mistake !== undefined) throw usageError(`${printable(name!, 300)}: ${mistake}`, LUA_FILE_FORM);
  const strategies = name === undefined ? DEFAULT_STRATEGIES : [strategyNamed(name)];
  const { score } = resolveScenario({ flags: scenarioFlags(command.opts()) }).scenario;
  const text = jsonWanted(command.opts().json, process.env)
    ? JSON.stringify(
        {
          schemaVersion: 1,
          kind: "explain",
          tool: TOOL,
          score,
          strategies: strategies.map((one) => asData(one, score)),
        },
        null,
        2,
      )
    : strategies.map((one) => asText(one, score)).join("\n\n");
  return { exitCode: EXIT.ok, text };
}

function asData(strategy: Strategy, score: Score) {
  const entries = OUTCOMES.map((before) => {
    const { roundTrips, answer } = walkThrough(strategy, score, before);
    const { outcome, position, total } = answer;
    return [before.toLowerCase(), { roundTrips, answer: { outcome, position, total } }];
  });
  const { name, summary, isForeign = false } = strategy;
  return { name, summary, ...(isForeign ? { assumed: ASSUMED } : {}), entries: Object.fromEntries(entries) };
}

function asText(strategy: Strategy, score: Score): string {
  const parts = OUTCOMES.map((before) => walkText(USERS[before], walkThrough(strategy, score, before)));
  const head = `${strategy.name}: ${strategy.summary}`;
  return [strategy.isForeign ? `${head}\n${ASSUMED}` : head, ...parts].join("\n\n");
}

function walkText(user: string, { roundTrips, answer }: Walkthrough): string {
  const commands = roundTrips.flat().length;
  const lines = roundTrips.flatMap((exchanges, trip) =>
    exchanges.map(({ sent, reply }, i) => `  ${i === 0 ? String(trip + 1).padStart(2) : "  "}  ${sent}  → ${reply}`),
  );
  const place = answer.outcome === "ACTIVE" ? "" : `, position ${answer.position} of ${answer.total}`;
  return [
    `  ${user}: ${plural(commands, "command")} in ${plural(roundTrips.length, "round trip")}`,
    ...lines,
    `      answer: ${answer.outcome}${place}`,
  ].join("\n");
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
