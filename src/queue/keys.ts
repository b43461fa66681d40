import slotOf from "cluster-key-slot";

/** The keys of one concert. All carry the concert id as hash tag, so they share a cluster slot (DOMAIN: the system). */
export interface ConcertKeys {
  readonly concertId: string;
  /** ZSET of waiting users, score = order of entry. */
  readonly waiting: string;
  /** ZSET of active users, score = expiry in ms. */
  readonly active: string;
  /** Counter from which `--score sequence` takes its scores. */
  readonly sequence: string;
  /** A user's token is the HASH at `tokenPrefix + userId`. */
  readonly tokenPrefix: string;
}

export function concertKeys(concertId: string): ConcertKeys {
  const tag = `{${concertId}}`;
  return {
    concertId,
    waiting: `queue:wait:${tag}`,
    active: `queue:active:${tag}`,
    sequence: `queue:sequence:${tag}`,
    tokenPrefix: `active:token:${tag}:`,
  };
}

/** A key beside a concert's own, whose number grows so that it shows how far a replica is behind. */
export const beatKey = ({ concertId }: ConcertKeys): string => `queue:beat:{${concertId}}`;

/** The id of the n-th concert of a run. Every key that qbench touches carries one of these. */
export const concertIdOf = (runId: string, n: number): string => `qbench:${runId}:${n}`;

/** The cluster slot that the keys of a concert live in. */
export const concertSlot = (keys: ConcertKeys): number => slotOf(keys.waiting);

/** Digits in a user id: fixed, so that byte order is number order and a command's length never varies. */
export const USER_ID_WIDTH = 10;

/** User number (0 … 9,999,999,999) as the id that Redis sees. */
export const userIdOf = (user: number): string => String(user).padStart(USER_ID_WIDTH, "0");
