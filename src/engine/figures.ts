import type { MachineSnapshot } from "../measure/machine-load.js";
import { stolenShare } from "../measure/machine-load.js";
import type { Score } from "../queue/outcome.js";
import { LEAVE_COMMANDS } from "../strategies/leave.js";
import { READING_CALLS, READING_COMMAND } from "../strategies/position.js";
import type { Strategy } from "../strategies/strategy.js";
import {
  commandsBetween,
  hasRestarted,
  mainThreadCpuUs,
  mainThreadsCpuUs,
  type Snapshot,
  serverWallUs,
} from "../targets/server-snapshot.js";
import type { SegmentResult } from "../worker/segment.js";
import { mergeTallies } from "./merge.js";
import type { EntryCounts, GeneratorFigures, NodeFigures, ReplicaFigures, ServerFigures } from "./trial-result.js";

/** What was read right before the barrier opened and right after the last entry ended. */
export interface Snapshots<T> {
  readonly before: T;
  readonly after: T;
}

/** Commands that entries never send: qbench's own questions, and what any client says when it connects. */
export const CONTROL_COMMANDS = new Set([
  "info",
  "ping",
  "auth",
  "hello",
  "select",
  "client|setname",
  "client|setinfo",
  "client|list",
  "client|kill",
  "config|get",
  "config|set",
  "script|flush",
  // Of a cluster: where slots are, and what replicas ask their primary.
  "asking",
  "cluster",
  "cluster|slots",
  "cluster|shards",
  "cluster|nodes",
  "cluster|info",
  "readonly",
  "replconf",
  "psync",
]);

/** Calls for entries: neither control traffic nor users' leaving. */
export function entryCalls(calls: Readonly<Record<string, number>>): number {
  const others = new Set<string>([...CONTROL_COMMANDS, ...LEAVE_COMMANDS]);
  return Object.entries(calls).reduce((sum, [name, count]) => (others.has(name) ? sum : sum + count), 0);
}

interface ServerTold {
  readonly entries: EntryCounts;
  readonly strategy: Strategy;
  readonly score: Score;
  /** Null where the server runs on another machine: its steal is unknown. */
  readonly machine: Snapshots<MachineSnapshot> | null;
  /** How long it was under load, the part of the time between the snapshots in which it worked; absent: all of it. */
  readonly loadMs?: number;
  /** Commands of others than the entries, as the server counts them. */
  readonly beside?: Readonly<Record<string, number>>;
  /** Of a cluster's nodes. */
  readonly addresses?: readonly string[];
}

/** The server's side of a trial. */
export function serverFigures(
  snapshots: Snapshots<Snapshot>,
  { entries, strategy, score, machine, loadMs = Number.POSITIVE_INFINITY, beside = {}, addresses = [] }: ServerTold,
): ServerFigures {
  const { before, after } = snapshots;
  const commands = commandsBetween(before, after);
  const calls = Object.fromEntries(Object.entries(commands).map(([name, { calls }]) => [name, calls]));
  const callsSent = strategy.isForeign
    ? strategy.cost(score).NEW.commands.reduce((sum, name) => sum + (calls[name.toLowerCase()] ?? 0), 0)
    : entryCalls(calls) - sumOf(beside) - innerCalls(strategy, score, entries);
  const wallUs = serverWallUs(before, after);
  const loadUs = Math.min(wallUs, loadMs * 1000);
  const cpuUs = mainThreadCpuUs(before, after);
  const busiestUs = Math.max(...(mainThreadsCpuUs(before, after)?.values() ?? []));
  const stolen =
    machine === null || cpuUs === null
      ? 0
      : stolenShare(machine.before, machine.after, busiestUs / 1000, cpuUs / 1000 + processCpuMs(machine));
  const nodes = nodeFigures(snapshots, loadUs, stolen, addresses);
  return {
    commands,
    ...(nodes.length < 2 || hasRestarted(before, after) ? {} : { nodes }),
    callsSent,
    callsPerEntry: perEntry(callsSent, begun(entries)),
    callsCountedBy: "server",
    cpuUtilization: busyShare(cpuUs === null ? undefined : busiestUs, loadUs, stolen),
    cpuUsPerEntry: cpuUs === null ? null : perEntry(cpuUs, entries.succeeded),
    wallMs: wallUs / 1000,
    stolenShare: stolen,
  };
}

/**
 * Of a main thread; null where its CPU, or the time that it had, is not known. Counters are read some time before the load
 * begins and after it has ended; in a short trial that idle time would make a full thread look half busy.
 */
const busyShare = (cpuUs: number | undefined, loadUs: number, stolen: number): number | null =>
  cpuUs === undefined || loadUs <= 0 ? null : Math.min(1, cpuUs / (loadUs * (1 - stolen)));

/** Entries that got a connection, so that something was sent for them. */
export const begun = ({ attempted, unsent }: Pick<EntryCounts, "attempted" | "unsent">): number => attempted - unsent;

/** Calls by which positions were read, at the primaries and at their replicas. */
export function readingCalls(results: readonly SegmentResult[]): { readonly primaries: number; readonly all: number } {
  const primaries = results.reduce((sum, { reads }) => sum + reads.sentToPrimary, 0) * READING_CALLS;
  return { primaries, all: primaries + sentToReplicas(results) * READING_CALLS };
}

/** Positions that replicas were asked for. */
export const sentToReplicas = (results: readonly Pick<SegmentResult, "reads">[]): number =>
  results.reduce((sum, { reads }) => sum + reads.sentToReplica, 0);

/** What replicas did of the readings, by their own counts; they count what they are told to follow too. */
export function replicaFigures(
  { before, after }: Snapshots<Snapshot>,
  loadMs: number,
  stolen: number,
  addresses: readonly string[],
): ReplicaFigures[] {
  const cpuUs = mainThreadsCpuUs(before, after);
  return [...after]
    .map(([address, now]) => {
      const then = before.get(address);
      const isSame = then?.serverRunId === now.serverRunId;
      const counted = (of: Snapshot): number => of.get(address)?.commands.get(READING_COMMAND)?.calls ?? 0;
      return {
        node: addresses.indexOf(address),
        reads: counted(after) - (isSame ? counted(before) : 0),
        cpuUtilization: busyShare(cpuUs?.get(address), loadMs * 1000, stolen),
      };
    })
    .sort((a, b) => b.reads - a.reads);
}

/** Each primary's part in a trial, the busiest first. */
function nodeFigures(
  { before, after }: Snapshots<Snapshot>,
  loadUs: number,
  stolen: number,
  addresses: readonly string[],
): NodeFigures[] {
  const cpuUs = mainThreadsCpuUs(before, after);
  const nodes = [...after].map(([address, now]) => {
    const then = before.get(address);
    const commands = then === undefined ? {} : commandsBetween(new Map([[address, then]]), new Map([[address, now]]));
    const calls = entryCalls(Object.fromEntries(Object.entries(commands).map(([name, { calls }]) => [name, calls])));
    return {
      node: addresses.indexOf(address),
      calls,
      cpuUtilization: busyShare(cpuUs?.get(address), loadUs, stolen),
    };
  });
  const all = nodes.reduce((sum, { calls }) => sum + calls, 0);
  return nodes.map((node) => ({ ...node, share: perEntry(node.calls, all) })).sort((a, b) => b.share - a.share);
}

const processCpuMs = ({ before, after }: Snapshots<MachineSnapshot>): number =>
  after.processCpuMs - before.processCpuMs;

/** Calls that the strategy's scripts made inside the server, as declared for each outcome. */
export function innerCalls(
  strategy: Strategy,
  score: Score,
  entries: Pick<EntryCounts, "new" | "waiting" | "active">,
): number {
  const cost = strategy.cost(score);
  const each = (outcome: "NEW" | "WAITING" | "ACTIVE"): number => sumOf(cost[outcome].innerCalls);
  return entries.new * each("NEW") + entries.waiting * each("WAITING") + entries.active * each("ACTIVE");
}

/**
 * Calls by which the server's count and the generator's may be apart on account of what failed: the last commands of an
 * entry may have been lost on their way, or carried out after it was given up, with all that a script then calls.
 */
export function callsInDoubt(
  strategy: Strategy,
  score: Score,
  { failed, unsent }: Pick<EntryCounts, "failed" | "unsent">,
  readsFailed: number,
): number {
  const costs = (strategy.parts ?? [{ strategy }]).flatMap((one) => Object.values(one.strategy.cost(score)));
  const each = Math.max(...costs.map(({ commands, innerCalls }) => Math.max(commands.length, sumOf(innerCalls))));
  return (failed - unsent) * each + readsFailed * READING_CALLS;
}

const sumOf = (calls: Readonly<Record<string, number>>): number => Object.values(calls).reduce((a, b) => a + b, 0);

/** The generator's side of a trial. `users`: entries that can be in progress at once, on all instances. */
export function generatorFigures(
  results: readonly SegmentResult[],
  machine: Snapshots<MachineSnapshot>,
  server: Snapshots<Snapshot>,
  succeeded: number,
  users: number,
): GeneratorFigures {
  const wallMs = machine.after.atMs - machine.before.atMs;
  const cpuMs = processCpuMs(machine);
  const serverCpuMs = (mainThreadCpuUs(server.before, server.after) ?? 0) / 1000;
  const stolen = stolenShare(machine.before, machine.after, cpuMs, cpuMs + serverCpuMs);
  const sum = (of: (result: SegmentResult) => number): number => results.reduce((total, one) => total + of(one), 0);
  const historyEntries = sum((one) => one.history.chunks.reduce((total, chunk) => total + chunk.count, 0));
  const historyBytes = sum((one) => one.history.chunks.reduce((total, { buffer }) => total + buffer.byteLength, 0));
  return {
    cpuUtilization: cpuMs / (wallMs * (1 - stolen) * results.length),
    cpuUsPerEntry: perEntry(cpuMs * 1000, succeeded),
    eventLoopUtilization: Math.max(...results.map((one) => one.health.eventLoopUtilization)),
    loopLagMs: {
      p99: Math.max(...results.map((one) => one.health.loopLagMs.p99)),
      max: Math.max(...results.map((one) => one.health.loopLagMs.max)),
    },
    gcMs: sum((one) => one.health.gcMs),
    stolenShare: stolen,
    threads: results.map(({ index, health }) => ({
      instance: index,
      cpuUtilization: health.cpuMs === null ? null : health.cpuMs / (health.wallMs * (1 - stolen)),
      eventLoopUtilization: health.eventLoopUtilization,
    })),
    commands: mergeTallies(results.map((one) => one.driver.commands)),
    socketWrites: sum((one) => one.driver.socketWrites),
    bytesSent: sum((one) => one.driver.bytesSent),
    bytesReceived: sum((one) => one.driver.bytesReceived),
    reconnects: sum((one) => one.driver.reconnects),
    scriptReloads: sum((one) => one.driver.scriptReloads),
    historyEntries,
    historyBytes,
    memory: {
      rssBytes: machine.after.rssBytes,
      heapUsedBytes: sum((one) => one.memory.heapUsedBytes),
      arrayBuffersBytes: sum((one) => one.memory.arrayBuffersBytes),
      bytesPerUser: Math.max(0, (sum((one) => one.memory.grownBytes) - historyBytes) / users),
    },
  };
}

export const perEntry = (amount: number, entries: number): number => (entries === 0 ? 0 : amount / entries);
