/** What an entry came to: NEW has just joined, WAITING was in the queue already, ACTIVE holds a token to buy. */
export const OUTCOMES = ["NEW", "WAITING", "ACTIVE"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** How the score of a waiting user is made: the caller's millisecond clock, or a counter in Redis. */
export const SCORES = ["timestamp", "sequence"] as const;
export type Score = (typeof SCORES)[number];
