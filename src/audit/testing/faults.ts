import fc from "fast-check";
import type { AnomalyKind } from "../../queue/anomaly.js";
import { isEntry, OPERATIONS } from "../history.js";
import { type Call, type Concert, type Entry, preparedAs, type World, without } from "./world.js";

/** For tests: what can be wrong with a trial, one fault at a time. */

/** One of `items`, by a number drawn; the case is skipped where there is none. */
export function pick<T>(items: readonly T[], drawn: number): T {
  fc.pre(items.length > 0);
  return items[drawn % items.length]!;
}

const concertOf = (world: World, { concert }: Entry): Concert => world.concerts[concert]!;
const isSame = (a: Entry, b: Entry): boolean => a.user === b.user && a.concert === b.concert;
const isAnEntry = ({ operation }: Entry): boolean => isEntry(OPERATIONS.indexOf(operation));
const entriesOf = ({ entries }: World): Entry[] => entries.filter(isAnEntry);
const joined = (world: World): Entry[] => entriesOf(world).filter(({ result }) => result === "NEW");
/**
 * Nothing is in doubt about him: he was never admitted, did not leave, no entry of his may or may not have been, and none
 * of his questions was answered that he is nowhere, which may as well mean that he was lost.
 */
export const isCertain = (world: World, concert: Concert, user: number): boolean => {
  const number = world.concerts.indexOf(concert);
  const his = world.entries.filter((entry) => entry.user === user && entry.concert === number);
  const isNowhere = (one: Entry): boolean => !isAnEntry(one) && one.result === "NEW";
  const isDoubtful = his.some((one) => one.operation === "leave" || one.result === "in-doubt" || isNowhere(one));
  return !isDoubtful && world.admissions !== "by score" && !world.calls.some(({ users }) => users.includes(user));
};
/** Admissions of users who are active since, by name; of them nothing else is known that could excuse a fault. */
const named = (world: World): Call[] =>
  world.admissions === "by name"
    ? world.calls.filter(
        ({ users, concert }) =>
          users.length > 0 &&
          users.every(
            (user) =>
              world.concerts[concert]!.tokens.includes(user) &&
              !world.entries.some(
                (one) =>
                  one.user === user &&
                  one.concert === concert &&
                  (one.operation === "leave" || one.result === "in-doubt"),
              ) &&
              world.calls.filter((call) => call.concert === concert && call.users.includes(user)).length === 1,
          ),
      )
    : [];
const certainEntry = (world: World, entry: Entry): boolean => isCertain(world, concertOf(world, entry), entry.user);
const isWaiting = (world: World, entry: Entry): boolean => concertOf(world, entry).waiting.includes(entry.user);
/** The entry by which somebody joined who waits, as far as anybody can know. */
const certainlyWaiting = (world: World, drawn: number): Entry =>
  pick(
    joined(world).filter((one) => isWaiting(world, one) && certainEntry(world, one)),
    drawn,
  );
const wasQueued = (entry: Entry): boolean => isAnEntry(entry) && (entry.result === "NEW" || entry.result === "WAITING");

type Plant = (world: World, drawn: number) => void;

/** One fault each, planted in a world without any; `drawn` says where. */
export const FAULTS: [name: string, kind: AnomalyKind, plant: Plant][] = [
  [
    "a user who was told NEW is gone",
    "lost",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      concertOf(world, entry).waiting = without(concertOf(world, entry).waiting, entry.user);
    },
  ],
  [
    "a user who was waiting before the trial is gone",
    "lost",
    (world, drawn) => {
      const prepared = (concert: Concert) =>
        concert.waiting.filter((user) => user < world.prepared.waiting && isCertain(world, concert, user));
      const concert = pick(
        world.concerts.filter((one) => prepared(one).length > 0),
        drawn,
      );
      concert.waiting = without(concert.waiting, pick(prepared(concert), drawn));
    },
  ],
  [
    "a user who was told NEW is not there when he leaves",
    "lost",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      concertOf(world, entry).waiting = without(concertOf(world, entry).waiting, entry.user);
      world.entries.push({ ...entry, operation: "leave", result: "NEW", sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
  ...(["read", "replica-read"] as const).map((operation): [string, AnomalyKind, Plant] => [
    `a user who waits is found nowhere by a ${operation}`,
    operation === "read" ? "wrong-outcome" : "stale-read",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      world.entries.push({ ...entry, operation, result: "NEW", sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ]),
  [
    "a user who is found nowhere when he asks is gone",
    "lost",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      concertOf(world, entry).waiting = without(concertOf(world, entry).waiting, entry.user);
      world.entries.push({ ...entry, operation: "read", result: "NEW", sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
  [
    "a user who left waits all the same",
    "phantom",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      world.entries.push({ ...entry, operation: "leave", result: "WAITING", sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
  [
    "a user is told WAITING after he left",
    "wrong-outcome",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      const left = { ...entry, operation: "leave", result: "WAITING", sentUs: 1e6, repliedUs: 1e6 + 5 } as const;
      world.entries.push(left, { ...entry, result: "WAITING", sentUs: 2e6, repliedUs: 2e6 + 5 });
    },
  ],
  [
    "an admission takes a user whom an earlier one took",
    "double-admission",
    (world, drawn) => {
      const call = pick(named(world), drawn);
      const other = { ...call, sentUs: 1e6, repliedUs: 1e6 + 5, expiresAtMs: 2e12, users: [pick(call.users, drawn)] };
      world.calls.push(other);
    },
  ],
  [
    "an admission takes a user whom nobody queued",
    "phantom",
    (world, drawn) => {
      const call = pick(named(world), drawn);
      call.users.push(4_000_000_000);
      world.concerts[call.concert]!.active.set(4_000_000_000, call.expiresAtMs);
      world.concerts[call.concert]!.tokens.push(4_000_000_000);
    },
  ],
  [
    "an admitted user is told WAITING",
    "wrong-outcome",
    (world, drawn) => {
      const call = pick(named(world), drawn);
      const late = { sentUs: 1e6, repliedUs: 1e6 + 5, position: 1, total: 9 };
      const user = pick(call.users, drawn);
      const entry = { concert: call.concert, user, prepared: preparedAs(world.prepared, user), ...late } as const;
      world.entries.push({ instance: 0, operation: "poll", result: "WAITING", ...entry });
    },
  ],
  [
    "a waiting user is told ACTIVE",
    "wrong-outcome",
    (world, drawn) => {
      fc.pre(world.admissions !== "unrecorded");
      const entry = certainlyWaiting(world, drawn);
      world.entries.push({ ...entry, result: "ACTIVE", sentUs: 1e6, repliedUs: 1e6 + 5, position: 0 });
    },
  ],
  [
    "a member of the active set has no token",
    "leaked-capacity",
    (world, drawn) => {
      const concert = pick(
        world.concerts.filter(({ tokens }) => tokens.length > 0),
        drawn,
      );
      concert.tokens = without(concert.tokens, pick(concert.tokens, drawn));
    },
  ],
  [
    "a user waits who never entered",
    "phantom",
    (world, drawn) => pick(world.concerts, drawn).waiting.push(4_000_000_000 + (drawn % 100)),
  ],
  ["a member that is no user of ours", "phantom", (world, drawn) => pick(world.concerts, drawn).waiting.push(-1)],
  [
    "a waiting user holds a token",
    "wait-and-active",
    (world, drawn) => {
      const concert = pick(
        world.concerts.filter(({ waiting }) => waiting.length > 0),
        drawn,
      );
      concert.tokens.push(pick(concert.waiting, drawn));
    },
  ],
  [
    "a waiting user stands in the active set",
    "wait-and-active",
    (world, drawn) => {
      const concert = pick(
        world.concerts.filter(({ waiting }) => waiting.length > 0),
        drawn,
      );
      const certain = concert.waiting.filter((user) => isCertain(world, concert, user));
      concert.active.set(pick(certain, drawn), 1);
    },
  ],
  [
    "an active user is queued",
    "wait-and-active",
    (world, drawn) => {
      const concert = pick(
        world.concerts.filter(({ active }) => active.size > 0),
        drawn,
      );
      concert.waiting.push(pick([...concert.active.keys()], drawn));
    },
  ],
  [
    "a user is told NEW again",
    "double-new",
    (world, drawn) => {
      const entry = certainlyWaiting(world, drawn);
      world.entries.push({ ...entry, sentUs: 1e6, repliedUs: 1e6 + 5, position: 1 });
    },
  ],
  [
    "a user who was waiting is told NEW",
    "wrong-outcome",
    (world, drawn) => {
      const { waiting } = world.prepared;
      const entry = pick(
        entriesOf(world).filter(
          (one) => one.result === "WAITING" && one.user < waiting && isWaiting(world, one) && certainEntry(world, one),
        ),
        drawn,
      );
      entry.result = "NEW";
      // As a queue in order would have it, lest the order be called broken too.
      entry.sentUs = -1;
      entry.repliedUs = 1e6;
    },
  ],
  [
    "an active user is told WAITING",
    "wrong-outcome",
    (world, drawn) => {
      const entry = pick(
        entriesOf(world).filter(
          (one) => one.result === "ACTIVE" && one.prepared === "ACTIVE" && certainEntry(world, one),
        ),
        drawn,
      );
      Object.assign(entry, { result: "WAITING", position: 1, total: 1, sentUs: -1, repliedUs: 1e6 });
    },
  ],
  [
    "a user whom nobody told NEW is told WAITING",
    "wrong-outcome",
    (world, drawn) => {
      const entry = pick(
        joined(world).filter(
          (one) =>
            isWaiting(world, one) &&
            certainEntry(world, one) &&
            !world.entries.some((other) => other !== one && isSame(other, one) && other.result !== "failed"),
        ),
        drawn,
      );
      entry.result = "WAITING";
    },
  ],
  [
    "an answer without a position",
    "no-position",
    (world, drawn) => {
      pick(world.entries.filter(wasQueued), drawn).position = 0;
    },
  ],
  [
    "a total smaller than the position",
    "total-below-position",
    (world, drawn) => {
      const entry = pick(world.entries.filter(wasQueued), drawn);
      entry.total = entry.position - 1;
    },
  ],
  [
    "a waiting user is told a higher position",
    "position-grew",
    (world, drawn) => {
      const entry = pick(
        world.entries.filter((one) => wasQueued(one) && isWaiting(world, one) && certainEntry(world, one)),
        drawn,
      );
      // The first overlaps with all that he was told before, so that nothing can be said of it.
      const late = { ...entry, result: "WAITING", position: 50, total: 60, sentUs: -1, repliedUs: 1e6 } as const;
      world.entries.push({ ...late }, { ...late, position: 51, sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
];
