import { type CallTimes, CLOCK_STEP_US } from "./admissions.js";
import { type Clock, shiftBetween } from "./clocks.js";
import { isEntry, OPERATION, RESULT } from "./history.js";
import type { Rows } from "./rows.js";

/**
 * Readings from a replica that contradict what had been acknowledged before they were sent, of one user: found nowhere
 * though he had been told that he is queued or active, or found waiting though he had been admitted. Where he may have
 * gone meanwhile (he left, his token ended) nothing is said. Of positions nothing is said either: by the clock's scores
 * they may grow on the primary too.
 */
export interface StaleReads {
  /** Rows of the readings, and of the answer that they contradict; null: it was an admission. */
  readonly found: readonly { readonly number: number; readonly before: number | null }[];
  /** Readings that could have been found stale. */
  readonly compared: number;
}

const NONE: StaleReads = { found: [], compared: 0 };

interface Told {
  readonly number: number;
  readonly operation: number;
  readonly result: number;
  readonly sentUs: number;
  readonly repliedUs: number;
}

/** An admission on the user's clock. */
interface Admitted {
  readonly sentUs: number;
  readonly repliedUs: number;
  /** When his token may have ended at the earliest. */
  readonly mayEndUs: number;
}

/** `numbers`: all rows of one user; `calls`: all his admissions. */
export function staleReads(rows: Rows, numbers: Uint32Array, calls: readonly CallTimes[]): StaleReads {
  if (!numbers.some((number) => rows.chunkOf(number).operation(rows.rowOf(number)) === OPERATION.replicaRead)) {
    return NONE;
  }
  const clock = rows.clockOf(numbers[0]!);
  const told = toldIn(rows, numbers, clock);
  const admissions = calls.map((call) => admittedOn(clock, call));
  const found: { number: number; before: number | null }[] = [];
  let compared = 0;
  for (const read of told) {
    if (read.operation !== OPERATION.replicaRead || read.result === RESULT.failed) continue;
    const last = lastAcknowledged(told, read);
    const admitted = admissions.find((one) => one.repliedUs <= read.sentUs && !hasJoinedSince(one, last));
    if (last === undefined && admitted === undefined) continue;
    if (mayHaveGone(told, admissions, read, last)) continue;
    compared++;
    if (read.result === RESULT.NEW) found.push({ number: read.number, before: last?.number ?? null });
    else if (read.result === RESULT.WAITING && (admitted !== undefined || last?.result === RESULT.ACTIVE)) {
      found.push({ number: read.number, before: last?.result === RESULT.ACTIVE ? last.number : null });
    }
  }
  return { found, compared };
}

/** On the clock of the user's first row, with every doubt against the reading's being stale. */
function toldIn(rows: Rows, numbers: Uint32Array, clock: Clock): Told[] {
  return [...numbers].map((number) => {
    const chunk = rows.chunkOf(number);
    const row = rows.rowOf(number);
    const { byUs, doubtUs } = shiftBetween(rows.clockOf(number), clock);
    return {
      number,
      operation: chunk.operation(row),
      result: chunk.result(row),
      sentUs: chunk.sentUs[row]! + byUs - doubtUs,
      repliedUs: chunk.repliedUs[row]! + byUs + doubtUs,
    };
  });
}

function admittedOn(clock: Clock, { clock: own, sentUs, repliedUs, tokenTtlUs }: CallTimes): Admitted {
  const { byUs, doubtUs } = shiftBetween(own, clock);
  const beganUs = sentUs + byUs - doubtUs;
  return { sentUs: beganUs, repliedUs: repliedUs + byUs + doubtUs, mayEndUs: beganUs - CLOCK_STEP_US + tokenTtlUs };
}

/** The latest answer of a primary that said he is there, and had come before the reading was sent. */
function lastAcknowledged(told: readonly Told[], read: Told): Told | undefined {
  let last: Told | undefined;
  for (const one of told) {
    const isThere = isEntry(one.operation) || (one.operation === OPERATION.read && one.result !== RESULT.NEW);
    if (!isThere || one.result >= RESULT.failed || one.repliedUs > read.sentUs) continue;
    if (last === undefined || one.repliedUs > last.repliedUs) last = one;
  }
  return last;
}

/** He left and came again: where he stands is another stay's. */
const hasJoinedSince = ({ repliedUs }: Admitted, last: Told | undefined): boolean =>
  last !== undefined && last.result !== RESULT.ACTIVE && last.sentUs >= repliedUs;

/** Since that answer he may have left, lost his token, or have been on his way from waiting to active. */
function mayHaveGone(
  told: readonly Told[],
  admissions: readonly Admitted[],
  read: Told,
  last: Told | undefined,
): boolean {
  const left = told.some(
    ({ operation, sentUs, repliedUs, result }) =>
      operation === OPERATION.leave &&
      sentUs <= read.repliedUs &&
      (last === undefined || result >= RESULT.failed || repliedUs >= last.sentUs),
  );
  return (
    left ||
    admissions.some(
      ({ sentUs, repliedUs, mayEndUs }) =>
        sentUs <= read.repliedUs && (repliedUs > read.sentUs || mayEndUs <= read.repliedUs),
    )
  );
}
