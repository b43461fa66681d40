import { type Command, Option } from "commander";
import { usageError } from "../base/errors.js";
import { mistakesError } from "../base/mistakes.js";
import { printable } from "../base/printable.js";
import { parseCount, parseDuration, UnitError } from "../base/units.js";
import type { Endpoint } from "../drivers/driver.js";
import { envNameOf } from "../scenario/options.js";
import type { Scenario } from "../scenario/scenario.js";
import { placeOf } from "./options.js";

/** Agents that make the load in place of this process. */
export interface AgentsOptions {
  readonly count: number;
  /** The control Redis. */
  readonly control: Endpoint;
  readonly patienceMs: number;
  readonly waitMs: number;
}

const GROUP = "Agents (load from several machines):";
const MOST_AGENTS = 1000;
const DEFAULT_PATIENCE = "10s";
const DEFAULT_WAIT = "1m";

export const CONTROL_HELP = "redis[s]://[[USER]:PASSWORD@]HOST[:PORT][/DB] at which agents and the controller meet";

export function addAgentsOptions(command: Command): void {
  const add = (flags: string, help: string): void => void command.addOption(new Option(flags, help).helpGroup(GROUP));
  add("--agents <N>", "have N agents make the load, with --instances each; `qbench agent` starts one");
  add("--control <URL>", `${CONTROL_HELP}; not the server to measure`);
  add("--agent-timeout <TIME>", `how long an agent may be silent before it is lost (${DEFAULT_PATIENCE})`);
  add("--agent-wait <TIME>", `how long agents, and the control Redis, are waited for (${DEFAULT_WAIT})`);
}

/** Null where no agents are asked for. @throws QbenchError (usage) that tells all mistakes */
export async function agentsOptions(
  opts: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): Promise<AgentsOptions | null> {
  const mistakes: string[] = [];
  const given = (name: string, flag: string): string | undefined =>
    (opts[name] as string | undefined) ?? (env[envNameOf(flag)] || undefined);
  const read = (
    text: string,
    flag: string,
    parse: (text: string) => number,
    [least, most]: readonly [number, number],
    expected: string,
  ): number => {
    try {
      const value = parse(text);
      if (value >= least && value <= most) return value;
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
    }
    mistakes.push(`${placeOf(opts, flag, env)}: expected ${expected}, got "${printable(text, 40)}"`);
    return least;
  };
  const [agents, control] = [given("agents", "agents"), given("control", "control")];
  const whole = (text: string): number => {
    const value = parseCount(text);
    return Number.isInteger(value) ? value : Number.NaN;
  };
  const range = [1, MOST_AGENTS] as const;
  const count = read(agents ?? "1", "agents", whole, range, `a whole number from 1 to ${MOST_AGENTS}`);
  const patience = given("agentTimeout", "agent-timeout") ?? DEFAULT_PATIENCE;
  const patienceMs = read(patience, "agent-timeout", parseDuration, [1000, 600_000], "a time from 1s to 10m");
  const wait = given("agentWait", "agent-wait") ?? DEFAULT_WAIT;
  const waitMs = read(wait, "agent-wait", parseDuration, [1000, 86_400_000], "a time from 1s to 24h");
  if (agents === undefined && opts.control !== undefined) {
    mistakes.push("--control is where agents meet: say with --agents how many there are");
  }
  if (agents !== undefined && control === undefined) {
    mistakes.push("--agents needs --control: the Redis at which they meet, which is not the one to measure");
  }
  if (mistakes.length > 0) throw mistakesError(mistakes, "docs/agents.md shows a run from several machines");
  if (agents === undefined || control === undefined) return null;
  const { redisUrl } = await import("../targets/url.js");
  return { count, control: redisUrl(control, placeOf(opts, "control", env)), patienceMs, waitMs };
}

/** The scenario of all agents together. @throws QbenchError (usage) if it is none for agents */
export async function scenarioOfAgents(scenario: Scenario, { count }: AgentsOptions): Promise<Scenario> {
  const { instances, instanceShares, faults } = scenario;
  const { faultNamed, faultText } = await import("../faults/index.js");
  const proxied = faults.find(({ name }) => faultNamed(name).needs === "proxy");
  if (proxied !== undefined) {
    throw usageError(
      `--fault ${faultText(proxied)} needs a proxy in front of the server, and agents on other machines would not reach one here`,
      "client-kill ends their connections too: the server closes them",
    );
  }
  const ofEach = instanceShares?.map((share) => share / count) ?? null;
  const whole = {
    ...scenario,
    instances: instances * count,
    instanceShares: ofEach && Array.from({ length: count }, () => ofEach).flat(),
  };
  const { conflictsIn } = await import("../scenario/check.js");
  const [conflict] = conflictsIn(whole);
  if (conflict !== undefined) throw usageError(`--agents: ${conflict.message}`);
  return whole;
}
