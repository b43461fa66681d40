import { readFile } from "node:fs/promises";
import os from "node:os";
import { machineSnapshot } from "../measure/machine-load.js";
import { cpuLimitCores, memoryLimitBytes } from "../report/container.js";
import { measurePunctuality, type Punctuality } from "./punctuality.js";

/** The machine as it is now; null where the system does not tell. */
export interface MachineFacts {
  readonly platform: string;
  readonly node: string;
  readonly cores: number;
  readonly cpuLimitCores: number | null;
  /** Runnable threads, mean of the last minute. */
  readonly loadAverage: number;
  /** Cores' worth of CPU that other processes used while this was looked at. */
  readonly othersCores: number;
  /** Share of the time in which the hypervisor gave a busy core to others. */
  readonly stolenShare: number | null;
  readonly governor: string | null;
  readonly clockSource: string | null;
  readonly openFiles: number | null;
  readonly memoryAvailableBytes: number;
  readonly memoryLimitBytes: number | null;
  readonly swapUsedBytes: number | null;
  /** Pages that went to or came from swap meanwhile. */
  readonly swappedPages: number | null;
  readonly transparentHugePages: string | null;
  readonly punctuality: Punctuality;
}

const SYSTEM = "/sys/devices/system";

/** Takes about two seconds, in which it keeps a core busy: stolen time shows on a busy core only. */
export async function readMachine(): Promise<MachineFacts> {
  const before = { cpuMs: cpuMs(), machine: machineSnapshot(), swapped: await swappedPages() };
  const punctuality = await measurePunctuality();
  const after = { cpuMs: cpuMs(), machine: machineSnapshot(), swapped: await swappedPages() };
  const wallMs = after.machine.atMs - before.machine.atMs;
  const ownMs = after.machine.processCpuMs - before.machine.processCpuMs;
  const memory = await memoryFields();
  return {
    platform: os.platform(),
    node: process.versions.node,
    cores: os.availableParallelism(),
    cpuLimitCores: await cpuLimitCores(),
    loadAverage: os.loadavg()[0] ?? 0,
    othersCores: Math.max(0, after.cpuMs - before.cpuMs - ownMs) / wallMs,
    stolenShare: difference(before.machine.stolenMs, after.machine.stolenMs, wallMs),
    governor: await word(`${SYSTEM}/cpu/cpu0/cpufreq/scaling_governor`),
    clockSource: await word(`${SYSTEM}/clocksource/clocksource0/current_clocksource`),
    openFiles: await openFilesLimit(),
    memoryAvailableBytes: memory.get("MemAvailable") ?? os.freemem(),
    memoryLimitBytes: memoryLimitBytes(),
    swapUsedBytes: difference(memory.get("SwapFree") ?? null, memory.get("SwapTotal") ?? null),
    swappedPages: difference(before.swapped, after.swapped),
    transparentHugePages: chosen(await word("/sys/kernel/mm/transparent_hugepage/enabled")),
    punctuality,
  };
}

/** CPU time of all cores and processes since boot. */
const cpuMs = (): number =>
  os.cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);

const difference = (before: number | null, after: number | null, unit = 1): number | null =>
  before === null || after === null ? null : (after - before) / unit;

const read = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null);
const word = async (path: string): Promise<string | null> => (await read(path))?.trim() || null;

/** "always [madvise] never" → "madvise" */
const chosen = (choices: string | null): string | null => /\[(\w+)\]/.exec(choices ?? "")?.[1] ?? null;

async function openFilesLimit(): Promise<number | null> {
  const limits = await read("/proc/self/limits");
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits ?? "") ?? [];
  if (soft === undefined) return null;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

/** /proc/meminfo, in bytes. */
async function memoryFields(): Promise<Map<string, number>> {
  const text = (await read("/proc/meminfo")) ?? "";
  return new Map([...text.matchAll(/^(\w+):\s+(\d+) kB/gm)].map(([, name, kb]) => [name!, Number(kb) * 1024]));
}

async function swappedPages(): Promise<number | null> {
  const text = await read("/proc/vmstat");
  if (text === null) return null;
  return [...text.matchAll(/^pswp(?:in|out) (\d+)/gm)].reduce((sum, [, pages]) => sum + Number(pages), 0);
}
