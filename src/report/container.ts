import { readFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";

/**
 * How much CPU and memory the control groups leave to this process. Source: the kernel's documentation, cgroup-v2.rst
 * (cpu.max) and sched-bwc.rst (cpu.cfs_quota_us, version 1).
 */

/** Cores' worth of CPU time, the tightest limit of the group and its parents; null without a limit. `root`: for tests. */
export async function cpuLimitCores(root = "/"): Promise<number | null> {
  const limits: number[] = [];
  for (const { controllers, path } of await groups(root)) {
    const isVersion2 = controllers === "";
    if (!isVersion2 && !controllers.split(",").includes("cpu")) continue;
    for (const folder of upwards(path)) {
      const limit = isVersion2
        ? await version2(join(root, "sys/fs/cgroup", folder))
        : await version1(join(root, "sys/fs/cgroup/cpu", folder));
      if (limit !== null) limits.push(limit);
    }
  }
  return limits.length === 0 ? null : Math.min(...limits);
}

/** Bytes; null without a limit. */
export function memoryLimitBytes(): number | null {
  const limit = process.constrainedMemory();
  return limit === undefined || limit <= 0 || limit >= os.totalmem() ? null : limit;
}

/** The lines of /proc/self/cgroup: `id:controllers:path`. */
async function groups(root: string): Promise<{ controllers: string; path: string }[]> {
  const text = await readFile(join(root, "proc/self/cgroup"), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, controllers = "", ...path] = line.split(":");
      return { controllers, path: path.join(":") };
    });
}

/** `/a/b` → `/a/b`, `/a`, `/`. Inside a container the path may be the host's; the root is then the container's group. */
function upwards(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  return Array.from({ length: parts.length + 1 }, (_, i) => `/${parts.slice(0, parts.length - i).join("/")}`);
}

async function version2(folder: string): Promise<number | null> {
  const [quota, period] = (await numbersIn(join(folder, "cpu.max"))) ?? [];
  return quotient(quota, period);
}

async function version1(folder: string): Promise<number | null> {
  const [quota] = (await numbersIn(join(folder, "cpu.cfs_quota_us"))) ?? [];
  const [period] = (await numbersIn(join(folder, "cpu.cfs_period_us"))) ?? [];
  return quotient(quota, period);
}

/** "max" becomes NaN, as no limit. */
async function numbersIn(file: string): Promise<number[] | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : text.trim().split(/\s+/).map(Number);
}

const quotient = (quota = Number.NaN, period = Number.NaN): number | null =>
  quota > 0 && period > 0 ? quota / period : null;
