import { OUTCOMES, type Outcome } from "../queue/outcome.js";
import { batch, evalsha, SEQUENCE, TIMESTAMP, TOKEN, USER, WAITING_SET } from "./command.js";
import { loadScript, type Script, scriptOf } from "./script.js";
import { machinesOf } from "./steps.js";
import { answer, type EntryCost, integerAt, type Strategy, send, UnexpectedReply } from "./strategy.js";

export const ENTER_QUEUE = loadScript("enter_queue");
const KEYS = [TOKEN, WAITING_SET, SEQUENCE];

/** One script does it all: one round trip, and nothing can come between. */
export const lua: Strategy = {
  ...callOf(ENTER_QUEUE),
  name: "lua",
  summary: "one call of enter_queue.lua, which looks, joins and counts as one step",
  isDefault: true,
  cost: (score) => costOfCall(score),
};

/** Of a call of enter_queue.lua. */
export const costOfCall: Strategy["cost"] = (score) => {
  const joining = oneCall(
    score === "sequence"
      ? { exists: 1, incr: 1, zadd: 1, zrank: 1, zcard: 1 }
      : { exists: 1, zadd: 1, zrank: 1, zcard: 1 },
  );
  return { NEW: joining, WAITING: joining, ACTIVE: oneCall({ exists: 1, zcard: 1 }) };
};

/** The same with a script of the user's own, which takes and answers what enter_queue.lua does; what it promises, who knows. */
export function luaFile(name: string, source: string): Strategy {
  return {
    ...callOf(scriptOf(name, source)),
    name,
    summary: "one call of a script of your own",
    isDefault: false,
    isForeign: true,
    cost: () => ({ NEW: oneCall({}), WAITING: oneCall({}), ACTIVE: oneCall({}) }),
    promises: () => [],
  };
}

/** What a call of a script in the place of enter_queue.lua is, whatever the script does. */
export function callOf(script: Script): Pick<Strategy, "atomic" | "scripts" | "machine" | "promises"> {
  return {
    atomic: "yes",
    scripts: [script],
    machine: machinesOf((score) => {
      const scoreGiven = score === "timestamp" ? TIMESTAMP : "";
      const enter = send("enter", batch(evalsha(script, KEYS, USER, scoreGiven)));
      return {
        first: enter,
        next(_sent, replies) {
          const reply = replies[0];
          if (!Array.isArray(reply)) {
            throw new UnexpectedReply(`expected an array from ${script.name}, got ${JSON.stringify(reply)}`);
          }
          return answer(outcomeOf(reply[0], script), integerAt(reply, 1), integerAt(reply, 2));
        },
      };
    }),
    promises: (score) => [
      "lost",
      "phantom",
      "wrong-outcome",
      "double-new",
      "no-position",
      "total-below-position",
      "wait-and-active",
      "double-admission",
      ...(score === "sequence" ? (["order-broken", "position-grew"] as const) : []),
    ],
  };
}

const oneCall = (innerCalls: Record<string, number>): EntryCost => ({
  commands: ["EVALSHA"],
  roundTrips: 1,
  innerCalls,
});

function outcomeOf(status: unknown, { name }: Script): Outcome {
  if (OUTCOMES.includes(status as Outcome)) return status as Outcome;
  throw new UnexpectedReply(`expected ${OUTCOMES.join(", ")} from ${name}, got ${JSON.stringify(status)}`);
}
