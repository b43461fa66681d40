import { OUTCOMES, type Outcome } from "../queue/outcome.js";
import { batch, evalsha, SEQUENCE, TIMESTAMP, TOKEN, USER, WAITING_SET } from "./command.js";
import { loadScript } from "./script.js";
import { machinesOf } from "./steps.js";
import { answer, type EntryCost, integerAt, type Strategy, send, UnexpectedReply } from "./strategy.js";

const ENTER_QUEUE = loadScript("enter_queue");
const KEYS = [TOKEN, WAITING_SET, SEQUENCE];

/** One script does it all: one round trip, and nothing can come between. */
export const lua: Strategy = {
  name: "lua",
  summary: "one call of enter_queue.lua, which looks, joins and counts as one step",
  isDefault: true,
  atomic: "yes",
  scripts: [ENTER_QUEUE],
  machine: machinesOf((score) => {
    const scoreGiven = score === "timestamp" ? TIMESTAMP : "";
    const enter = send("enter", batch(evalsha(ENTER_QUEUE, KEYS, USER, scoreGiven)));
    return {
      first: enter,
      next(_sent, replies) {
        const reply = replies[0];
        if (!Array.isArray(reply)) {
          throw new UnexpectedReply(`expected an array from enter_queue.lua, got ${JSON.stringify(reply)}`);
        }
        return answer(outcomeOf(reply[0]), integerAt(reply, 1), integerAt(reply, 2));
      },
    };
  }),
  cost: (score) => {
    const joining = oneCall(
      score === "sequence"
        ? { exists: 1, incr: 1, zadd: 1, zrank: 1, zcard: 1 }
        : { exists: 1, zadd: 1, zrank: 1, zcard: 1 },
    );
    return { NEW: joining, WAITING: joining, ACTIVE: oneCall({ exists: 1, zcard: 1 }) };
  },
  promises: (score) => [
    "lost",
    "phantom",
    "wrong-outcome",
    "double-new",
    "no-position",
    "total-below-position",
    "wait-and-active",
    ...(score === "sequence" ? (["order-broken", "position-grew"] as const) : []),
  ],
};

const oneCall = (innerCalls: Record<string, number>): EntryCost => ({
  commands: ["EVALSHA"],
  roundTrips: 1,
  innerCalls,
});

function outcomeOf(status: unknown): Outcome {
  if (OUTCOMES.includes(status as Outcome)) return status as Outcome;
  throw new UnexpectedReply(`expected ${OUTCOMES.join(", ")} from enter_queue.lua, got ${JSON.stringify(status)}`);
}
