import type { Redis } from "ioredis";
import type { CommandCount } from "../engine/trial-result.js";

/** What INFO says at one instant; differences between two of them are the witness of a trial. */
export interface ServerSnapshot {
  /** Changes when the server restarts: differences mean nothing then. */
  readonly serverRunId: string;
  /** The server's own clock. */
  readonly serverTimeUs: number;
  /** CPU of the main thread; null on servers that do not tell (before Redis 6.2). */
  readonly mainThreadCpuUs: number | null;
  readonly commands: ReadonlyMap<string, { readonly calls: number; readonly usec: number }>;
  readonly lazyFreePending: number;
}

export async function takeSnapshot(control: Redis): Promise<ServerSnapshot> {
  return parseInfo(await control.info("all"));
}

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
    serverTimeUs: Number(fields.get("server_time_usec") ?? Date.now() * 1000),
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

/** Whether the second snapshot is another process's, which counts from nought. */
export const hasRestarted = (before: ServerSnapshot, after: ServerSnapshot): boolean =>
  before.serverRunId !== after.serverRunId;

/**
 * Calls between two snapshots, by lower-case command name; commands that were not called are left out. A server that
 * restarted meanwhile has counted from nought since.
 */
export function commandsBetween(before: ServerSnapshot, after: ServerSnapshot): Record<string, CommandCount> {
  const commands: Record<string, CommandCount> = {};
  const isSame = !hasRestarted(before, after);
  for (const [name, { calls, usec }] of after.commands) {
    const earlier = (isSame && before.commands.get(name)) || { calls: 0, usec: 0 };
    const made = calls - earlier.calls;
    if (made > 0) commands[name] = { calls: made, usecPerCall: (usec - earlier.usec) / made };
  }
  return commands;
}
