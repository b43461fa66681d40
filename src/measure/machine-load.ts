import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Time that the hypervisor gave to others while this machine had work, and the CPU of this process, since boot or start. */
export interface MachineSnapshot {
  readonly atMs: number;
  /** Summed over all cores; null where the system does not tell (it is read from Linux' /proc/stat). */
  readonly stolenMs: number | null;
  readonly processCpuMs: number;
}

const MS_A_TICK = 10;
const STEAL_FIELD = 8;

export function machineSnapshot(): MachineSnapshot {
  const { user, system } = process.cpuUsage();
  return { atMs: performance.now(), stolenMs: stolenMs(), processCpuMs: (user + system) / 1000 };
}

/** Share of the time between two snapshots in which a core, on average, was stolen. */
export function stolenShare(before: MachineSnapshot, after: MachineSnapshot): number {
  if (before.stolenMs === null || after.stolenMs === null) return 0;
  const wallMs = after.atMs - before.atMs;
  return wallMs > 0 ? Math.min(1, (after.stolenMs - before.stolenMs) / cpus().length / wallMs) : 0;
}

function stolenMs(): number | null {
  try {
    const [first] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    const ticks = Number(first?.split(/\s+/)[STEAL_FIELD]);
    return Number.isFinite(ticks) ? ticks * MS_A_TICK : null;
  } catch {
    return null;
  }
}
