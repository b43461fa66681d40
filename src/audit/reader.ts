import type { Redis } from "ioredis";
import { type ConcertKeys, USER_ID_WIDTH, userIdOf } from "../queue/keys.js";

/** Reads a concert's data after a trial. Replies are bounded however long the queue is. */
export interface QueueReader {
  /** Numbers of the users of the waiting set, front to back; −1 for a member that is no user of ours. */
  waiting(keys: ConcertKeys): AsyncIterable<ArrayLike<number>>;
  /** Users of the active set, and when each one's place ends, ms. */
  active(keys: ConcertKeys): AsyncIterable<ActiveMembers>;
  /** Those of `users` who hold a token. */
  tokenHolders(keys: ConcertKeys, users: readonly number[]): Promise<readonly number[]>;
  /** The server's clock, ms. */
  timeMs(): Promise<number>;
}

export interface ActiveMembers {
  readonly users: ArrayLike<number>;
  readonly expiresAtMs: ArrayLike<number>;
}

/** User numbers are below this. */
export const MOST_USERS = 2 ** 32;
/** Users in one reply. */
const CHUNK = 10_000;
/** Tokens asked for by one EXISTS, which says only how many there are. */
const TOKENS = 500;

/** A reader on a control connection; `chunk` is for tests. */
export function redisReader(control: Redis, chunk = CHUNK): QueueReader {
  return {
    async *waiting({ waiting }) {
      for await (const members of membersOf(control, waiting, chunk, false)) yield members.map(userOf);
    },
    async *active({ active }) {
      for await (const members of membersOf(control, active, chunk, true)) {
        yield {
          users: members.filter((_, i) => i % 2 === 0).map(userOf),
          expiresAtMs: members.filter((_, i) => i % 2 === 1).map(Number),
        };
      }
    },
    tokenHolders: (keys, users) => holdersAmong(control, keys, users),
    async timeMs() {
      const [seconds, micros] = await control.time();
      return Number(seconds) * 1000 + Number(micros) / 1000;
    },
  };
}

/** Members, each followed by its score if `scores`. */
async function* membersOf(
  control: Redis,
  key: string,
  chunk: number,
  scores: boolean,
): AsyncGenerator<readonly string[]> {
  for (let from = 0; ; from += chunk) {
    const range = [key, String(from), String(from + chunk - 1)] as const;
    const members = scores ? await control.zrange(...range, "WITHSCORES") : await control.zrange(...range);
    if (members.length > 0) yield members;
    if (members.length < chunk * (scores ? 2 : 1)) return;
  }
}

/** Asks for many at once, and one by one only where there are some and not all. */
async function holdersAmong(control: Redis, keys: ConcertKeys, users: readonly number[]): Promise<readonly number[]> {
  const groups: number[][] = [];
  for (let from = 0; from < users.length; from += TOKENS) groups.push(users.slice(from, from + TOKENS));
  const tokenOf = (user: number): string => keys.tokenPrefix + userIdOf(user);
  const counts = await Promise.all(groups.map((group) => control.exists(...group.map(tokenOf))));
  const holders = await Promise.all(
    groups.map(async (group, index) => {
      if (counts[index] === 0) return [];
      if (counts[index] === group.length) return group;
      const held = await Promise.all(group.map((user) => control.exists(tokenOf(user))));
      return group.filter((_, at) => held[at] === 1);
    }),
  );
  return holders.flat();
}

/** The number of a user id, or −1 if no entry of ours can have had it. */
export function userOf(id: string): number {
  if (id.length !== USER_ID_WIDTH) return -1;
  let user = 0;
  for (let at = 0; at < USER_ID_WIDTH; at++) {
    const digit = id.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    user = user * 10 + digit;
  }
  return user < MOST_USERS ? user : -1;
}
