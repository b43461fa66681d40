import fc from "fast-check";
import { type ConcertKeys, concertIdOf, concertKeys } from "../../queue/keys.js";
import { OUTCOMES, type Outcome } from "../../queue/outcome.js";
import type { Population } from "../../queue/population.js";
import type { AdmissionCall } from "../admissions.js";
import type { TrialFacts } from "../audit.js";
import { clocksOf, type LineUp } from "../clocks.js";
import {
  ENTRY_BYTES,
  History,
  isEntry,
  OPERATIONS,
  type Operation,
  type OperationCode,
  type OutcomeCode,
  RESULTS,
  type Result,
  type ResultCode,
} from "../history.js";
import type { QueueReader } from "../reader.js";

/**
 * For tests: a trial that went as it should, drawn at random, to plant faults in. Entries, leaves and admissions take
 * effect one after another, each somewhere between its being sent and its reply, by a queue that makes no mistakes.
 * Times in a world are true ones; what threads record of them is off by each one's clock.
 */
export interface World {
  readonly prepared: Population;
  /** Whether there are admissions, and what is recorded of them. */
  readonly admissions: "never" | "unrecorded" | "by score" | "by name";
  readonly instances: number;
  /** By instance; the last one is who admits. */
  readonly lineUps: readonly LineUp[];
  readonly concerts: Concert[];
  readonly entries: Entry[];
  readonly calls: Call[];
  /** When the server forgot everything. */
  readonly restartsUs?: number[];
  /** Who was waiting or active then. */
  readonly forgotten?: { readonly concert: number; readonly user: number }[];
}

export interface Concert {
  /** Users, front to back; −1 for a member that is no user. */
  waiting: number[];
  /** Users and when their places end, ms. */
  active: Map<number, number>;
  tokens: number[];
}

export interface Entry {
  readonly instance: number;
  readonly concert: number;
  readonly user: number;
  readonly prepared: Outcome;
  readonly operation: Operation;
  result: Result;
  sentUs: number;
  repliedUs: number;
  position: number;
  total: number;
}

export interface Call {
  readonly concert: number;
  sentUs: number;
  repliedUs: number;
  readonly expiresAtMs: number;
  readonly users: number[];
}

const RUN = "world";
export const NEW_USERS = 12;
const TOKEN_TTL_MS = 1;
const PREPARED_ENDS_MS = 9e12;
/** Who admits has a clock of his own. */
const ADMITTING = 99;

const event = fc.record({
  what: fc.constantFrom(
    "enter",
    "enter",
    "enter",
    "enter",
    "admit",
    "leave",
    "read",
    "replica-read",
    "token ends",
    "fail",
    "doubt, done",
    "doubt, not done",
    "restart",
  ),
  instance: fc.nat(2),
  concert: fc.nat(2),
  user: fc.nat(99),
  /** How long the operation is under way before and after it takes effect; effects are 10 apart. */
  beforeUs: fc.nat(25),
  afterUs: fc.nat(25),
});
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

const lineUp = fc
  .record({ before: fc.nat(40), width: fc.nat(15) })
  .map(({ before, width }): LineUp => ({ arrivedUs: -before - width, passedUs: -before }));

const worlds = (hasRestarts: boolean): fc.Arbitrary<World> =>
  fc
    .record({
      prepared: fc.record({ waiting: fc.nat(5), active: fc.nat(3) }),
      admissions: fc.constantFrom("never", "unrecorded", "by score", "by name"),
      instances: fc.integer({ min: 1, max: 3 }),
      lineUps: fc.array(lineUp, { minLength: 4, maxLength: 4 }),
      concerts: fc.integer({ min: 1, max: 3 }),
      hasLeaves: fc.boolean(),
      events: fc.array(event, { maxLength: 60 }),
    })
    .map(({ concerts, events, hasLeaves, admissions, ...rest }) => {
      const world: World = {
        ...rest,
        admissions: admissions as World["admissions"],
        concerts: [],
        entries: [],
        calls: [],
        restartsUs: [],
        forgotten: [],
      };
      for (let concert = 0; concert < concerts; concert++) world.concerts.push(prepare(rest.prepared));
      events
        .filter(({ what }) => (what !== "leave" || hasLeaves) && (what !== "restart" || hasRestarts))
        .forEach((one, index) => {
          happen(world, one, 100 + 10 * index);
        });
      return world;
    });

/** Any trial that no one can complain about. */
export const anyWorld = worlds(false);

/** The same, of a server that restarted meanwhile. */
export const anyForgetfulWorld = worlds(true).filter(({ restartsUs }) => restartsUs!.length > 0);

function prepare({ waiting, active }: Population): Concert {
  const users = Array.from({ length: waiting + active }, (_, user) => user);
  return {
    waiting: users.slice(0, waiting),
    active: new Map(users.slice(waiting).map((user) => [user, PREPARED_ENDS_MS])),
    tokens: users.slice(waiting),
  };
}

export const without = (users: number[], user: number): number[] => users.filter((other) => other !== user);

function happen(world: World, one: Event, atUs: number): void {
  const number = one.concert % world.concerts.length;
  const concert = world.concerts[number]!;
  if (one.what === "restart") restart(world, atUs);
  else if (one.what === "admit") admit(world, one, atUs, number);
  else if (one.what === "token ends") endToken(world, concert, one);
  else if (one.what === "leave") leave(world, one, atUs, number);
  else if (one.what === "read" || one.what === "replica-read") read(world, one, atUs, number, one.what);
  else enter(world, one, atUs, number);
}

function restart(world: World, atUs: number): void {
  world.restartsUs!.push(atUs);
  world.concerts.forEach(({ waiting, active }, concert) => {
    for (const user of [...waiting, ...active.keys()]) world.forgotten!.push({ concert, user });
    world.concerts[concert] = { waiting: [], active: new Map(), tokens: [] };
  });
}

function admit(world: World, one: Event, atUs: number, number: number): void {
  if (world.admissions === "never") return;
  const concert = world.concerts[number]!;
  const users = concert.waiting.splice(0, one.user % 3);
  const expiresAtMs = 1e12 + atUs;
  for (const user of users) {
    concert.active.set(user, expiresAtMs);
    concert.tokens.push(user);
  }
  const { beforeUs, afterUs } = one;
  world.calls.push({ concert: number, sentUs: atUs - beforeUs, repliedUs: atUs + afterUs, expiresAtMs, users });
}

/** Of a prepared user never; and nobody who keeps no record of admissions says how long tokens live. */
function endToken(world: World, concert: Concert, one: Event): void {
  if (world.admissions === "unrecorded") return;
  const admitted = [...concert.active].filter(([, endsMs]) => endsMs !== PREPARED_ENDS_MS);
  if (admitted.length === 0) return;
  const [user] = admitted[one.user % admitted.length]!;
  concert.active.delete(user);
  concert.tokens = without(concert.tokens, user);
}

const userOf = (world: World, one: Event): number =>
  one.user % (world.prepared.waiting + world.prepared.active + NEW_USERS);

export const preparedAs = ({ waiting, active }: Population, user: number): Outcome =>
  user < waiting ? "WAITING" : user < waiting + active ? "ACTIVE" : "NEW";

function leave(world: World, one: Event, atUs: number, number: number): void {
  const concert = world.concerts[number]!;
  const user = userOf(world, one);
  // Whom set-up made active stays so: numbers alone do not tell such a leave from a queued user's.
  if (preparedAs(world.prepared, user) === "ACTIVE") return;
  const result = concert.waiting.includes(user) ? "WAITING" : concert.active.has(user) ? "ACTIVE" : "NEW";
  concert.waiting = without(concert.waiting, user);
  concert.active.delete(user);
  concert.tokens = without(concert.tokens, user);
  record(world, one, { concert: number, user, operation: "leave", result, atUs, position: 0, total: 0 });
}

/** A replica that is not behind tells what its primary would. */
function read(world: World, one: Event, atUs: number, number: number, operation: "read" | "replica-read"): void {
  const { waiting, tokens } = world.concerts[number]!;
  const user = userOf(world, one);
  const place = tokens.includes(user) ? -1 : waiting.indexOf(user);
  const result = tokens.includes(user) ? "ACTIVE" : place < 0 ? "NEW" : "WAITING";
  const told = { position: place + 1, total: place < 0 ? 0 : waiting.length };
  record(world, one, { concert: number, user, operation, result, atUs, ...told });
}

function enter(world: World, one: Event, atUs: number, number: number): void {
  const concert = world.concerts[number]!;
  const user = userOf(world, one);
  let outcome: Outcome = "ACTIVE";
  if (one.what !== "fail" && one.what !== "doubt, not done" && !concert.tokens.includes(user)) {
    outcome = concert.waiting.includes(user) ? "WAITING" : "NEW";
    if (outcome === "NEW") concert.waiting.push(user);
  }
  const result = one.what === "enter" ? outcome : one.what === "fail" ? "failed" : "in-doubt";
  const isQueued = result === "NEW" || result === "WAITING";
  const position = isQueued ? concert.waiting.indexOf(user) + 1 : 0;
  const total = isQueued ? concert.waiting.length : 0;
  record(world, one, { concert: number, user, operation: "enter", result, atUs, position, total });
}

function record(
  world: World,
  { instance, beforeUs, afterUs }: Event,
  { atUs, ...rest }: Pick<Entry, "concert" | "user" | "operation" | "result" | "position" | "total"> & { atUs: number },
): void {
  const sentUs = atUs - beforeUs;
  // What is given up may take effect after that.
  const repliedUs = rest.result === "in-doubt" ? Math.max(sentUs, atUs + afterUs - 20) : atUs + afterUs;
  const prepared = preparedAs(world.prepared, rest.user);
  world.entries.push({ instance: instance % world.instances, prepared, sentUs, repliedUs, ...rest });
}

/** How much a thread's clock is behind the true time: it counts from some time after its line-up. */
const behindUs = ({ arrivedUs, passedUs }: LineUp, share: number): number =>
  -(arrivedUs + (passedUs - arrivedUs) * share);

/**
 * What the audit is told of a world. The line-up of all threads was at the true time 0, `share` of the way between each
 * thread's two readings. `recorded`: entries that each instance's history has room for.
 */
export function factsOf(world: World, recorded = Number.POSITIVE_INFINITY, share = 0.5): TrialFacts {
  const histories = Array.from({ length: world.instances }, (_, instance) => {
    const entries = world.entries.filter((entry) => entry.instance === instance);
    const room = Math.min(recorded, entries.length);
    const history = new History({ instance, budgetBytes: room * ENTRY_BYTES, chunkEntries: 1 });
    const offUs = behindUs(world.lineUps[instance]!, share);
    for (const entry of entries.sort((a, b) => a.repliedUs - b.repliedUs)) append(history, entry, offUs);
    return history;
  });
  const threads = [...histories.map(({ instance }) => instance), ADMITTING];
  const lineUpOf = (instance: number): LineUp => world.lineUps.at(instance === ADMITTING ? -1 : instance)!;
  return {
    runId: RUN,
    population: world.prepared,
    // One count for each instance, as the threads hand them in.
    concerts: histories.flatMap(({ instance }) => world.concerts.map((_, number) => countsOf(world, instance, number))),
    histories,
    clocks: clocksOf(threads.map((instance) => ({ instance, lineUps: [lineUpOf(instance)] }))),
    promises: [],
    ...admissionsOf(world, behindUs(lineUpOf(ADMITTING), share)),
    ...forgettingsOf(world, behindUs(lineUpOf(ADMITTING), share)),
  };
}

/** Known to some µs; effects are 10 apart. */
function forgettingsOf({ restartsUs = [] }: World, offUs: number): Pick<TrialFacts, "serverRestarted" | "forgettings"> {
  if (restartsUs.length === 0) return {};
  const spans = restartsUs.map((atUs) => ({ fromUs: atUs - offUs - 4, untilUs: atUs - offUs + 4 }));
  return { serverRestarted: true, forgettings: { instance: ADMITTING, spans } };
}

function admissionsOf(world: World, offUs: number): Pick<TrialFacts, "admissions" | "isAdmitting"> {
  if (world.admissions === "never") return {};
  if (world.admissions === "unrecorded") return { isAdmitting: true };
  const calls = world.calls.map(
    ({ concert, sentUs, repliedUs, expiresAtMs, users }): AdmissionCall => ({
      concert,
      sentUs: sentUs - offUs,
      repliedUs: repliedUs - offUs,
      expiresAtMs,
      tokenTtlMs: TOKEN_TTL_MS,
      count: users.length,
      isInDoubt: false,
      ...(world.admissions === "by name" ? { users: Uint32Array.from(users) } : {}),
    }),
  );
  return { admissions: [{ instance: ADMITTING, calls }] };
}

function append(history: History, entry: Entry, offUs: number): void {
  const { concert, user, prepared, result, position, total, operation } = entry;
  const preparedCode = OUTCOMES.indexOf(prepared) as OutcomeCode;
  const resultCode = RESULTS.indexOf(result) as ResultCode;
  const operationCode = OPERATIONS.indexOf(operation) as OperationCode;
  const [sentUs, repliedUs] = [entry.sentUs - offUs, entry.repliedUs - offUs];
  history.append(
    concert,
    user,
    preparedCode,
    resultCode,
    sentUs,
    sentUs,
    sentUs,
    repliedUs,
    position,
    total,
    operationCode,
  );
}

function countsOf(world: World, instance: number, number: number): TrialFacts["concerts"][number] {
  const count = (operation: "enter" | "leave", ...results: Result[]): number =>
    world.entries.filter(
      (entry) =>
        entry.instance === instance &&
        entry.concert === number &&
        (isEntry(OPERATIONS.indexOf(entry.operation)) ? "enter" : entry.operation) === operation &&
        results.includes(entry.result),
    ).length;
  const of = (...results: Result[]): number => count("enter", ...results);
  return {
    number,
    answers: { NEW: of("NEW"), WAITING: of("WAITING"), ACTIVE: of("ACTIVE") },
    failed: of("failed", "in-doubt"),
    inDoubt: of("in-doubt"),
    left: count("leave", "WAITING", "ACTIVE"),
    leavesInDoubt: count("leave", "in-doubt"),
  };
}

/** Reads the world as it would be read from Redis, three members at a time. */
export function worldReader(world: World): QueueReader {
  const concertOf = (keys: ConcertKeys): Concert =>
    world.concerts.find((_, number) => concertKeys(concertIdOf(RUN, number)).waiting === keys.waiting)!;
  return {
    waiting: (keys) => chunksOf(concertOf(keys).waiting),
    async *active(keys) {
      for await (const chunk of chunksOf([...concertOf(keys).active])) {
        yield { users: chunk.map(([user]) => user), expiresAtMs: chunk.map(([, endsMs]) => endsMs) };
      }
    },
    tokenHolders: async (keys, users) => users.filter((user) => concertOf(keys).tokens.includes(user)),
    timeMs: async () => 2e12,
  };
}

async function* chunksOf<T>(members: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < members.length; from += 3) yield members.slice(from, from + 3);
}
