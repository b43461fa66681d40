import type { Redis } from "ioredis";
import { prng } from "../../base/prng.js";
import type { AnomalyKind } from "../../queue/anomaly.js";
import { type ConcertKeys, concertIdOf, concertKeys, userIdOf } from "../../queue/keys.js";
import type { Score } from "../../queue/outcome.js";
import { loadScript } from "../../strategies/script.js";
import type { Strategy } from "../../strategies/strategy.js";
import { EntryRun } from "../../strategies/testing.js";
import type { AdmissionCall } from "../admissions.js";
import { auditQueues } from "../audit.js";
import { History, type OutcomeCode, RESULT } from "../history.js";
import { redisReader } from "../reader.js";

/**
 * For tests: the orders in which the commands of a few actors can reach the server, each carried out on a real one and
 * judged by the audit. Each order counts once; how likely it is depends on the network.
 */

/** Something that goes on command by command. */
export interface Actor {
  readonly isDone: boolean;
  readonly mostSteps: number;
  step(): Promise<void>;
}

export interface Race {
  /** Users 0 … waiting − 1 wait already. */
  readonly waiting: number;
  actors(stage: Stage): Actor[];
}

export interface Findings {
  readonly schedules: number;
  /** Whether these are all there are. */
  readonly isExhaustive: boolean;
  /** Share of the schedules in which a kind was found, in per cent, rounded. */
  readonly shares: Partial<Record<AnomalyKind, number>>;
}

interface Ended {
  readonly user: number;
  readonly sentUs: number;
  readonly repliedUs: number;
  readonly run: EntryRun;
}

const RUN = "races";
const TOKEN_TTL_S = "60";
const FIRST_EXPIRY_MS = 1_700_000_000_000;
const moveToActive = loadScript("move_to_active_queue");
let concerts = 0;

/** Where the actors of a race meet: one concert. Its clock counts commands. */
export class Stage {
  readonly #redis: Redis;
  readonly #strategy: Strategy;
  readonly #score: Score;
  readonly #number = concerts++;
  readonly #keys: ConcertKeys = concertKeys(concertIdOf(RUN, this.#number));
  #ended: Ended[] = [];
  #calls: AdmissionCall[] = [];
  #admissions = 0;
  #now = 0;

  constructor(redis: Redis, strategy: Strategy, score: Score) {
    this.#redis = redis;
    this.#strategy = strategy;
    this.#score = score;
  }

  /** A user who enters `times` times, one after another; `timestampMs` is when he got ready, maybe long before. */
  entering(user: number, timestampMs: number, times = 1): Actor {
    const options = { redis: this.#redis, strategy: this.#strategy, score: this.#score, keys: this.#keys };
    let left = times;
    let run = new EntryRun({ ...options, user, timestampMs });
    let sentUs = -1;
    return {
      mostSteps: times * longestEntry(this.#strategy, this.#score),
      get isDone() {
        return left === 0;
      },
      step: async () => {
        if (sentUs < 0) sentUs = this.#now;
        await run.step();
        this.#now++;
        if (!run.isDone) return;
        this.#ended.push({ user, sentUs, repliedUs: this.#now, run });
        left--;
        run = new EntryRun({ ...options, user, timestampMs });
        sentUs = -1;
      },
    };
  }

  /** The published admission of one user, several times one after the other. */
  admitting(times = 1): Actor {
    const each = Array.from({ length: times }, () => this.#admittingOnce());
    return {
      mostSteps: each.length,
      get isDone() {
        return each.every((actor) => actor.isDone);
      },
      step: () => each.find((actor) => !actor.isDone)!.step(),
    };
  }

  #admittingOnce(): Actor {
    const { waiting, active, tokenPrefix } = this.#keys;
    const keys = [waiting, active, tokenPrefix];
    return this.#admission((expiry) => [
      () => this.#redis.eval(moveToActive.source, keys.length, ...keys, "1", expiry, TOKEN_TTL_S),
    ]);
  }

  /** The same commands, for user 0, not in a script. */
  admittingByHand(): Actor {
    const { waiting, active, tokenPrefix } = this.#keys;
    const user = userIdOf(0);
    return this.#admission((expiry) => [
      async () => (await this.#redis.zpopmin(waiting, 1)).length / 2,
      () => this.#redis.zadd(active, expiry, user),
      () => this.#redis.hset(tokenPrefix + user, "user", user),
      () => this.#redis.expire(tokenPrefix + user, TOKEN_TTL_S),
    ]);
  }

  /** The first of the steps says how many users it took. */
  #admission(stepsOf: (expiry: string) => (() => Promise<unknown>)[]): Actor {
    const expiresAtMs = FIRST_EXPIRY_MS + this.#admissions++;
    const steps = stepsOf(String(expiresAtMs));
    let [sentUs, count] = [-1, 0];
    return {
      mostSteps: steps.length,
      get isDone() {
        return steps.length === 0;
      },
      step: async () => {
        if (sentUs < 0) sentUs = this.#now;
        const reply = await steps.shift()!();
        if (sentUs === this.#now) count = Number(reply);
        this.#now++;
        if (steps.length > 0) return;
        const call = { concert: this.#number, sentUs, repliedUs: this.#now, expiresAtMs, count, isInDoubt: false };
        this.#calls.push({ ...call, tokenTtlMs: null });
      },
    };
  }

  async prepare({ waiting }: Race): Promise<void> {
    this.#now = 0;
    this.#ended = [];
    this.#calls = [];
    const { waiting: set, active, sequence, tokenPrefix } = this.#keys;
    const tokens = Array.from({ length: 10 }, (_, user) => tokenPrefix + userIdOf(user));
    const pipeline = this.#redis.pipeline().unlink(set, active, ...tokens);
    pipeline.set(sequence, waiting);
    for (let user = 0; user < waiting; user++) pipeline.zadd(set, user + 1, userIdOf(user));
    await pipeline.exec();
  }

  async anomalies(race: Race): Promise<AnomalyKind[]> {
    const history = new History({ instance: 0, budgetBytes: 1000, chunkEntries: 8 });
    const answers = { NEW: 0, WAITING: 0, ACTIVE: 0 };
    for (const { user, sentUs, repliedUs, run } of this.#ended) {
      const { outcome, position, total } = run.answer!;
      const prepared: OutcomeCode = user < race.waiting ? RESULT.WAITING : RESULT.NEW;
      answers[outcome]++;
      history.append(this.#number, user, prepared, RESULT[outcome], sentUs, sentUs, sentUs, repliedUs, position, total);
    }
    const { anomalies } = await auditQueues(redisReader(this.#redis), {
      runId: RUN,
      population: { waiting: race.waiting, active: 0 },
      concerts: [{ number: this.#number, answers, failed: 0, inDoubt: 0, left: 0, leavesInDoubt: 0 }],
      histories: [history],
      promises: [],
      admissions: [{ instance: 0, calls: this.#calls }],
    });
    return Object.keys(anomalies) as AnomalyKind[];
  }
}

/** Every schedule of a race if there are no more than `most`, else `sample` of them, drawn from a fixed seed. */
export async function explore(stage: Stage, race: Race, most: number, sample: number): Promise<Findings> {
  const found = new Map<AnomalyKind, number>();
  let schedules = 0;
  const carryOut = async (choose: (step: number, open: number) => number): Promise<number[]> => {
    await stage.prepare(race);
    const open = await carryOutSchedule(race.actors(stage), choose);
    for (const kind of await stage.anomalies(race)) found.set(kind, (found.get(kind) ?? 0) + 1);
    schedules++;
    return open;
  };
  const isExhaustive = ordersOf(race.actors(stage)) <= most;
  if (isExhaustive) {
    // Depth first, by counting the choices up.
    for (let choices: readonly number[] | undefined = []; choices !== undefined; ) {
      const wanted: readonly number[] = choices;
      choices = nextChoices(wanted, await carryOut((step) => wanted[step] ?? 0));
    }
  } else {
    const random = prng(1);
    while (schedules < sample) await carryOut((_, open) => random.below(open));
  }
  const shares = Object.fromEntries([...found].map(([kind, times]) => [kind, Math.round((100 * times) / schedules)]));
  return { schedules, isExhaustive, shares };
}

/** @returns how many actors could go on, step by step. */
async function carryOutSchedule(
  actors: readonly Actor[],
  choose: (step: number, open: number) => number,
): Promise<number[]> {
  const open: number[] = [];
  for (;;) {
    const ready = actors.filter((actor) => !actor.isDone);
    if (ready.length === 0) return open;
    const chosen = ready[choose(open.length, ready.length)]!;
    open.push(ready.length);
    await chosen.step();
  }
}

/** Commands of the dearest entry, a transaction being one. */
function longestEntry(strategy: Strategy, score: Score): number {
  const lengths = Object.values(strategy.cost(score)).map(({ commands }) => {
    const queued = commands.indexOf("EXEC") - commands.indexOf("MULTI");
    return commands.length - queued;
  });
  return Math.max(...lengths);
}

/** How many orders there are if every actor takes all its steps: the multinomial of them. */
function ordersOf(actors: readonly Actor[]): number {
  let orders = 1;
  let placed = 0;
  for (const { mostSteps } of actors) {
    for (let step = 1; step <= mostSteps; step++) {
      placed++;
      orders = (orders * placed) / step;
    }
  }
  return orders;
}

/** The next schedule, by counting up the last choice that can be; none after the last. */
function nextChoices(choices: readonly number[], open: readonly number[]): number[] | undefined {
  const full = open.map((_, step) => choices[step] ?? 0);
  for (let step = full.length - 1; step >= 0; step--) {
    if (full[step]! + 1 < open[step]!) return [...full.slice(0, step), full[step]! + 1];
  }
  return undefined;
}
