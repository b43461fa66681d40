import type { Redis } from "ioredis";
import { primariesOf, replicasIn } from "./primaries.js";

export interface CommandCount {
  readonly calls: number;
  readonly usecPerCall: number;
}

/** What INFO of one server says at one instant; differences between two of them are the witness of a trial. */
export interface ServerSnapshot {
  /** Changes when the server restarts: differences mean nothing then. */
  readonly serverRunId: string;
  /** The replication id of whom it followed before it was promoted, "" where it never was: changes with each promotion. */
  readonly formerReplicationId: string;
  /** The server's own clock. */
  readonly serverTimeUs: number;
  /** For how long it has counted, to the second below. */
  readonly uptimeSec: number;
  /** CPU of the main thread; null on servers that do not tell (before Redis 6.2). */
  readonly mainThreadCpuUs: number | null;
  readonly commands: ReadonlyMap<string, { readonly calls: number; readonly usec: number }>;
  readonly lazyFreePending: number;
}

/** Of the server, or of each primary of a cluster that answers, by its address. */
export type Snapshot = ReadonlyMap<string, ServerSnapshot>;

export const takeSnapshot = (control: Redis): Promise<Snapshot> => snapshotOf(control, primariesOf(control));

/** The same of its replicas, as far as they answer. */
export const takeReplicaSnapshot = (control: Redis): Promise<Snapshot> => snapshotOf(control, replicasIn(control));

async function snapshotOf(control: Redis, nodes: readonly Redis[]): Promise<Snapshot> {
  const taken = await Promise.all(
    nodes.map(async (node) => {
      const { host, port } = node.options;
      const address = control.isCluster ? `${host}:${port}` : ONLY;
      // Of a cluster's nodes one may be gone: then the others tell.
      const info = node.info("all").then(parseInfo);
      return [address, control.isCluster ? await info.catch(() => null) : await info] as const;
    }),
  );
  return new Map(taken.flatMap(([address, snapshot]) => (snapshot === null ? [] : [[address, snapshot]])));
}

const ONLY = "";

/** INFO's lines by name. */
export function infoFields(info: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

export function parseInfo(info: string): ServerSnapshot {
  const fields = infoFields(info);
  const user = fields.get("used_cpu_user_main_thread");
  const system = fields.get("used_cpu_sys_main_thread");
  return {
    serverRunId: fields.get("run_id") ?? "",
    formerReplicationId: fields.get("master_replid2") ?? "",
    serverTimeUs: Number(fields.get("server_time_usec") ?? Date.now() * 1000),
    uptimeSec: Number(fields.get("uptime_in_seconds") ?? 0),
    mainThreadCpuUs: user === undefined || system === undefined ? null : (Number(user) + Number(system)) * 1e6,
    commands: commandsIn(fields),
    lazyFreePending: Number(fields.get("lazyfree_pending_objects") ?? 0),
  };
}

function commandsIn(fields: ReadonlyMap<string, string>): Map<string, { calls: number; usec: number }> {
  const commands = new Map<string, { calls: number; usec: number }>();
  for (const [name, value] of fields) {
    if (!name.startsWith("cmdstat_")) continue;
    const numbers = Object.fromEntries(value.split(",").map((pair) => pair.split("=")));
    commands.set(name.slice("cmdstat_".length), { calls: Number(numbers.calls), usec: Number(numbers.usec) });
  }
  return commands;
}

/**
 * Whether the second snapshot is of other processes, which have counted something else, or of ones that were replicas
 * meanwhile: a restart, or a failover. The replication id itself also changes when a first replica comes.
 */
export const hasRestarted = (before: Snapshot, after: Snapshot): boolean => {
  const idsOf = (snapshot: Snapshot): string =>
    [...snapshot.values()]
      .map((one) => `${one.serverRunId} ${one.formerReplicationId}`)
      .sort()
      .join();
  return idsOf(before) !== idsOf(after);
};

/**
 * Calls between two snapshots, by lower-case command name; commands that were not called are left out. A server that
 * restarted meanwhile has counted from nought since; one that was there before, as a replica, has counted more than these.
 */
export function commandsBetween(before: Snapshot, after: Snapshot): Record<string, CommandCount> {
  const totals = new Map<string, { calls: number; usec: number }>();
  const beganUs = Math.max(...[...before.values()].map(({ serverTimeUs }) => serverTimeUs));
  for (const [address, now] of after) {
    const then = before.get(address);
    const isSame = then?.serverRunId === now.serverRunId;
    if (!isSame && now.serverTimeUs - now.uptimeSec * 1e6 < beganUs) continue;
    for (const [name, { calls, usec }] of now.commands) {
      const earlier = (isSame && then.commands.get(name)) || { calls: 0, usec: 0 };
      const total = totals.get(name) ?? { calls: 0, usec: 0 };
      totals.set(name, { calls: total.calls + calls - earlier.calls, usec: total.usec + usec - earlier.usec });
    }
  }
  return Object.fromEntries(
    [...totals]
      .filter(([, { calls }]) => calls > 0)
      .map(([name, { calls, usec }]) => [name, { calls, usecPerCall: usec / calls }]),
  );
}

/** The server's own time between two snapshots, µs; 0 where no process answered both times. */
export function serverWallUs(before: Snapshot, after: Snapshot): number {
  const spans = [...after].flatMap(([address, now]) => {
    const then = before.get(address);
    return then?.serverRunId !== now.serverRunId ? [] : [now.serverTimeUs - then.serverTimeUs];
  });
  return Math.max(0, ...spans);
}

/** Objects that are removed already and still take memory. */
export const lazyFreePending = (snapshot: Snapshot): number =>
  [...snapshot.values()].reduce((sum, one) => sum + one.lazyFreePending, 0);

/** CPU of all main threads between two snapshots, µs; null where one does not tell, or was restarted. */
export function mainThreadCpuUs(before: Snapshot, after: Snapshot): number | null {
  const used = mainThreadsCpuUs(before, after);
  return used === null ? null : [...used.values()].reduce((sum, one) => sum + one, 0);
}

/** CPU of each main thread between two snapshots, µs by address; null where one does not tell, or was restarted. */
export function mainThreadsCpuUs(before: Snapshot, after: Snapshot): ReadonlyMap<string, number> | null {
  const used = new Map<string, number>();
  if (hasRestarted(before, after)) return null;
  for (const [address, now] of after) {
    const then = before.get(address)!;
    if (now.mainThreadCpuUs === null || then.mainThreadCpuUs === null) return null;
    used.set(address, now.mainThreadCpuUs - then.mainThreadCpuUs);
  }
  return used;
}
