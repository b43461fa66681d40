/** Entries that end later than this after the plan have waited in a queue, not for one reply. */
const BEHIND_SHARE = 0.02;
const BEHIND_MS = 100;

/**
 * How long arrivals were offered: all of the trial, but where its last entries ended long after the last arrival. There
 * the server had fallen behind, and the time it then needed must not make what was offered look like less.
 * `planMs`: null where so many entries were planned, however long they take.
 */
export function offeredForMs(planMs: number | null, durationMs: number): number {
  const isBehind = planMs !== null && durationMs - planMs > BEHIND_SHARE * planMs + BEHIND_MS;
  return isBehind ? planMs : durationMs;
}
