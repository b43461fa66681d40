import fc from "fast-check";
import { type ConcertKeys, concertIdOf, concertKeys, userIdOf } from "../../queue/keys.js";
import { OUTCOMES, type Outcome } from "../../queue/outcome.js";
import type { TrialFacts } from "../audit.js";
import type { Prepared } from "../concert-audit.js";
import {
  ENTRY_BYTES,
  History,
  OPERATION,
  type Operation,
  type OutcomeCode,
  RESULTS,
  type Result,
  type ResultCode,
} from "../history.js";
import type { QueueReader } from "../reader.js";

/**
 * For tests: a trial that went as it should, drawn at random, to plant faults in. Entries take effect one after another,
 * each somewhere between its being sent and its reply, by a queue that makes no mistakes.
 */
export interface World {
  readonly prepared: Prepared;
  readonly isAdmitting: boolean;
  readonly instances: number;
  readonly concerts: Concert[];
  readonly entries: Entry[];
}

export interface Concert {
  /** Ids, front to back. */
  waiting: string[];
  active: string[];
  tokens: string[];
}

export interface Entry {
  readonly instance: number;
  readonly concert: number;
  readonly user: number;
  readonly prepared: Outcome;
  /** "enter" if left out. */
  readonly operation?: Operation;
  result: Result;
  sentUs: number;
  repliedUs: number;
  position: number;
  total: number;
}

const RUN = "world";
const NEW_USERS = 12;

const event = fc.record({
  what: fc.constantFrom("enter", "enter", "enter", "enter", "admit", "leave", "fail", "doubt, done", "doubt, not done"),
  instance: fc.nat(1),
  concert: fc.nat(2),
  user: fc.nat(99),
  /** How long the entry is under way before and after it takes effect; effects are 10 apart. */
  beforeUs: fc.nat(25),
  afterUs: fc.nat(25),
});

/** Any trial that no one can complain about. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({
    prepared: fc.record({ waiting: fc.nat(5), active: fc.nat(3) }),
    isAdmitting: fc.boolean(),
    instances: fc.integer({ min: 1, max: 2 }),
    concerts: fc.integer({ min: 1, max: 3 }),
    events: fc.array(event, { maxLength: 60 }),
  })
  .map(({ concerts, events, ...rest }) => {
    const world: World = { ...rest, concerts: [], entries: [] };
    for (let concert = 0; concert < concerts; concert++) world.concerts.push(prepare(rest.prepared));
    events.forEach((one, index) => {
      happen(world, one, 100 + 10 * index);
    });
    return world;
  });

function prepare({ waiting, active }: Prepared): Concert {
  const ids = Array.from({ length: waiting + active }, (_, user) => userIdOf(user));
  return { waiting: ids.slice(0, waiting), active: ids.slice(waiting), tokens: ids.slice(waiting) };
}

function happen(world: World, one: typeof event extends fc.Arbitrary<infer T> ? T : never, atUs: number): void {
  const { prepared, isAdmitting } = world;
  const number = one.concert % world.concerts.length;
  const concert = world.concerts[number]!;
  if (one.what === "admit") {
    const first = isAdmitting ? concert.waiting.shift() : undefined;
    if (first !== undefined) {
      concert.active.push(first);
      concert.tokens.push(first);
    }
    return;
  }
  const user = one.user % (prepared.waiting + prepared.active + NEW_USERS);
  const id = userIdOf(user);
  if (one.what === "leave") {
    leave(world, number, user, atUs - one.beforeUs, atUs + one.afterUs);
    return;
  }
  let outcome: Outcome = "ACTIVE";
  if (one.what !== "fail" && one.what !== "doubt, not done" && !concert.tokens.includes(id)) {
    outcome = concert.waiting.includes(id) ? "WAITING" : "NEW";
    if (outcome === "NEW") concert.waiting.push(id);
  }
  const result = one.what === "enter" ? outcome : one.what === "fail" ? "failed" : "in-doubt";
  const isQueued = result === "NEW" || result === "WAITING";
  const kind = user < prepared.waiting ? "WAITING" : user < prepared.waiting + prepared.active ? "ACTIVE" : "NEW";
  world.entries.push({
    // A new user keeps to one thread.
    instance: (kind === "NEW" ? user : one.instance) % world.instances,
    concert: number,
    user,
    prepared: kind,
    result,
    sentUs: atUs - one.beforeUs,
    repliedUs: atUs + one.afterUs,
    position: isQueued ? concert.waiting.indexOf(id) + 1 : 0,
    total: isQueued ? concert.waiting.length : 0,
  });
}

/** Only whom nobody prepared leaves. */
function leave(world: World, number: number, user: number, sentUs: number, repliedUs: number): void {
  const { prepared, instances } = world;
  if (user < prepared.waiting + prepared.active) return;
  const concert = world.concerts[number]!;
  const id = userIdOf(user);
  const result = concert.waiting.includes(id) ? "WAITING" : concert.active.includes(id) ? "ACTIVE" : "NEW";
  concert.waiting = without(concert.waiting, id);
  concert.active = without(concert.active, id);
  concert.tokens = without(concert.tokens, id);
  world.entries.push({
    instance: user % instances,
    concert: number,
    user,
    prepared: "NEW",
    operation: "leave",
    result,
    sentUs,
    repliedUs,
    position: 0,
    total: 0,
  });
}

export const without = (ids: string[], id: string): string[] => ids.filter((other) => other !== id);

/** `recorded`: entries that each instance's history has room for. */
export function factsOf(world: World, recorded = Number.POSITIVE_INFINITY): TrialFacts {
  const histories = Array.from({ length: world.instances }, (_, instance) => {
    const entries = world.entries.filter((entry) => entry.instance === instance);
    const room = Math.min(recorded, entries.length);
    const history = new History({ instance, budgetBytes: room * ENTRY_BYTES, chunkEntries: 1 });
    for (const entry of entries.sort((a, b) => a.repliedUs - b.repliedUs)) append(history, entry);
    return history;
  });
  return {
    runId: RUN,
    population: world.prepared,
    // One count for each instance, as the threads hand them in.
    concerts: histories.flatMap(({ instance }) => world.concerts.map((_, number) => countsOf(world, instance, number))),
    histories,
    promises: [],
    isAdmitting: world.isAdmitting,
  };
}

function append(
  history: History,
  { concert, user, prepared, operation = "enter", result, sentUs, repliedUs, position, total }: Entry,
): void {
  const preparedCode = OUTCOMES.indexOf(prepared) as OutcomeCode;
  const resultCode = RESULTS.indexOf(result) as ResultCode;
  const code = OPERATION[operation];
  history.append(concert, user, preparedCode, resultCode, sentUs, sentUs, sentUs, repliedUs, position, total, code);
}

function countsOf(world: World, instance: number, number: number): TrialFacts["concerts"][number] {
  const count = (isLeave: boolean, ...results: Result[]): number =>
    world.entries.filter(
      (entry) =>
        entry.instance === instance &&
        entry.concert === number &&
        (entry.operation === "leave") === isLeave &&
        results.includes(entry.result),
    ).length;
  const of = (...results: Result[]): number => count(false, ...results);
  return {
    number,
    answers: { NEW: of("NEW"), WAITING: of("WAITING"), ACTIVE: of("ACTIVE") },
    failed: of("failed", "in-doubt"),
    inDoubt: of("in-doubt"),
    left: count(true, "WAITING", "ACTIVE"),
    leavesInDoubt: count(true, "in-doubt"),
  };
}

/** Reads the world as it would be read from Redis, three members at a time. */
export function worldReader(world: World): QueueReader {
  const concertOf = (keys: ConcertKeys): Concert =>
    world.concerts.find((_, number) => concertKeys(concertIdOf(RUN, number)).waiting === keys.waiting)!;
  return {
    waiting: (keys) => chunksOf(concertOf(keys).waiting),
    active: (keys) => chunksOf(concertOf(keys).active),
    tokenHolders: async (keys, users) => users.filter((user) => concertOf(keys).tokens.includes(user)),
  };
}

async function* chunksOf(members: readonly string[]): AsyncGenerator<readonly string[]> {
  for (let from = 0; from < members.length; from += 3) yield members.slice(from, from + 3);
}
