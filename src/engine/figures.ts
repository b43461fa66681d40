import type { MachineSnapshot } from "../measure/machine-load.js";
import { stolenShare } from "../measure/machine-load.js";
import {
  commandsBetween,
  hasRestarted,
  mainThreadCpuUs,
  mainThreadsCpuUs,
  type Snapshot,
  serverWallUs,
} from "../measure/server-snapshot.js";
import type { Score } from "../queue/outcome.js";
import { LEAVE_COMMANDS } from "../strategies/leave.js";
import { READING_CALLS, READING_COMMAND } from "../strategies/position.js";
import type { Strategy } from "../strategies/strategy.js";
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

/**
 * The server's side of a trial. `machine` is null where the server runs on another machine: its steal is unknown.
 * `beside`: commands of others than the entries, as the server counts them. `addresses`: of a cluster's nodes.
 */
export function serverFigures(
  snapshots: Snapshots<Snapshot>,
  entries: EntryCounts,
  strategy: Strategy,
  score: Score,
  machine: Snapshots<MachineSnapshot> | null,
  beside: Readonly<Record<string, number>> = {},
  addresses: readonly string[] = [],
): ServerFigures {
  const { before, after } = snapshots;
  const commands = commandsBetween(before, after);
  const calls = Object.fromEntries(Object.entries(commands).map(([name, { calls }]) => [name, calls]));
  const others = Object.values(beside).reduce((sum, calls) => sum + calls, 0);
  const callsSent = strategy.isForeign
    ? strategy.cost(score).NEW.commands.reduce((sum, name) => sum + (calls[name.toLowerCase()] ?? 0), 0)
    : entryCalls(calls) - others - innerCalls(strategy, score, entries);
  const wallUs = serverWallUs(before, after);
  const cpuUs = mainThreadCpuUs(before, after);
  const busiestUs = Math.max(...(mainThreadsCpuUs(before, after)?.values() ?? []));
  const stolen =
    machine === null || cpuUs === null
      ? 0
      : stolenShare(machine.before, machine.after, busiestUs / 1000, cpuUs / 1000 + processCpuMs(machine));
  const nodes = nodeFigures(snapshots, stolen, addresses);
  return {
    commands,
    ...(nodes.length < 2 || hasRestarted(before, after) ? {} : { nodes }),
    callsSent,
    callsPerEntry: perEntry(callsSent, entries.attempted),
    cpuUtilization: busyShare(cpuUs === null ? undefined : busiestUs, wallUs, stolen),
    cpuUsPerEntry: cpuUs === null ? null : perEntry(cpuUs, entries.succeeded),
    wallMs: wallUs / 1000,
    stolenShare: stolen,
  };
}

/** Of a main thread; null where its CPU, or the time that it had, is not known. */
const busyShare = (cpuUs: number | undefined, wallUs: number, stolen: number): number | null =>
  cpuUs === undefined || wallUs <= 0 ? null : Math.min(1, cpuUs / (wallUs * (1 - stolen)));

/** Calls by which positions were read, at the primaries and at their replicas. */
export function readingCalls(results: readonly SegmentResult[]): { readonly primaries: number; readonly all: number } {
  const primaries = results.reduce((sum, { reads }) => sum + reads.sentToPrimary, 0) * READING_CALLS;
  return { primaries, all: primaries + sentToReplicas(results) * READING_CALLS };
}

/** Positions that replicas were asked for. */
export const sentToReplicas = (results: readonly SegmentResult[]): number =>
  results.reduce((sum, { reads }) => sum + reads.sentToReplica, 0);

/** What replicas did of the readings, by their own counts; they count what they are told to follow too. */
export function replicaFigures(
  { before, after }: Snapshots<Snapshot>,
  stolen: number,
  addresses: readonly string[],
): ReplicaFigures[] {
  const cpuUs = mainThreadsCpuUs(before, after);
  return [...after]
    .map(([address, now]) => {
      const then = before.get(address);
      const isSame = then?.serverRunId === now.serverRunId;
      const counted = (of: Snapshot): number => of.get(address)?.commands.get(READING_COMMAND)?.calls ?? 0;
      const wallUs = isSame ? now.serverTimeUs - then.serverTimeUs : 0;
      const ownUs = cpuUs?.get(address);
      return {
        node: addresses.indexOf(address),
        reads: counted(after) - (isSame ? counted(before) : 0),
        cpuUtilization: busyShare(ownUs, wallUs, stolen),
      };
    })
    .sort((a, b) => b.reads - a.reads);
}

/** Each primary's part in a trial, the busiest first. */
function nodeFigures(
  { before, after }: Snapshots<Snapshot>,
  stolen: number,
  addresses: readonly string[],
): NodeFigures[] {
  const cpuUs = mainThreadsCpuUs(before, after);
  const nodes = [...after].map(([address, now]) => {
    const then = before.get(address);
    const commands = then === undefined ? {} : commandsBetween(new Map([[address, then]]), new Map([[address, now]]));
    const wallUs = then === undefined ? 0 : now.serverTimeUs - then.serverTimeUs;
    const calls = entryCalls(Object.fromEntries(Object.entries(commands).map(([name, { calls }]) => [name, calls])));
    const ownUs = cpuUs?.get(address);
    return {
      node: addresses.indexOf(address),
      calls,
      cpuUtilization: busyShare(ownUs, wallUs, stolen),
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
  const each = (outcome: "NEW" | "WAITING" | "ACTIVE"): number =>
    Object.values(cost[outcome].innerCalls).reduce((sum, calls) => sum + calls, 0);
  return entries.new * each("NEW") + entries.waiting * each("WAITING") + entries.active * each("ACTIVE");
}

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
