import type { Redis } from "ioredis";
import type { ConcertKeys } from "../queue/keys.js";

/** Reads a concert's data after a trial. Replies are bounded however long the queue is. */
export interface QueueReader {
  /** Users of the waiting set, front to back. */
  waiting(keys: ConcertKeys): AsyncIterable<readonly string[]>;
  /** Users of the active set. */
  active(keys: ConcertKeys): AsyncIterable<readonly string[]>;
  /** Those of `users` who hold a token. */
  tokenHolders(keys: ConcertKeys, users: readonly string[]): Promise<readonly string[]>;
}

/** Users in one reply. */
const CHUNK = 10_000;
/** Tokens asked for by one EXISTS, which says only how many there are. */
const TOKENS = 500;

/** A reader on a control connection; `chunk` is for tests. */
export function redisReader(control: Redis, chunk = CHUNK): QueueReader {
  return {
    waiting: ({ waiting }) => membersOf(control, waiting, chunk),
    active: ({ active }) => membersOf(control, active, chunk),
    tokenHolders: (keys, users) => holdersAmong(control, keys, users),
  };
}

async function* membersOf(control: Redis, key: string, chunk: number): AsyncGenerator<readonly string[]> {
  for (let from = 0; ; from += chunk) {
    const members = await control.zrange(key, String(from), String(from + chunk - 1));
    if (members.length > 0) yield members;
    if (members.length < chunk) return;
  }
}

/** Asks for many at once, and one by one only where there are some. */
async function holdersAmong(control: Redis, keys: ConcertKeys, users: readonly string[]): Promise<readonly string[]> {
  const groups: string[][] = [];
  for (let from = 0; from < users.length; from += TOKENS) groups.push(users.slice(from, from + TOKENS));
  const tokenOf = (user: string): string => keys.tokenPrefix + user;
  const counts = await Promise.all(groups.map((group) => control.exists(...group.map(tokenOf))));
  const holders = await Promise.all(
    groups
      .filter((_, index) => (counts[index] as number) > 0)
      .map(async (group) => {
        const held = await Promise.all(group.map((user) => control.exists(tokenOf(user))));
        return group.filter((_, index) => held[index] === 1);
      }),
  );
  return holders.flat();
}
