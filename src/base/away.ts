/** A server that is back within so many timeouts is waited for; one that is not has been lost. */
export const AWAY_TIMEOUTS = 5;
/** For the reconnecting itself, once the server is back. */
const RECONNECT_GRACE_MS = 1000;

/** How long a run waits for a server that went away. */
export const longestAwayMs = (timeoutMs: number): number => AWAY_TIMEOUTS * timeoutMs + RECONNECT_GRACE_MS;
