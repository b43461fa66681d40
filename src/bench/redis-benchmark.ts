import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { environmentError } from "../base/errors.js";
import { machineSnapshot, stolenShare } from "../measure/machine-load.js";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import { loadScript } from "../strategies/script.js";
import { lazyFreePending, mainThreadCpuUs, takeSnapshot } from "../targets/server-snapshot.js";
import type { BenchServer } from "./server.js";
import type { Measurement, PeerSetting } from "./setting.js";

/**
 * redis-benchmark as a peer: EVALSHA of enter_queue.lua over the keys of a concert of its own. The score is left empty,
 * so the script takes the next number of the sequence, as with `qbench run --score sequence`: with a given score
 * redis-benchmark could only send one and the same, and the set would be in another order.
 */

const ENTER_QUEUE = loadScript("enter_queue");
/** Ids are drawn from as many as its 31 bits give: hardly any twice. It draws anew for the token key and for the user. */
const KEYSPACE = 2 ** 31 - 1;
const SAMPLE_EVERY_MS = 25;
const MS_A_TICK = 10;
const TIMEOUT_MS = 120_000;
const MOST_LOOKS = 200;

export function argumentsOf(setting: PeerSetting, port: number | "PORT", concertId: string): string[] {
  const { waiting, sequence, tokenPrefix } = concertKeys(concertId);
  const options = {
    "-p": port,
    "-c": setting.connections,
    "-P": setting.pipeline,
    "-n": setting.entries,
    "-r": KEYSPACE,
    ...(setting.threads === 1 ? {} : { "--threads": setting.threads }),
  };
  return [
    ...Object.entries(options).flatMap(([option, value]) => [option, String(value)]),
    "--csv",
    ...["evalsha", ENTER_QUEUE.sha1, "3", `${tokenPrefix}__rand_int__`, waiting, sequence, "__rand_int__", ""],
  ];
}

/** @returns requests a second. @throws Error if `text` is not what `--csv` prints. */
export function parseCsv(text: string): number {
  const [header = "", row = ""] = text.trim().split("\n").slice(-2);
  const column = cellsOf(header).indexOf("rps");
  const rate = Number(cellsOf(row)[column]);
  if (column < 0 || !(rate > 0))
    throw new Error(`expected redis-benchmark's CSV with a column rps, got ${text.trim()}`);
  return rate;
}

/** Cells are quoted; one may hold a comma or, in the first column, the whole command. */
const cellsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"]|"(?=[^,]))*)"(?:,|$)/g)].map(([, cell]) => cell!);

/** How long the waiting set was when. */
export interface Sample {
  readonly atMs: number;
  readonly waiting: number;
}

/**
 * Entries a second between the first and the last look at the set that saw it grow. With more than one thread
 * redis-benchmark ends its clock at the next quarter of a second, which understates its rate by up to a tenth.
 */
export function rateOf(samples: readonly Sample[]): number | null {
  const last = samples.at(-1)?.waiting ?? 0;
  const growing = samples.filter(({ waiting }) => waiting > 0 && waiting < last);
  const [from, to] = [growing[0], growing.at(-1)];
  if (from === undefined || to === undefined || to.atMs <= from.atMs) return null;
  return ((to.waiting - from.waiting) / (to.atMs - from.atMs)) * 1000;
}

export async function measurePeer(
  setting: PeerSetting,
  { target, port, runId }: BenchServer,
): Promise<Omit<Measurement, "round" | "order">> {
  const { control } = target;
  // Always the same one: its keys are gone after each measurement.
  const concertId = concertIdOf(runId, 0);
  const { waiting: key } = concertKeys(concertId);
  await control.script("LOAD", ENTER_QUEUE.source);
  const machine = { before: machineSnapshot() };
  const before = await takeSnapshot(control);
  const { stdout, samples, cpuMs } = await runWatched(setting.tool, argumentsOf(setting, port, concertId), () =>
    control.zcard(key),
  );
  const after = await takeSnapshot(control);
  const machineAfter = machineSnapshot();
  const toldPerSec = parseCsv(stdout);
  const seenPerSec = rateOf(samples);
  const entriesPerSec = setting.threads === 1 || seenPerSec === null ? toldPerSec : seenPerSec;
  const serverUs = mainThreadCpuUs(before, after);
  const serverMs = serverUs === null ? null : serverUs / 1000;
  const wallMs = (setting.entries / entriesPerSec) * 1000;
  const stolen = serverMs === null ? 0 : stolenShare(machine.before, machineAfter, serverMs, serverMs + cpuMs);
  const inSet = await control.zcard(key);
  await target.removeKeys();
  await untilFreed(target);
  return {
    entriesPerSec,
    toldPerSec,
    serverBusy: serverMs === null ? null : Math.min(1, serverMs / (wallMs * (1 - stolen))),
    serverUsPerEntry: serverMs === null ? null : (serverMs * 1000) / setting.entries,
    generatorUsPerEntry: cpuMs === 0 ? null : (cpuMs * 1000) / setting.entries,
    eventLoopBusy: null,
    limiter: null,
    waiting: inSet,
  };
}

/** Until the server has freed what was removed, so that the next measurement does not pay for it. */
async function untilFreed({ control }: BenchServer["target"]): Promise<void> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    if (lazyFreePending(await takeSnapshot(control)) === 0) return;
    await sleep(SAMPLE_EVERY_MS);
  }
}

/** Runs a program to its end, looking at the waiting set and at the program's CPU meanwhile. */
async function runWatched(
  program: string,
  args: readonly string[],
  zcard: () => Promise<number>,
): Promise<{ stdout: string; samples: Sample[]; cpuMs: number }> {
  const samples: Sample[] = [];
  let cpuMs = 0;
  const running = promisify(execFile)(program, [...args], { timeout: TIMEOUT_MS });
  const look = async (): Promise<void> => {
    cpuMs = cpuOf(running.child.pid) ?? cpuMs;
    const waiting = await zcard();
    samples.push({ atMs: performance.now(), waiting });
  };
  const timer = setInterval(() => void look().catch(() => {}), SAMPLE_EVERY_MS);
  try {
    const { stdout } = await running;
    await look();
    return { stdout, samples, cpuMs };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw environmentError(`${program} failed: ${stderr?.trim() || message}`);
  } finally {
    clearInterval(timer);
  }
}

/** CPU of a process so far, from Linux' /proc; null if it is gone, or cannot be told. */
function cpuOf(pid: number | undefined): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * MS_A_TICK;
  } catch {
    return null;
  }
}

/** For the report: what was typed, with the port and the concert left open. */
export const commandOf = (setting: PeerSetting): string =>
  [setting.tool, ...argumentsOf(setting, "PORT", "CONCERT").map((word) => (word === "" ? '""' : word))].join(" ");
