import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, vi } from "vitest";
import { identityOf } from "../process-identity.js";

/** For tests: another process, running the built modules, that has opened a target and does nothing more. */
export interface TargetChild {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly watchdogPid: number;
  readonly folder: string;
  readonly port: number;
}

const built = (module: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../../dist/targets/${module}.js`, import.meta.url)));

/** A process with an embedded server, that waits to be killed, or comes to its end by itself. */
export function startInChild({ end = false } = {}): Promise<TargetChild> {
  return tellingChild(`
    const { startEmbedded } = await import(${built("embedded")});
    const { findRedisBinary } = await import(${built("redis-binary")});
    const { pid, watchdogPid, folder, endpoint: { port } } = await startEmbedded(await findRedisBinary(undefined));
    console.log(JSON.stringify({ pid, watchdogPid, folder, port }));
    ${end ? "" : "setInterval(() => {}, 1000);"}
  `);
}

/** A process in the middle of a run: it has opened this target, and written `keys`. */
export function openInChild(options: { urls: string[]; runId: string; keys?: string[] }): Promise<TargetChild> {
  const target = { ...options, allowRemote: false, allowNonempty: true, connectTimeoutMs: 5000 };
  return tellingChild(`
    const { openTarget } = await import(${built("target")});
    const { control, pids: [pid], endpoints: [{ port }] } = await openTarget(${JSON.stringify(target)});
    for (const key of ${JSON.stringify(options.keys ?? [])}) await control.set(key, "value");
    const [, folder] = await control.config("GET", "dir");
    const { readFileSync } = await import("node:fs");
    const watchdogPid = pid && Number(readFileSync("/proc/" + pid + "/stat", "latin1").split(" ")[3]);
    console.log(JSON.stringify({ pid, watchdogPid, folder, port }));
    setInterval(() => {}, 1000);
  `);
}

async function tellingChild(script: string): Promise<TargetChild> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  return { process: child, ...JSON.parse(String(line)) };
}

/** Waits until the child's server and its folder are gone. */
export const isGone = (child: TargetChild): Promise<void> =>
  vi.waitFor(
    async () => {
      expect(await identityOf(child.pid)).toBeUndefined();
      expect(existsSync(child.folder)).toBe(false);
    },
    { timeout: 10_000, interval: 20 },
  );
