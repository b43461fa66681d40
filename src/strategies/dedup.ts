import { batch } from "./command.js";
import { ASK_TOKEN, COUNT, costOf, JOIN, machinesOf, RANK, TAKE_SEQUENCE } from "./steps.js";
import { answer, carrying, hasToken, integerAt, outcomeOfJoin, positionAt, type Strategy, send } from "./strategy.js";

const ASK_RANK = batch(RANK);
const ASK_COUNT = batch(COUNT);

/**
 * `individual` without its duplicate questions: ZADD NX itself tells whether the user has just joined. Dearer for a
 * user who waits already (4 commands instead of 3). What ZADD told has to survive until the answer, beside the position;
 * so the steps behind it come twice, once for NEW and once for WAITING.
 */
export const dedup: Strategy = {
  name: "dedup",
  summary: "individual calls without the duplicate ones: ZADD NX tells NEW from WAITING",
  isDefault: true,
  atomic: "no",
  scripts: [],
  machine: machinesOf((score) => {
    const readToken = send("read token", ASK_TOKEN);
    const takeSequence = send("take sequence", TAKE_SEQUENCE);
    const join = send("join", batch(JOIN[score]));
    const rankOfNew = send("rank of new", ASK_RANK);
    const rankOfWaiting = send("rank of waiting", ASK_RANK);
    const countOfNew = send("count of new", ASK_COUNT);
    const countOfWaiting = send("count of waiting", ASK_COUNT);
    const beforeJoin = score === "sequence" ? takeSequence : join;
    return {
      first: readToken,
      next(sent, replies) {
        switch (sent.step) {
          case "read token":
            return hasToken(replies, 0) ? answer("ACTIVE", 0, 0) : beforeJoin;
          case "take sequence":
            return carrying(join, integerAt(replies, 0));
          case "join":
            return outcomeOfJoin(integerAt(replies, 0)) === "NEW" ? rankOfNew : rankOfWaiting;
          case "rank of new":
            return carrying(countOfNew, positionAt(replies, 0));
          case "rank of waiting":
            return carrying(countOfWaiting, positionAt(replies, 0));
          case "count of new":
            return answer("NEW", sent.carried, integerAt(replies, 0));
          default:
            return answer("WAITING", sent.carried, integerAt(replies, 0));
        }
      },
    };
  }),
  cost: (score) => {
    const joining = costOf(`HGETALL ${score === "sequence" ? "INCR " : ""}ZADD ZRANK ZCARD`);
    return { NEW: joining, WAITING: joining, ACTIVE: costOf("HGETALL") };
  },
  promises: () => ["lost", "phantom", "wrong-outcome", "double-new"],
};
