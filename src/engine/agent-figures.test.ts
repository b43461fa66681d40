import { expect, it } from "vitest";
import { agentWarnings, lostAgents } from "./agent-figures.js";
import type { AgentRun } from "./generators.js";
import type { AgentFigures } from "./trial-result.js";

const figures = (agent: string, more: Partial<AgentFigures> = {}): AgentFigures => ({
  agent,
  instances: [0],
  entries: { attempted: 10, succeeded: 10, failed: 0, dropped: 0 },
  latency: { unit: "us", p50: 1, p99: 2, max: 3 },
  threadUtilization: 0.3,
  eventLoopUtilization: 0.3,
  stolenShare: 0,
  generatorBound: false,
  startedLateUs: 100,
  clockUncertaintyUs: 50,
  ...more,
});

it("names an agent whose threads were its limit, where others had room", () => {
  const [warning] = agentWarnings([figures("quick"), figures("slow", { generatorBound: true })]);
  expect(warning).toMatchObject({
    code: "generator-bound-agent",
    message: expect.stringMatching(/limit on slow, not/),
  });
  // Where all were, the trial's limiter says so.
  expect(agentWarnings([figures("slow", { generatorBound: true })])).toEqual([]);
});

it("tells who began late, and leaves out those of whom nothing is known", () => {
  const late = figures("late", { startedLateUs: 25_100 });
  const unknown = figures("unknown", { startedLateUs: null, clockUncertaintyUs: null });
  const [warning] = agentWarnings([figures("a"), late, unknown]);
  expect(warning).toMatchObject({
    code: "started-apart",
    message: expect.stringMatching(/25\.0 ms apart .*, late last/),
  });
  expect(agentWarnings([figures("a"), unknown])).toEqual([]);
});

it("never passes over an agent that is missing", () => {
  const lost = figures("gone", { lost: "nothing was heard of it", startedLateUs: null });
  expect(agentWarnings([figures("a"), lost])).toEqual([
    { code: "agent-lost", message: "agent gone is missing in these figures: nothing was heard of it" },
  ]);
  const run = (agent: string, why: string | null): AgentRun => ({
    agent,
    instances: [0],
    lost: why,
    machine: null,
    clocks: [],
  });
  expect(lostAgents([run("a", null)])).toBeUndefined();
  const [message] = lostAgents([run("a", null), run("b", "it was stopped"), run("c", "x")])!;
  expect(message).toBe("agent b was lost during a trial: it was stopped, and 1 more");
});
