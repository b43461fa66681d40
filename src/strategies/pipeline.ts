import { batch } from "./command.js";
import { ASK_TOKEN, COUNT, costOf, JOIN, machinesOf, RANK, TAKE_SEQUENCE } from "./steps.js";
import { answer, carrying, hasToken, integerAt, outcomeOfJoin, positionAt, type Strategy, send } from "./strategy.js";

/**
 * The commands of `dedup` with the last three in one write. A pipeline cannot branch, so the token is read first, in a
 * round trip of its own, lest an active user be queued; between the two an admission can still slip through.
 */
export const pipeline: Strategy = {
  name: "pipeline",
  summary: "the token first, then ZADD NX, ZRANK and ZCARD in one write",
  isDefault: true,
  atomic: "no",
  scripts: [],
  machine: machinesOf((score) => {
    const readToken = send("read token", ASK_TOKEN);
    const takeSequence = send("take sequence", TAKE_SEQUENCE);
    const join = send("join", batch(JOIN[score], RANK, COUNT));
    const beforeJoin = score === "sequence" ? takeSequence : join;
    return {
      first: readToken,
      next(sent, replies) {
        switch (sent.step) {
          case "read token":
            return hasToken(replies, 0) ? answer("ACTIVE", 0, 0) : beforeJoin;
          case "take sequence":
            return carrying(join, integerAt(replies, 0));
          default:
            return answer(outcomeOfJoin(integerAt(replies, 0)), positionAt(replies, 1), integerAt(replies, 2));
        }
      },
    };
  }),
  cost: (score) => {
    const joining =
      score === "sequence" ? costOf("HGETALL INCR ZADD ZRANK ZCARD", 3) : costOf("HGETALL ZADD ZRANK ZCARD", 2);
    return { NEW: joining, WAITING: joining, ACTIVE: costOf("HGETALL") };
  },
  promises: () => ["lost", "phantom", "wrong-outcome", "double-new"],
};
