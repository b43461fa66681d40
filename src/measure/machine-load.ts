import { readFileSync } from "node:fs";

/** Time that the hypervisor gave to others while this machine had work, and the CPU of this process, since boot or start. */
export interface MachineSnapshot {
  readonly atMs: number;
  /** Summed over all cores; null where the system does not tell (it is read from Linux' /proc/stat). */
  readonly stolenMs: number | null;
  readonly processCpuMs: number;
  /** Resident memory of this process. */
  readonly rssBytes: number;
}

const MS_A_TICK = 10;
const STEAL_FIELD = 8;

export function machineSnapshot(): MachineSnapshot {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    stolenMs: stolenMs(),
    processCpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
  };
}

/**
 * Share of the wall time in which one thread was kept from running by the hypervisor. The system tells stolen time for
 * all cores together, and a core that is idle loses none: each thread is given the part that its share of the CPU time
 * used on this machine suggests.
 */
export function stolenShare(
  before: MachineSnapshot,
  after: MachineSnapshot,
  threadCpuMs: number,
  allCpuMs: number,
): number {
  const wallMs = after.atMs - before.atMs;
  if (before.stolenMs === null || after.stolenMs === null || wallMs <= 0 || allCpuMs <= 0) return 0;
  const stolen = (after.stolenMs - before.stolenMs) * Math.min(1, threadCpuMs / allCpuMs);
  return Math.min(MOST_STOLEN, stolen / wallMs);
}

/** More would make a share of the rest meaningless. */
const MOST_STOLEN = 0.9;

function stolenMs(): number | null {
  try {
    const [first] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    const ticks = Number(first?.split(/\s+/)[STEAL_FIELD]);
    return Number.isFinite(ticks) ? ticks * MS_A_TICK : null;
  } catch {
    return null;
  }
}
