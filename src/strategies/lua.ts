import { OUTCOMES } from "../queue/outcome.js";
import { batch, evalsha, SEQUENCE, TIMESTAMP, TOKEN, USER, WAITING_SET } from "./command.js";
import { loadScript, type Script, scriptOf } from "./script.js";
import { machinesOf } from "./steps.js";
import { answer, type EntryCost, type Strategy, send, UnexpectedReply } from "./strategy.js";

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
          const [status, position, total] = Array.isArray(replies[0]) ? replies[0] : [];
          const outcome = OUTCOMES.find((one) => one === status);
          if (outcome === undefined || typeof position !== "number" || typeof total !== "number") {
            throw new UnexpectedReply(`${EXPECTED} from ${script.name}, got ${JSON.stringify(replies[0])}`);
          }
          return answer(outcome, position, total);
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

const EXPECTED = `expected {status, position, total}, such as {"NEW", 3, 9}, with a status of ${OUTCOMES.join(", ")},`;

const oneCall = (innerCalls: Record<string, number>): EntryCost => ({
  commands: ["EVALSHA"],
  roundTrips: 1,
  innerCalls,
});
