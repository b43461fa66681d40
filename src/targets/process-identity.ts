import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * A process that can be told from a later one that was given the same pid: on Linux by the tick it started at, in
 * which boot and which namespace of pids; elsewhere by the second it started in.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
  readonly host: string;
  /** Pids mean the same only within one boot and one namespace. */
  readonly pidSpace: string;
}

/** @returns undefined if there is no such process (any more). */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = await startOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt, host: hostname(), pidSpace: await pidSpace() };
}

/**
 * Whether that very process still runs; "unknown" if it was seen in another container or on another machine, where
 * nobody here can tell.
 */
export async function stateOf(identity: ProcessIdentity): Promise<"alive" | "dead" | "unknown"> {
  if ((await pidSpace()) === identity.pidSpace) {
    return (await startOf(identity.pid)) === identity.startedAt ? "alive" : "dead";
  }
  const [bootThen] = identity.pidSpace.split(" ");
  const [bootNow] = (await pidSpace()).split(" ");
  const isRebooted = bootThen !== bootNow && identity.host === hostname();
  return isRebooted ? "dead" : "unknown";
}

async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") {
    const { stdout } = await execute("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return stdout.trim() || undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
  // The second field, the program's name in brackets, may hold blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  return state === "Z" || state === "X" ? undefined : startTicks;
}

/** "boot namespace"; outside Linux the host's name, which has one space of pids. */
async function pidSpace(): Promise<string> {
  if (process.platform !== "linux") return `${hostname()} -`;
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "-");
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "-");
  return `${boot.trim()} ${namespace}`;
}
