import { batch, command } from "./command.js";
import { ASK_TOKEN, COUNT, costOf, JOIN, machinesOf, RANK, TAKE_SEQUENCE } from "./steps.js";
import {
  answer,
  carrying,
  hasToken,
  integerAt,
  outcomeOfJoin,
  positionAt,
  type Reply,
  type Strategy,
  send,
  UnexpectedReply,
} from "./strategy.js";

const EXEC_REPLY = 4;
const QUEUED = 3;

/**
 * `pipeline` with its second write as a transaction: joining, position and total are of one instant. A transaction
 * cannot branch either, so the token is still read before it, outside.
 */
export const multi: Strategy = {
  name: "multi",
  summary: "the token first, then ZADD NX, ZRANK and ZCARD as one transaction",
  isDefault: false,
  atomic: "second step",
  scripts: [],
  machine: machinesOf((score) => {
    const readToken = send("read token", ASK_TOKEN);
    const takeSequence = send("take sequence", TAKE_SEQUENCE);
    const join = send("join", batch(command("MULTI"), JOIN[score], RANK, COUNT, command("EXEC")));
    const beforeJoin = score === "sequence" ? takeSequence : join;
    return {
      first: readToken,
      next(sent, replies) {
        switch (sent.step) {
          case "read token":
            return hasToken(replies, 0) ? answer("ACTIVE", 0, 0) : beforeJoin;
          case "take sequence":
            return carrying(join, integerAt(replies, 0));
          default: {
            const done = executed(replies);
            return answer(outcomeOfJoin(integerAt(done, 0)), positionAt(done, 1), integerAt(done, 2));
          }
        }
      },
    };
  }),
  cost: (score) => {
    const joining =
      score === "sequence"
        ? costOf("HGETALL INCR MULTI ZADD ZRANK ZCARD EXEC", 3)
        : costOf("HGETALL MULTI ZADD ZRANK ZCARD EXEC", 2);
    return { NEW: joining, WAITING: joining, ACTIVE: costOf("HGETALL") };
  },
  promises: () => ["lost", "phantom", "wrong-outcome", "double-new", "no-position", "total-below-position"],
};

/** What EXEC gave for the queued commands. Null is a transaction that was discarded. */
function executed(replies: readonly Reply[]): readonly Reply[] {
  const reply = replies[EXEC_REPLY];
  if (Array.isArray(reply) && reply.length === QUEUED) return reply;
  throw new UnexpectedReply(`expected ${QUEUED} replies of a transaction, got ${JSON.stringify(reply)}`);
}
