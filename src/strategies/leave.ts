import { ACTIVE_SET, batch, command, TOKEN, USER, WAITING_SET } from "./command.js";
import { answer, type EntryMachine, integerAt, send } from "./strategy.js";

/**
 * A user leaves: out of the waiting set, and out of the active one with his token if an admission was faster. No part of
 * any strategy, so that all are left in the same way; in this order an admission that is one script finds him either
 * before he goes or not at all.
 */
const LEAVE = send(
  "leave",
  batch(command("ZREM", WAITING_SET, USER), command("ZREM", ACTIVE_SET, USER), command("UNLINK", TOKEN)),
);

/** The answer says where he stood: WAITING, ACTIVE, or NEW for nowhere. */
export const LEAVING: EntryMachine = {
  first: LEAVE,
  next(_sent, replies) {
    const [waited, wasActive] = [integerAt(replies, 0), integerAt(replies, 1)];
    return answer(waited === 1 ? "WAITING" : wasActive === 1 ? "ACTIVE" : "NEW", 0, 0);
  },
};

/** What leaving sends, by lower-case name: commands that no entry sends. */
export const LEAVE_COMMANDS = ["zrem", "unlink"] as const;
