import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { QbenchError } from "../base/errors.js";
import { resolveScenario } from "../scenario/load.js";
import { configure, execute } from "./agent.js";
import { agentsOptions, scenarioOfAgents } from "./agents-options.js";

const CONTROL = "redis://:secret@127.0.0.1:1";

describe("--agents", () => {
  it("are none unless asked for, whatever the environment says of where they would meet", async () => {
    expect(await agentsOptions({}, {})).toBeNull();
    expect(await agentsOptions({}, { QBENCH_CONTROL: CONTROL })).toBeNull();
  });

  it("come from the command line and the environment", async () => {
    const options = await agentsOptions({ agents: "4", agentWait: "5m" }, { QBENCH_CONTROL: CONTROL });
    expect(options).toMatchObject({ count: 4, waitMs: 300_000, patienceMs: 10_000, control: { password: "secret" } });
  });

  it.each([
    [{ agents: "2" }, /--agents needs --control/],
    [{ control: CONTROL }, /say with --agents how many there are/],
    [{ agents: "0", control: CONTROL }, /--agents: expected a whole number from 1 to 1000, got "0"/],
    [{ agents: "1.5", control: CONTROL }, /--agents: expected a whole number/],
    [{ agents: "2", control: "http://secret" }, /--control is not a Redis URL/],
    [
      { agents: "2", control: CONTROL, agentTimeout: "10" },
      /--agent-timeout: expected a time from 1s to 10m, got "10"/,
    ],
    [{ agents: "2", control: CONTROL, agentWait: "0s", agentTimeout: "x" }, /--agent-timeout[\s\S]*--agent-wait/],
  ])("%j are refused in one message", async (opts, message) => {
    const refused = await agentsOptions(opts, {}).catch((error) => error);
    expect(refused).toMatchObject({ kind: "usage", message: expect.stringMatching(message) });
    expect(`${refused.message}${refused.hint}`).not.toContain("secret");
  });
});

describe("the scenario of all agents", () => {
  const scenarioOf = async (agents: number, flags: Record<string, string>) => {
    const { scenario } = resolveScenario({ file: undefined, flags: { strategy: "lua", ...flags }, env: {} });
    return scenarioOfAgents(scenario, (await agentsOptions({ agents: `${agents}`, control: CONTROL }, {}))!);
  };

  it("has the instances of each; all else is of all together", async () => {
    const scenario = await scenarioOf(3, { instances: "2", vus: "100", rate: "50" });
    expect(scenario).toMatchObject({ instances: 6, vus: 100, ratePerSec: 50 });
    const uneven = await scenarioOf(2, { instances: "2", "instance-shares": "70,30" });
    expect(uneven).toMatchObject({ instances: 4, instanceShares: [35, 15, 35, 15] });
  });

  it.each([
    [{ vus: "2" }, /at least one virtual user for each instance; there are 2 for 3/],
    [{ rate: "5", "max-in-flight": "2" }, /at least one entry in flight for each instance/],
    [{ fault: "client-kill@100ms,reset@200ms" }, /--fault reset@200ms needs a proxy/],
  ])("%j is refused in one message", async (flags, message) => {
    await expect(scenarioOf(3, flags)).rejects.toMatchObject({
      kind: "usage",
      message: expect.stringMatching(message),
    });
  });
});

describe("qbench agent", () => {
  const agent = async (...args: string[]): Promise<QbenchError> => {
    const command = new Command().exitOverride();
    configure(command);
    command.action(async () => void (await execute(command)));
    return command.parseAsync(args, { from: "user" }).catch((error) => error);
  };

  it.each([
    [[], "usage", /--control is missing/],
    [["--control", CONTROL], "environment", /cannot reach Redis at 127.0.0.1:1: nothing listens there/],
    [
      ["--control", CONTROL, "--allow-target", "a b"],
      "usage",
      /--allow-target: expected a host or a network, got "a b"/,
    ],
    [["--control", CONTROL, "--name", "a b"], "usage", /--name: expected up to 40 letters/],
    [["--control", "redis://secret/x"], "usage", /--control has something other than a database number/],
  ])("%j is told in one message", async (args, kind, message) => {
    const refused = await agent(...args);
    expect(refused).toMatchObject({ kind, message: expect.stringMatching(message) });
    expect(`${refused.message}${refused.hint}`).not.toContain("secret");
  });
});
