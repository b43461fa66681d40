import { batch, command, TOKEN, USER, WAITING_SET } from "./command.js";
import { answer, type EntryMachine, integerAt, positionAt, send } from "./strategy.js";

/**
 * A user who waits asks where he stands, without entering again. No part of any strategy. In this order, on one server,
 * the total is never below the position, and somebody who is admitted meanwhile is found in one place or the other.
 */
const READ = send(
  "read position",
  batch(command("ZCARD", WAITING_SET), command("ZRANK", WAITING_SET, USER), command("EXISTS", TOKEN)),
);

/** The answer says where he stands: WAITING, ACTIVE, or NEW for nowhere. */
export const READING: EntryMachine = {
  first: READ,
  next(_sent, replies) {
    const [total, position] = [integerAt(replies, 0), positionAt(replies, 1)];
    if (integerAt(replies, 2) === 1) return answer("ACTIVE", 0, 0);
    return position > 0 ? answer("WAITING", position, total) : answer("NEW", 0, 0);
  },
};

/** Commands of one reading. */
export const READING_CALLS = READ.batch.commands.length;
/** Of them the one that is asked once in each. */
export const READING_COMMAND = "zrank";
