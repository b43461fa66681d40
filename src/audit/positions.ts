import { shiftBetween } from "./clocks.js";
import { isEntry, OPERATION, RESULT } from "./history.js";
import type { Rows } from "./rows.js";

/**
 * Positions of one user that went backwards: of two answers, one certainly before the other and both of one stay, the
 * later one told the higher position. Where a stay may have ended (he left, his token ended), answers before that and
 * after it are not compared.
 */

export interface GrownPositions {
  readonly found: readonly { readonly number: number; readonly before: number }[];
  /** Whether there were two answers to compare. */
  readonly hasSeveral: boolean;
}

const NONE: GrownPositions = { found: [], hasSeveral: false };
const SEVERAL: GrownPositions = { found: [], hasSeveral: true };

interface Told {
  readonly number: number;
  readonly sentUs: number;
  readonly repliedUs: number;
  readonly position: number;
  readonly isNew: boolean;
  /** A stay may have ended, or begun, at this one. */
  readonly isBoundary: boolean;
}

/**
 * `numbers[from]` up to `numbers[to]` are all rows of one user, thread by thread in order of reply. `mayComeAgain`: stays
 * may end without a leave.
 */
export function grownPositions(
  rows: Rows,
  numbers: Uint32Array,
  from: number,
  to: number,
  mayComeAgain: boolean,
): GrownPositions {
  let least = Number.POSITIVE_INFINITY;
  let queued = 0;
  let grew = false;
  let hasLeaves = mayComeAgain;
  for (let at = from; at < to; at++) {
    const chunk = rows.chunkOf(numbers[at]!);
    const row = rows.rowOf(numbers[at]!);
    const operation = chunk.operation(row);
    if (operation === OPERATION.leave) hasLeaves = true;
    else if (operation === OPERATION.replicaRead) continue;
    else if (isQueued(chunk.result(row)) && chunk.position[row]! > 0) {
      queued++;
      if (chunk.position[row]! > least) grew = true;
      else least = chunk.position[row]!;
    }
  }
  if (queued < 2) return NONE;
  // Threads come one after the other: growth may be hidden where a later thread's entries were earlier.
  const isOneThread = rows.clockOf(numbers[from]!) === rows.clockOf(numbers[to - 1]!);
  if (!grew && isOneThread) return SEVERAL;
  return { found: compared(toldIn(rows, numbers.subarray(from, to)), hasLeaves), hasSeveral: true };
}

const isQueued = (result: number): boolean => result === RESULT.NEW || result === RESULT.WAITING;

/** Everything that matters, on the clock of the first row, in order of sending. */
function toldIn(rows: Rows, numbers: Uint32Array): Told[] {
  const clock = rows.clockOf(numbers[0]!);
  const told: Told[] = [];
  for (const number of numbers) {
    const chunk = rows.chunkOf(number);
    const row = rows.rowOf(number);
    const result = chunk.result(row);
    const operation = chunk.operation(row);
    // What a replica tells is behind by nobody knows how much.
    if (result === RESULT.failed || operation === OPERATION.replicaRead) continue;
    const isLeave = operation === OPERATION.leave;
    const { byUs, doubtUs } = shiftBetween(rows.clockOf(number), clock);
    const isInDoubt = result === RESULT.inDoubt;
    told.push({
      number,
      sentUs: chunk.sentUs[row]! + byUs - doubtUs,
      repliedUs: isInDoubt ? Number.POSITIVE_INFINITY : chunk.repliedUs[row]! + byUs + doubtUs,
      position: !isLeave && isQueued(result) ? chunk.position[row]! : 0,
      isNew: isEntry(operation) && result === RESULT.NEW,
      isBoundary: isLeave || isInDoubt || !isQueued(result) || result === RESULT.NEW,
    });
  }
  return told.sort((a, b) => a.sentUs - b.sentUs || 0);
}

function compared(told: readonly Told[], hasLeaves: boolean): { number: number; before: number }[] {
  const found: { number: number; before: number }[] = [];
  const byReply = [...told].sort((a, b) => a.repliedUs - b.repliedUs || 0);
  const boundaries = hasLeaves ? told.filter((one) => one.isBoundary) : [];
  let boundary = 0;
  let cutUs = Number.NEGATIVE_INFINITY;
  let answered = 0;
  let least: Told | null = null;
  for (const one of told) {
    if (one.position === 0) continue;
    while (boundary < boundaries.length && boundaries[boundary]!.sentUs < one.repliedUs) {
      cutUs = Math.max(cutUs, boundaries[boundary++]!.repliedUs);
      if (least !== null && !belongs(least, cutUs)) least = null;
    }
    while (answered < byReply.length && byReply[answered]!.repliedUs <= one.sentUs) {
      const before = byReply[answered++]!;
      if (before.position > 0 && belongs(before, cutUs) && (least === null || before.position < least.position)) {
        least = before;
      }
    }
    if (hasLeaves && one.isNew) continue;
    if (least !== null && one.position > least.position) found.push({ number: one.number, before: least.number });
  }
  return found;
}

/** Of the stay that began, at the latest, at `cutUs`: what was sent later, and the entry that began it. */
const belongs = (one: Told, cutUs: number): boolean => one.sentUs >= cutUs || (one.isNew && one.repliedUs >= cutUs);
