import { batch } from "./command.js";
import { COUNT, costOf, JOIN, machinesOf, RANK, READ_TOKEN, TAKE_SEQUENCE } from "./steps.js";
import { answer, carrying, hasToken, integerAt, outcomeOfJoin, positionAt, type Strategy, send } from "./strategy.js";

/**
 * Everything in one write, the token read along with the rest. The reply comes too late to hold the ZADD back: a user
 * who is active already is told so, and queued all the same. Here to show what one round trip costs and saves.
 */
export const pipelineBlind: Strategy = {
  name: "pipeline-blind",
  summary: "all four commands in one write; queues users who are active already",
  isDefault: false,
  atomic: "no",
  scripts: [],
  machine: machinesOf((score) => {
    const takeSequence = send("take sequence", TAKE_SEQUENCE);
    const all = send("all", batch(READ_TOKEN, JOIN[score], RANK, COUNT));
    return {
      first: score === "sequence" ? takeSequence : all,
      next(sent, replies) {
        if (sent.step === "take sequence") return carrying(all, integerAt(replies, 0));
        const total = integerAt(replies, 3);
        const outcome = outcomeOfJoin(integerAt(replies, 1));
        return hasToken(replies, 0) ? answer("ACTIVE", 0, total) : answer(outcome, positionAt(replies, 2), total);
      },
    };
  }),
  cost: (score) => {
    const any =
      score === "sequence" ? costOf("INCR HGETALL ZADD ZRANK ZCARD", 2) : costOf("HGETALL ZADD ZRANK ZCARD", 1);
    return { NEW: any, WAITING: any, ACTIVE: any };
  },
  promises: () => [],
};
