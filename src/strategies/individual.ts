import { batch } from "./command.js";
import { ASK_TOKEN, COUNT, costOf, JOIN, machinesOf, RANK, TAKE_SEQUENCE } from "./steps.js";
import { answer, carrying, hasToken, integerAt, positionAt, type Strategy, send } from "./strategy.js";

const ASK_RANK = batch(RANK);
const ASK_COUNT = batch(COUNT);

/**
 * The existing code of the ticketing service: each command waits for the reply of the one before. It asks for the total
 * before it knows whether the user waits, and takes nobody's word for who joined: what ZADD replies is not looked at,
 * so of one user's two entries at once both can answer NEW.
 */
export const individual: Strategy = {
  name: "individual",
  summary: "each command waits for the reply of the one before: the code as it was",
  isDefault: true,
  atomic: "no",
  scripts: [],
  machine: machinesOf((score) => {
    const readToken = send("read token", ASK_TOKEN);
    const findRank = send("find rank", ASK_RANK);
    const countBefore = send("count before", ASK_COUNT);
    const countWaiting = send("count waiting", ASK_COUNT);
    const takeSequence = send("take sequence", TAKE_SEQUENCE);
    const join = send("join", batch(JOIN[score]));
    const rankAfter = send("rank after", ASK_RANK);
    const countAfter = send("count after", ASK_COUNT);
    const beforeJoin = score === "sequence" ? takeSequence : join;
    return {
      first: readToken,
      next(sent, replies) {
        switch (sent.step) {
          case "read token":
            return hasToken(replies, 0) ? answer("ACTIVE", 0, 0) : findRank;
          case "find rank": {
            const position = positionAt(replies, 0);
            return position > 0 ? carrying(countWaiting, position) : countBefore;
          }
          case "count waiting":
            return answer("WAITING", sent.carried, integerAt(replies, 0));
          case "count before":
            integerAt(replies, 0);
            return beforeJoin;
          case "take sequence":
            return carrying(join, integerAt(replies, 0));
          case "join":
            integerAt(replies, 0);
            return rankAfter;
          case "rank after":
            return carrying(countAfter, positionAt(replies, 0));
          default:
            return answer("NEW", sent.carried, integerAt(replies, 0));
        }
      },
    };
  }),
  cost: (score) => ({
    NEW: costOf(`HGETALL ZRANK ZCARD ${score === "sequence" ? "INCR " : ""}ZADD ZRANK ZCARD`),
    WAITING: costOf("HGETALL ZRANK ZCARD"),
    ACTIVE: costOf("HGETALL"),
  }),
  promises: () => ["lost", "phantom", "wrong-outcome"],
};
