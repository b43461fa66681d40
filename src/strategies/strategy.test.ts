import { describe, expect, it } from "vitest";
import { QbenchError } from "../base/errors.js";
import { SCORES } from "../queue/outcome.js";
import { DEFAULT_STRATEGIES, STRATEGIES, strategyNamed } from "./index.js";
import { type Reply, type Send, type Strategy, UnexpectedReply } from "./strategy.js";

/** What the server replies to each command, for a user who is new, waiting or active. */
const USUAL: Record<string, Reply[]> = {
  HGETALL: [[], ["token", "x"]],
  ZRANK: [0, null],
  ZCARD: [1],
  INCR: [1],
  ZADD: [1, 0],
  EVALSHA: [["NEW", 1, 1, 0]],
  MULTI: ["OK"],
  EXEC: [[1, 0, 1]],
};

/** Replies that the command cannot give. */
const WRONG: Record<string, Reply[]> = {
  HGETALL: [null, 0, "OK"],
  ZRANK: ["0", [], "QUEUED"],
  ZCARD: [null, "1", []],
  INCR: [null, "1"],
  ZADD: [null, "1", "QUEUED"],
  EVALSHA: [
    null,
    [],
    "NEW",
    ["NEW", 1],
    ["new", 1, 1, 0],
    [null, 1, 1, 0],
    ["WAITING", null, 1, 0],
    ["NEW", "1", 1, 0],
  ],
  EXEC: [null, [], [1, 0], [1, 0, 1, 1], "OK", [1, 0, null], ["ERR", 0, 1], [1, "WRONGTYPE", 1]],
};

const usualReplies = (sent: Send, pick: (choices: Reply[]) => Reply): Reply[] =>
  sent.batch.commands.map(({ name }, index) => {
    const isQueued = sent.batch.commands[0]?.name === "MULTI" && index > 0 && name !== "EXEC";
    return isQueued ? "QUEUED" : pick(USUAL[name]!);
  });

/** Every step that the machine can be brought to by usual replies. */
function stepsOf(strategy: Strategy, score: (typeof SCORES)[number]): Send[] {
  const machine = strategy.machine(score);
  const found = new Map<string, Send>();
  const open = [machine.first];
  for (let sent = open.pop(); sent !== undefined; sent = open.pop()) {
    if (found.has(sent.step)) continue;
    found.set(sent.step, sent);
    for (const pick of [(choices: Reply[]) => choices[0]!, (choices: Reply[]) => choices.at(-1)!]) {
      const next = machine.next(sent, usualReplies(sent, pick));
      if (next.batch !== null) open.push(next);
    }
  }
  return [...found.values()];
}

describe.each(STRATEGIES.map((strategy) => [strategy.name, strategy] as const))("%s", (_, strategy) => {
  it.each(SCORES)("takes no reply for another, score %s", (score) => {
    for (const sent of stepsOf(strategy, score)) {
      const usual = usualReplies(sent, (choices) => choices[0]!);
      expect(() => strategy.machine(score).next(sent, usual)).not.toThrow();
      const isTransaction = sent.batch.commands[0]?.name === "MULTI";
      sent.batch.commands.forEach(({ name }, index) => {
        if (isTransaction && name !== "EXEC") return;
        for (const wrong of WRONG[name]!) {
          const replies = usual.with(index, wrong);
          expect(() => strategy.machine(score).next(sent, replies), `${sent.step}: ${JSON.stringify(replies)}`).toThrow(
            UnexpectedReply,
          );
        }
      });
    }
  });

  it("says of itself what lists show", () => {
    expect(strategy.summary).toMatch(/^.{20,90}$/);
    expect(strategy.atomic).not.toBe("");
  });
});

describe("registry", () => {
  it("compares four strategies where none is asked for", () => {
    expect(DEFAULT_STRATEGIES.map(({ name }) => name)).toEqual(["individual", "dedup", "pipeline", "lua"]);
  });

  it("finds a strategy by its name", () => {
    for (const strategy of STRATEGIES) expect(strategyNamed(strategy.name)).toBe(strategy);
  });

  it("names what was probably meant, and all there are", () => {
    const failure = (() => {
      try {
        strategyNamed("pipelin");
      } catch (error) {
        return error as QbenchError;
      }
    })();
    expect(failure).toBeInstanceOf(QbenchError);
    expect(failure?.exitCode).toBe(2);
    expect(failure?.message).toBe('unknown strategy "pipelin" (did you mean "pipeline"?)');
    for (const { name } of STRATEGIES) expect(failure?.hint).toContain(name);
  });
});

describe("promises", () => {
  it("order is kept by one script with one sequence, and by nothing else", () => {
    for (const strategy of STRATEGIES) {
      for (const score of SCORES) {
        const promised = strategy.promises(score);
        expect(new Set(promised).size).toBe(promised.length);
        const isOrdered = strategy.name === "lua" && score === "sequence";
        expect([promised.includes("order-broken"), promised.includes("position-grew")]).toEqual([isOrdered, isOrdered]);
      }
    }
  });
});
