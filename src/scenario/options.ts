import { DESIGN_NAMES } from "../admission/index.js";
import { AUDITS } from "../audit/audit-depth.js";
import { CLIENTS, WRITES } from "../drivers/driver.js";
import { ARRIVALS } from "../pacers/index.js";
import { SCORES } from "../queue/outcome.js";
import { DEFAULT_STRATEGIES, MIXABLE_NAMES, STRATEGY_NAMES } from "../strategies/index.js";
import { faults } from "./faults.js";
import { instanceShares } from "./instance-shares.js";
import { mix, strategyMix, strategyNames } from "./list-values.js";
import { pollEvery } from "./poll-every.js";
import { rtt } from "./rtt.js";
import { CONNECTIONS, ORDERS, POLL_BY, type Scenario } from "./scenario.js";
import { stages } from "./stages.js";
import { choice, count, duration, memory, number, percent, type ValueType } from "./values.js";

/**
 * Every option of a scenario, in one table. Flags, environment variables, keys of scenario files, their JSON Schema,
 * the defaults and the help text are all derived from it: an option is added here and in the type `Scenario` alone.
 */
export interface ScenarioOption<T> {
  /** Long flag without dashes; also the key in a scenario file. */
  readonly flag: string;
  readonly group: Group;
  readonly type: ValueType<NonNullable<T>>;
  /** Undefined: drawn at random for each run. */
  readonly fallback: T | undefined;
  /** What `--help` says of the default where its value does not speak for itself. */
  readonly fallbackText?: string;
  /** The flag may be given several times; the values are put together. */
  readonly isRepeatable?: boolean;
  readonly help: string;
}

type Group =
  | "What is compared"
  | "Load"
  | "Arrivals (open model)"
  | "Users"
  | "Connections"
  | "Queue"
  | "Admission"
  | "Faults"
  | "Limits";
/** The fields of a Scenario that an option sets. */
export type Property = Exclude<keyof Scenario, "name">;

const HOUR_MS = 3_600_000;

export const SCENARIO_OPTIONS: { readonly [P in Property]: ScenarioOption<Scenario[P]> } = {
  strategies: {
    flag: "strategy",
    group: "What is compared",
    type: strategyNames(STRATEGY_NAMES),
    fallback: DEFAULT_STRATEGIES.map((strategy) => strategy.name),
    isRepeatable: true,
    help: "strategies to compare; `qbench list` describes them; lua:FILE is a script of your own",
  },
  mixStrategies: {
    flag: "mix-strategies",
    group: "What is compared",
    type: strategyMix(MIXABLE_NAMES),
    fallback: null,
    fallbackText: "each strategy has trials of its own",
    help: "strategies at once over the same keys, by shares of the entries: individual=90,lua=10",
  },
  order: {
    flag: "order",
    group: "What is compared",
    type: choice(ORDERS),
    fallback: "interleaved",
    help: "rounds of all strategies, or one after another until one crosses a limit (--fail-if), as in a roll-out",
  },
  trials: {
    flag: "trials",
    group: "What is compared",
    type: count(1, 1000),
    fallback: 5,
    help: "rounds, in each of which every strategy runs once; a verdict needs 5",
  },
  durationMs: {
    flag: "duration",
    group: "What is compared",
    type: duration(10, 24 * HOUR_MS),
    fallback: 10_000,
    help: "measured time of each trial",
  },
  entries: {
    flag: "entries",
    group: "What is compared",
    type: count(1, 1_000_000_000),
    fallback: null,
    fallbackText: "as many as the duration allows",
    help: "entries of each trial, instead of a duration",
  },
  warmupMs: {
    flag: "warmup",
    group: "What is compared",
    type: duration(0, HOUR_MS),
    fallback: 2000,
    help: "time before each trial that is not counted",
  },
  seed: {
    flag: "seed",
    group: "What is compared",
    type: count(0, 2 ** 32 - 1),
    fallback: undefined,
    fallbackText: "drawn at random, and reported",
    help: "the same seed gives the same orders, users and arrivals",
  },
  vus: {
    flag: "vus",
    group: "Load",
    type: count(1, 2_000_000),
    fallback: 3000,
    help: "virtual users in all; in the open model, how many identities there are",
  },
  thinkTimeMs: {
    flag: "think-time",
    group: "Load",
    type: duration(0, HOUR_MS),
    fallback: 0,
    help: "pause of a virtual user between an answer and its next entry",
  },
  mix: {
    flag: "mix",
    group: "Load",
    type: mix,
    fallback: { new: 100, waiting: 0, active: 0 },
    help: "shares of entries, in per cent, by users who are new, waiting already, active already",
  },
  timeoutMs: {
    flag: "timeout",
    group: "Load",
    type: duration(1, HOUR_MS / 6),
    fallback: 1000,
    help: "after which an entry counts as failed",
  },
  ratePerSec: {
    flag: "rate",
    group: "Arrivals (open model)",
    type: number("N", 0.1, 10_000_000),
    fallback: null,
    fallbackText: "none: a user's next entry follows its last answer",
    help: "entries a second in all, whatever the replies do",
  },
  arrival: {
    flag: "arrival",
    group: "Arrivals (open model)",
    type: choice(ARRIVALS),
    fallback: "constant",
    help: "how arrivals are spaced; `qbench list arrivals` describes them",
  },
  stages: {
    flag: "stages",
    group: "Arrivals (open model)",
    type: stages,
    fallback: null,
    fallbackText: "none: --rate for the whole trial",
    help: "rates one after another, in place of --rate and --duration; 0..5k rises evenly",
  },
  maxInFlight: {
    flag: "max-in-flight",
    group: "Arrivals (open model)",
    type: count(1, 1_000_000),
    fallback: 10_000,
    help: "entries in flight in all, above which arrivals are dropped and counted",
  },
  pollEvery: {
    flag: "poll-every",
    group: "Users",
    type: pollEvery,
    fallback: null,
    fallbackText: "never",
    help: "a user who waits asks for his position again and again, after this pause",
  },
  pollBy: {
    flag: "poll-by",
    group: "Users",
    type: choice(POLL_BY),
    fallback: "entry",
    help: "whoever polls enters again, or reads his position only, from the primary or from a replica of it",
  },
  leavePercent: {
    flag: "leave",
    group: "Users",
    type: percent,
    fallback: 0,
    help: "share of answers upon which a waiting user leaves the queue",
  },
  returnAfterMs: {
    flag: "return-after",
    group: "Users",
    type: duration(0, HOUR_MS),
    fallback: null,
    fallbackText: "never",
    help: "pause after which a user who left comes back",
  },
  doubleClickPercent: {
    flag: "double-click",
    group: "Users",
    type: percent,
    fallback: 0,
    help: "share of users who enter a second time within 50 ms, answered or not",
  },
  tabsPercent: {
    flag: "tabs",
    group: "Users",
    type: percent,
    fallback: 0,
    help: "share of users who enter from two or three tabs at once",
  },
  botsPercent: {
    flag: "bots",
    group: "Users",
    type: percent,
    fallback: 0,
    help: "share of users who enter again every 100 ms, answered or not",
  },
  instances: {
    flag: "instances",
    group: "Connections",
    type: count(1, 64),
    fallback: 1,
    help: "application instances, a thread each; users and rate are shared out",
  },
  instanceShares: {
    flag: "instance-shares",
    group: "Connections",
    type: instanceShares,
    fallback: null,
    fallbackText: "even ones",
    help: "uneven shares of the users, in per cent, one for each instance: 70,30",
  },
  pool: {
    flag: "pool",
    group: "Connections",
    type: count(1, 10_000),
    fallback: 20,
    help: "connections of each instance",
  },
  connections: {
    flag: "connections",
    group: "Connections",
    type: choice(CONNECTIONS),
    fallback: "exclusive",
    help: "one entry at a time on a connection, or many in flight on each",
  },
  client: {
    flag: "client",
    group: "Connections",
    type: choice(CLIENTS),
    fallback: "wire",
    help: "a lean client of qbench's own, or what an application on ioredis gets",
  },
  writes: {
    flag: "writes",
    group: "Connections",
    type: choice(WRITES),
    fallback: "coalesced",
    help: "writes of one tick joined in one, or one for each batch of commands",
  },
  rtt: {
    flag: "rtt",
    group: "Connections",
    type: rtt,
    fallback: null,
    fallbackText: "nothing is added",
    help: "round-trip delay added between generator and Redis, with jitter where it is given",
  },
  score: {
    flag: "score",
    group: "Queue",
    type: choice(SCORES),
    fallback: "timestamp",
    help: "score of a waiting user: the caller's clock in ms, or a counter in Redis",
  },
  concerts: {
    flag: "concerts",
    group: "Queue",
    type: count(1, 100_000),
    fallback: 1,
    help: "concerts that users enter, each with a queue of its own",
  },
  zipf: {
    flag: "zipf",
    group: "Queue",
    type: number("S", 0, 5),
    fallback: 0,
    help: "exponent of the law by which concerts are picked; 0 picks all alike",
  },
  prefill: {
    flag: "prefill",
    group: "Queue",
    type: count(0, 10_000_000),
    fallback: 0,
    help: "users waiting in each concert before a trial",
  },
  waitReplicas: {
    flag: "wait-replicas",
    group: "Queue",
    type: count(0, 16),
    fallback: 0,
    help: "replicas that must have a write before its entry goes on (WAIT); one that they do not get in time is in doubt",
  },
  shards: {
    flag: "shards",
    group: "Queue",
    type: count(2, 256),
    fallback: 8,
    help: "parts that strategy sharded makes of each concert's queue",
  },
  maxWaiting: {
    flag: "max-waiting",
    group: "Queue",
    type: count(1, 10_000_000),
    fallback: 50_000,
    help: "new users after which entries go on to a fresh concert, so that no strategy meets a longer queue",
  },
  admit: {
    flag: "admit",
    group: "Admission",
    type: choice(DESIGN_NAMES),
    fallback: null,
    fallbackText: "nobody is admitted",
    help: "admits users beside the entries; `qbench list designs` describes the ways",
  },
  admitEveryMs: {
    flag: "admit-every",
    group: "Admission",
    type: duration(10, HOUR_MS),
    fallback: 1000,
    help: "time between two batches",
  },
  admitBatch: {
    flag: "admit-batch",
    group: "Admission",
    type: count(1, 100_000),
    fallback: 1000,
    help: "users of each concert that are admitted at once",
  },
  admitTtlMs: {
    flag: "admit-ttl",
    group: "Admission",
    type: duration(1000, 12 * HOUR_MS),
    fallback: 600_000,
    help: "how long an admitted user's token lives",
  },
  faults: {
    flag: "fault",
    group: "Faults",
    type: faults,
    fallback: [],
    isRepeatable: true,
    help: "goes wrong at that instant of every trial, for so long; `qbench list faults` describes them",
  },
  audit: {
    flag: "audit",
    group: "Limits",
    type: choice(AUDITS),
    fallback: "full",
    help: "what is checked after each trial: every user's history while it fits, numbers alone, or nothing",
  },
  historyMb: {
    flag: "history",
    group: "Limits",
    type: memory(1, 65_536),
    fallback: 512,
    help: "memory for the history of entries that the audit reads",
  },
};

/** A row of the table whose type is not known at the place of use. */
export type AnyOption = ScenarioOption<unknown> & { readonly property: Property };

/** The rows in the order of the help text. */
export const OPTION_LIST: readonly AnyOption[] = Object.entries(SCENARIO_OPTIONS).map(
  ([property, option]) => ({ ...option, property }) as unknown as AnyOption,
);

/** `max-in-flight` → `QBENCH_MAX_IN_FLIGHT`. */
export const envNameOf = (flag: string): string => `QBENCH_${flag.toUpperCase().replaceAll("-", "_")}`;

/** The default as text, for `--help` and the JSON Schema. */
export function fallbackTextOf(option: AnyOption): string {
  return option.fallbackText ?? option.type.format(option.fallback as NonNullable<unknown>);
}
