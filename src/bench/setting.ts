/**
 * What is measured to judge the load generator: qbench beside the C programs, all over the same script, keys and score,
 * on one server. Pure data; the drivers stand in redis-benchmark.ts and qbench-process.ts.
 */

/** redis-benchmark, or another program with its options. */
export interface PeerSetting {
  readonly tool: "redis-benchmark" | "valkey-benchmark";
  readonly name: string;
  readonly entries: number;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly pipeline: number;
  readonly threads: number;
}

/** One trial of `qbench run`. */
export interface QbenchSetting {
  readonly tool: "qbench";
  readonly name: string;
  readonly entries: number;
  readonly options: readonly string[];
}

export type Setting = PeerSetting | QbenchSetting;

/** One setting, once. */
export interface Measurement {
  readonly round: number;
  /** Place within the round, from 0. */
  readonly order: number;
  readonly entriesPerSec: number;
  /** What the tool itself says of its rate. */
  readonly toldPerSec: number;
  /** Main thread of Redis: CPU / (wall − stolen). */
  readonly serverBusy: number | null;
  readonly serverUsPerEntry: number | null;
  /** CPU of the whole client process. */
  readonly generatorUsPerEntry: number | null;
  /** Share of the time in which the event loop of the client's busiest thread was at work; null for the C programs. */
  readonly eventLoopBusy: number | null;
  /** What qbench says that it was limited by. */
  readonly limiter: string | null;
  /** Users in the waiting set afterwards: fewer than entries where a tool drew an id twice. */
  readonly waiting: number;
}

/** Users of the closed model; the C programs have as many requests in flight at `-c 20 -P 150`. */
const USERS = 3000;
const CONNECTIONS = 20;
/** Two seconds of load for each; alike where two are compared, since a longer queue makes Redis slower. */
const PIPELINED_ENTRIES = 300_000;
const ONE_AT_A_TIME_ENTRIES = 120_000;
const SLOW_ENTRIES = 30_000;

const peer = (tool: PeerSetting["tool"], connections: number, pipeline: number, threads: number): PeerSetting => ({
  tool,
  name: `${tool} -c ${connections} -P ${pipeline}${threads === 1 ? "" : ` --threads ${threads}`}`,
  entries: pipeline === 1 ? ONE_AT_A_TIME_ENTRIES : PIPELINED_ENTRIES,
  connections,
  pipeline,
  threads,
});

const PIPELINES = [16, 64, 150] as const;
const POOLS = [20, 50] as const;

/** Every setting of one C program. */
export const peersOf = (tool: PeerSetting["tool"]): PeerSetting[] => [
  ...[1, 2].flatMap((threads) => PIPELINES.map((pipeline) => peer(tool, CONNECTIONS, pipeline, threads))),
  ...POOLS.map((connections) => peer(tool, connections, 1, 1)),
];

function qbench(name: string, entries: number, options: string): QbenchSetting {
  return { tool: "qbench", name, entries, options: `--vus ${USERS} ${options}`.split(" ") };
}

const shared = (strategy: string, entries: number, more = ""): QbenchSetting =>
  qbench(
    `${strategy}, shared${more.replaceAll(" --client", ",").replaceAll(" --writes", ",")}`,
    entries,
    `--strategy ${strategy} --connections shared --pool ${CONNECTIONS}${more}`,
  );

export const QBENCH_SETTINGS: readonly QbenchSetting[] = [
  ...["lua", "pipeline-blind", "individual", "dedup", "pipeline"].map((name) => shared(name, PIPELINED_ENTRIES)),
  ...POOLS.map((pool) =>
    qbench(
      `lua, exclusive, ${pool} connections`,
      ONE_AT_A_TIME_ENTRIES,
      `--strategy lua --connections exclusive --pool ${pool}`,
    ),
  ),
  shared("lua", PIPELINED_ENTRIES, " --client ioredis"),
  shared("lua", ONE_AT_A_TIME_ENTRIES, " --client ioredis --writes per-request"),
  shared("individual", SLOW_ENTRIES, " --client ioredis"),
  shared("individual", SLOW_ENTRIES, " --client ioredis --writes per-request"),
];
