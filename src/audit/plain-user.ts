import type { Clock } from "./clocks.js";
import type { ConcertUsers, UserSpan } from "./concert-users.js";
import { OPERATION, RESULT } from "./history.js";
import { READ, type Read, STATE } from "./queue-model.js";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * What is legal at a glance: NEW (unless prepared), then WAITING, then an admission, then ACTIVE, each in its time, as
 * nearly every user has it. `read`: where the data say that he stands.
 */
export function isPlain(users: ConcertUsers, span: UserSpan, read: Read): boolean {
  const { start, admissionsFrom } = span;
  const admissions = span.admissionsTo - admissionsFrom;
  if (admissions > 1 || read === READ.both) return false;
  const { rows, numbers } = users;
  let news = 0;
  let clock: Clock | null = null;
  // The latest that NEW, and the answers WAITING, allow the admission to be early; and so on.
  let newSentUs = -NEVER;
  let firstWaitingUs = NEVER;
  let lastWaitingUs = -NEVER;
  let firstActiveUs = NEVER;
  for (let at = span.from; at < span.to; at++) {
    const number = numbers[at]!;
    const chunk = rows.chunkOf(number);
    const row = rows.rowOf(number);
    const result = chunk.result(row);
    const operation = chunk.operation(row);
    if (result === RESULT.failed || operation === OPERATION.replicaRead) continue;
    if (result === RESULT.inDoubt || operation === OPERATION.leave) return false;
    // A reading that found him nowhere.
    if (operation === OPERATION.read && result === RESULT.NEW) return false;
    const itsClock = rows.clockOf(number);
    if (clock !== null && clock !== itsClock) return false;
    clock = itsClock;
    const sentUs = chunk.sentUs[row]!;
    const repliedUs = chunk.repliedUs[row]!;
    if (result === RESULT.NEW) {
      news++;
      newSentUs = sentUs;
      if (sentUs > lastWaitingUs) lastWaitingUs = sentUs;
    } else if (result === RESULT.WAITING) {
      if (sentUs > lastWaitingUs) lastWaitingUs = sentUs;
      if (repliedUs < firstWaitingUs) firstWaitingUs = repliedUs;
    } else if (repliedUs < firstActiveUs) firstActiveUs = repliedUs;
  }
  if (start === STATE.ACTIVE) {
    return admissions === 0 && news === 0 && lastWaitingUs === -NEVER && read === READ.active;
  }
  if (news !== (start === STATE.NONE ? 1 : 0) || firstWaitingUs < newSentUs) return false;
  if (admissions === 0) return read === READ.waiting && firstActiveUs === NEVER;
  if (read !== READ.active) return false;
  const call = users.callAt(admissionsFrom);
  const { offsetUs, uncertaintyUs } = clock ?? call.clock;
  const doubtUs = clock === call.clock ? 0 : uncertaintyUs + call.clock.uncertaintyUs;
  const callSentUs = call.sentUs + call.clock.offsetUs - offsetUs - doubtUs;
  const callRepliedUs = call.repliedUs + call.clock.offsetUs - offsetUs + doubtUs;
  return lastWaitingUs <= callRepliedUs && callSentUs <= firstActiveUs && lastWaitingUs <= firstActiveUs;
}
