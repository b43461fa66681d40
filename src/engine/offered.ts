/**
 * Entries that end later than this after the plan have waited in a queue, not for one reply. Of a short plan even a tenth
 * of a second would be most: a server that is half as fast as the offer would pass for one that kept up.
 */
const LATEST_SHARE = 0.02;
const LATEST_MS = 100;
const LATEST_MS_SHARE = 0.1;

/**
 * How long arrivals were offered: all of the trial, but where its last entries ended long after the last arrival. There
 * the server had fallen behind, and the time it then needed must not make what was offered look like less.
 * `planMs`: how long they were planned for.
 */
export function offeredForMs(planMs: number, durationMs: number): number {
  const latestMs = LATEST_SHARE * planMs + Math.min(LATEST_MS, LATEST_MS_SHARE * planMs);
  return durationMs - planMs > latestMs ? planMs : durationMs;
}
