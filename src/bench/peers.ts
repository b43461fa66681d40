import { environmentError } from "../base/errors.js";
import { execute, isOnPath, type ProvisionContext } from "../targets/provision/commands.js";

/** The C programs that a load generator is held against. */

const HERE: ProvisionContext = {
  env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  isRoot: process.getuid?.() === 0,
  platform: process.platform,
};

const HOW_TO_INSTALL = "Debian, Ubuntu: sudo apt-get update && sudo apt-get install -y redis-tools";

/** Makes sure that redis-benchmark is there. @throws QbenchError (environment) that says what to type. */
export async function provideRedisBenchmark(say: (line: string) => void, context = HERE): Promise<void> {
  if (isOnPath("redis-benchmark", context)) return;
  if (context.isRoot && isOnPath("apt-get", context)) {
    say("no redis-benchmark on this machine: installing redis-tools …");
    await execute("apt-get", ["update", "-qq"], context).catch(() => {});
    const args = ["install", "-y", "-qq", "--no-install-recommends", "redis-tools"];
    const failure = await execute("apt-get", args, context).then(
      () => undefined,
      (error: Error) => error,
    );
    if (isOnPath("redis-benchmark", context)) return;
    throw environmentError(`redis-benchmark could not be installed: ${failure?.message ?? "unknown"}`, HOW_TO_INSTALL);
  }
  throw environmentError("redis-benchmark, which qbench is held against, is not on this machine", HOW_TO_INSTALL);
}

/**
 * What else was looked for, and what came of it. valkey-benchmark takes redis-benchmark's options and is measured where
 * it is; memtier_benchmark can be had from its authors' repository only and is not.
 */
export async function otherPeers(context = HERE): Promise<{ valkey: boolean; notes: string[] }> {
  const valkey = isOnPath("valkey-benchmark", context);
  const notes = [
    valkey
      ? "valkey-benchmark: measured"
      : `valkey-benchmark: not measured; ${await candidate("valkey-tools", context)}`,
    isOnPath("memtier_benchmark", context)
      ? "memtier_benchmark: there, but not measured: nobody has tried its options here"
      : `memtier_benchmark: not measured; ${await candidate("memtier-benchmark", context)}`,
  ];
  return { valkey, notes };
}

/** Whether the system's package manager knows a package, in words. */
async function candidate(name: string, context: ProvisionContext): Promise<string> {
  if (!isOnPath("apt-cache", context)) return "it is not on this machine";
  const text = await execute("apt-cache", ["policy", name], context).catch(() => "");
  const version = /Candidate: (?!\(none\))(\S+)/.exec(text)?.[1];
  return version === undefined
    ? `no package ${name} is to be had from this system's sources`
    : `it is to be had (apt-get install ${name})`;
}
