import fc from "fast-check";
import type { AnomalyKind } from "../../queue/anomaly.js";
import { userIdOf } from "../../queue/keys.js";
import { type Concert, type Entry, type World, without } from "./world.js";

/** For tests: what can be wrong with a trial, one fault at a time. */

/** One of `items`, by a number drawn; the case is skipped where there is none. */
export function pick<T>(items: readonly T[], drawn: number): T {
  fc.pre(items.length > 0);
  return items[drawn % items.length]!;
}

const concertOf = (world: World, { concert }: Entry): Concert => world.concerts[concert]!;
const isSame = (a: Entry, b: Entry): boolean => a.user === b.user && a.concert === b.concert;
const left = (world: World): Entry[] => world.entries.filter(({ operation }) => operation === "leave");
/** Of users who never left: of others it is not always certain what was first. */
const stayed = (world: World): Entry[] =>
  world.entries.filter((one) => !left(world).some((other) => isSame(one, other)));
const joined = (world: World): Entry[] => stayed(world).filter(({ result }) => result === "NEW");
const isInDoubt = (world: World, entry: Entry): boolean =>
  world.entries.some((one) => isSame(one, entry) && one.result === "in-doubt");
const isWaiting = (world: World, entry: Entry): boolean =>
  concertOf(world, entry).waiting.includes(userIdOf(entry.user));
const wasQueued = ({ result }: Entry): boolean => result === "NEW" || result === "WAITING";

/** One fault each, planted in a world without any; `drawn` says where. */
export const FAULTS: [name: string, kind: AnomalyKind, plant: (world: World, drawn: number) => void][] = [
  [
    "a user who was told NEW is gone",
    "lost",
    (world, drawn) => {
      const entry = pick(
        joined(world).filter((one) => isWaiting(world, one)),
        drawn,
      );
      concertOf(world, entry).waiting = without(concertOf(world, entry).waiting, userIdOf(entry.user));
    },
  ],
  [
    "a user who was waiting before the trial is gone",
    "lost",
    (world, drawn) => {
      const prepared = (concert: Concert) => concert.waiting.filter((id) => Number(id) < world.prepared.waiting);
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
      const entry = pick(
        joined(world).filter((one) => isWaiting(world, one)),
        drawn,
      );
      concertOf(world, entry).waiting = without(concertOf(world, entry).waiting, userIdOf(entry.user));
      world.entries.push({ ...entry, operation: "leave", result: "NEW", sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
  [
    "a user who left waits all the same",
    "phantom",
    (world, drawn) => {
      const entry = pick(
        joined(world).filter((one) => isWaiting(world, one) && !isInDoubt(world, one)),
        drawn,
      );
      world.entries.push({ ...entry, operation: "leave", result: "WAITING", sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
  [
    "a user is told WAITING after he left",
    "wrong-outcome",
    (world, drawn) => {
      const entry = pick(
        joined(world).filter((one) => isWaiting(world, one) && !isInDoubt(world, one)),
        drawn,
      );
      const left = { ...entry, operation: "leave", result: "WAITING", sentUs: 1e6, repliedUs: 1e6 + 5 } as const;
      world.entries.push(left, { ...entry, result: "WAITING", sentUs: 2e6, repliedUs: 2e6 + 5 });
    },
  ],
  [
    "a user waits who never entered",
    "phantom",
    (world, drawn) => pick(world.concerts, drawn).waiting.push(userIdOf(4_000_000_000 + (drawn % 100))),
  ],
  [
    "a member that is no user of ours",
    "phantom",
    (world, drawn) => pick(world.concerts, drawn).waiting.push(pick(["x", "9999999999", "-000000001", "12"], drawn)),
  ],
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
      concert.active.push(pick(concert.waiting, drawn));
    },
  ],
  [
    "an active user is queued",
    "wait-and-active",
    (world, drawn) => {
      const concert = pick(
        world.concerts.filter(({ active }) => active.length > 0),
        drawn,
      );
      concert.waiting.push(pick(concert.active, drawn));
    },
  ],
  [
    "a user is told NEW again",
    "double-new",
    (world, drawn) => {
      const entry = pick(
        joined(world).filter((one) => isWaiting(world, one)),
        drawn,
      );
      world.entries.push({ ...entry, sentUs: 1e6, repliedUs: 1e6 + 5, position: 1 });
    },
  ],
  [
    "a user who was waiting is told NEW",
    "wrong-outcome",
    (world, drawn) => {
      const { waiting } = world.prepared;
      const entry = pick(
        world.entries.filter((one) => one.result === "WAITING" && one.user < waiting && isWaiting(world, one)),
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
      const { entries } = world;
      const entry = pick(
        entries.filter((one) => one.result === "ACTIVE" && one.prepared === "ACTIVE"),
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
      pick(stayed(world).filter(wasQueued), drawn).position = 0;
    },
  ],
  [
    "a total smaller than the position",
    "total-below-position",
    (world, drawn) => {
      const entry = pick(stayed(world).filter(wasQueued), drawn);
      entry.total = entry.position - 1;
    },
  ],
  [
    "a waiting user is told a higher position",
    "position-grew",
    (world, drawn) => {
      const entry = pick(
        stayed(world).filter((one) => wasQueued(one) && isWaiting(world, one)),
        drawn,
      );
      // The first overlaps with all that he was told before, so that nothing can be said of it.
      const late = { ...entry, result: "WAITING", position: 50, total: 60, sentUs: -1, repliedUs: 1e6 } as const;
      world.entries.push({ ...late }, { ...late, position: 51, sentUs: 1e6, repliedUs: 1e6 + 5 });
    },
  ],
];
