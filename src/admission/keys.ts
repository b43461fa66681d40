import type { ConcertKeys } from "../queue/keys.js";

/** What admission keeps beside the queue itself, under the concert's hash tag like the rest. */

/** HASH: how many users the token bucket lets in, and since when. */
export const bucketKey = ({ concertId }: ConcertKeys): string => `admission:bucket:{${concertId}}`;
/** STRING: who holds the scheduler's lock. */
export const lockKey = ({ concertId }: ConcertKeys): string => `admission:lock:{${concertId}}`;
/** STRING: number of the lock's latest holder. */
export const fenceKey = ({ concertId }: ConcertKeys): string => `admission:fence:{${concertId}}`;
