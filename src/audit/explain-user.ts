import { CLOCK_STEP_US } from "./admissions.js";
import { type Clock, shiftBetween } from "./clocks.js";
import type { ConcertUsers, UserSpan } from "./concert-users.js";
import { OPERATION, RESULT } from "./history.js";
import { OBSERVED, type Observed, READ, type Read } from "./queue-model.js";
import type { TimedForgetting } from "./rules.js";
import type { Explanation, Forgetting, Freedom, UserCheck } from "./user-check.js";

const NEVER = Number.POSITIVE_INFINITY;

/** What is as it is for all users of a concert. */
export interface Circumstances {
  /** What may have happened unobserved to any of them; neither admissions known by number only nor forgettings are in it. */
  readonly freedom: Readonly<Freedom>;
  readonly forgettings: readonly TimedForgetting[];
  /** When the data were read, on the common clock, or later. */
  readonly readUs: number;
}

/**
 * Puts all that happened to one user to `check`, on the clock of his first entry; what other clocks say is taken with
 * their doubt. `read`: where the data say that he stands; `lacksToken`: as a member of the active set without a token.
 * `mayBeTakenUnseen`: whether an admission that is known by number only can have taken him.
 */
export function explainUser(
  check: UserCheck,
  users: ConcertUsers,
  span: UserSpan,
  read: Read,
  lacksToken: boolean,
  { freedom, forgettings, readUs: readAtUs }: Circumstances,
  mayBeTakenUnseen: boolean,
): Explanation {
  const { rows, numbers } = users;
  const clock = span.from < span.to ? rows.clockOf(numbers[span.from]!) : null;
  const readUs = readAtUs - (clock?.offsetUs ?? 0);
  const free: Freedom = { ...freedom };
  if (forgettings.length > 0) free.forgettings = forgettings.map((one) => onClock(one, clock));
  check.clear();
  for (let at = span.from; at < span.to; at++) {
    const number = numbers[at]!;
    const chunk = rows.chunkOf(number);
    const row = rows.rowOf(number);
    const result = chunk.result(row);
    const operation = chunk.operation(row);
    if (result === RESULT.failed || operation === OPERATION.replicaRead) continue;
    const shift = shiftBetween(rows.clockOf(number), clock);
    const sentUs = chunk.sentUs[row]! + shift.byUs - shift.doubtUs;
    if (result === RESULT.inDoubt) {
      if (operation === OPERATION.leave) free.mayLeaveFromUs = Math.min(free.mayLeaveFromUs, sentUs);
      else free.mayJoinFromUs = Math.min(free.mayJoinFromUs, sentUs);
    } else {
      check.add(observedOf(result, operation), sentUs, chunk.repliedUs[row]! + shift.byUs + shift.doubtUs);
    }
  }
  let mayHaveEnded = false;
  for (let at = span.admissionsFrom; at < span.admissionsTo; at++) {
    const call = users.callAt(at);
    const shift = shiftBetween(call.clock, clock);
    const sentUs = call.sentUs + shift.byUs - shift.doubtUs;
    const repliedUs = call.repliedUs + shift.byUs + shift.doubtUs;
    const mayEndUs = endOf(sentUs - CLOCK_STEP_US, call.tokenTtlUs);
    check.add(OBSERVED.admitted, sentUs, repliedUs, mayEndUs, endOf(repliedUs + CLOCK_STEP_US, call.tokenTtlUs));
    if (mayEndUs <= readUs) mayHaveEnded = true;
  }
  const unknown = users.calls?.unknown ?? null;
  if (unknown !== null && mayBeTakenUnseen) {
    const shift = shiftBetween(unknown.clock, clock);
    free.mayBeAdmittedFromUs = unknown.fromUs + shift.byUs - shift.doubtUs;
    free.admissionMayEndUs = endOf(free.mayBeAdmittedFromUs - CLOCK_STEP_US, unknown.tokenTtlUs);
    if (free.admissionMayEndUs <= readUs) mayHaveEnded = true;
  }
  // A place in the active set that outlived its token: the user is not active any more.
  const withoutPlace = read === READ.both ? READ.waiting : READ.nowhere;
  const reads = lacksToken && mayHaveEnded ? [read, withoutPlace] : [read];
  return check.explain(span.start, reads, readUs, free);
}

function onClock({ fromUs, untilUs, clock: own }: TimedForgetting, clock: Clock | null): Forgetting {
  const { byUs, doubtUs } = shiftBetween(own, clock);
  return { fromUs: fromUs + byUs - doubtUs, untilUs: untilUs + byUs + doubtUs };
}

/** A token that does not end has no end, however little is known of its beginning. */
const endOf = (fromUs: number, ttlUs: number): number => (ttlUs === NEVER ? NEVER : fromUs + ttlUs);

function observedOf(result: number, operation: number): Observed {
  const isLeave = operation === OPERATION.leave;
  if (operation === OPERATION.read && result === RESULT.NEW) return OBSERVED.foundNowhere;
  if (result === RESULT.NEW) return isLeave ? OBSERVED.leftNowhere : OBSERVED.toldNew;
  if (result === RESULT.WAITING) return isLeave ? OBSERVED.leftWaiting : OBSERVED.toldWaiting;
  return isLeave ? OBSERVED.leftActive : OBSERVED.toldActive;
}
