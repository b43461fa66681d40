import type { Redis } from "ioredis";
import { nowUs } from "../base/clock.js";
import { redisFacts } from "../report/redis-facts.js";
import { holdsForeignKeys } from "../targets/keys.js";
import { infoFields } from "../targets/server-snapshot.js";
import { type Lateness, latenessOf } from "./punctuality.js";

/** A server as it is now; null where it does not tell. */
export interface ServerFacts {
  readonly isLoopback: boolean;
  /** INFO, by name. */
  readonly info: ReadonlyMap<string, string>;
  readonly config: Readonly<Record<string, string>> | null;
  /** Connections of others, and how many of them are MONITOR. */
  readonly otherClients: { readonly count: number; readonly monitors: number } | null;
  readonly holdsForeignKeys: boolean;
  readonly keys: number;
  /** What the server says if it does not run scripts for this user. */
  readonly scriptRefusal: string | null;
  /** Round trips of PINGs, one after another. */
  readonly pingUs: Lateness;
  readonly othersCommandsPerSec: number;
  /** Busy share of the main thread while nothing was asked of it. */
  readonly idleBusy: number | null;
}

const PINGS = 500;
/** However far the server is away, asking it ends. */
const MOST_PINGING_MS = 1500;

/** `pause` is what happens between two looks at the server, so that others can be told from us. */
export async function readServer(
  control: Redis,
  isLoopback: boolean,
  pause: () => Promise<unknown>,
): Promise<ServerFacts> {
  const before = await look(control);
  await pause();
  const after = await look(control);
  const wallUs = after.timeUs - before.timeUs;
  return {
    isLoopback,
    info: after.info,
    ...(await redisFacts(control)),
    otherClients: await otherClients(control),
    holdsForeignKeys: await holdsForeignKeys(control),
    keys: await control.dbsize(),
    scriptRefusal: await control.eval("return 1", 0).then(
      () => null,
      (error: Error) => error.message,
    ),
    pingUs: await pings(control),
    // The first look is counted when it has been answered.
    othersCommandsPerSec: Math.max(0, after.commands - before.commands - 1) / (wallUs / 1e6),
    idleBusy: after.cpuUs === null || before.cpuUs === null ? null : (after.cpuUs - before.cpuUs) / wallUs,
  };
}

async function look(control: Redis) {
  const info = infoFields(await control.info());
  const number = (name: string): number => Number(info.get(name) ?? Number.NaN);
  const cpuUs = (number("used_cpu_user_main_thread") + number("used_cpu_sys_main_thread")) * 1e6;
  return {
    info,
    commands: number("total_commands_processed") || 0,
    timeUs: number("server_time_usec") || Date.now() * 1000,
    cpuUs: Number.isNaN(cpuUs) ? null : cpuUs,
  };
}

/** Clients in normal mode or MONITOR; replicas are told apart by INFO. */
async function otherClients(control: Redis): Promise<ServerFacts["otherClients"]> {
  try {
    const own = await control.client("ID");
    const list = String(await control.client("LIST"));
    const others = list
      .split("\n")
      .map((line) => ({ id: /\bid=(\d+)/.exec(line)?.[1], flags: /\bflags=(\w+)/.exec(line)?.[1] ?? "" }))
      .filter(({ id, flags }) => id !== undefined && Number(id) !== own && !/[SM]/.test(flags));
    return { count: others.length, monitors: others.filter(({ flags }) => flags.includes("O")).length };
  } catch {
    return null;
  }
}

async function pings(control: Redis): Promise<Lateness> {
  const took: number[] = [];
  for (const startMs = performance.now(); took.length < PINGS && performance.now() - startMs < MOST_PINGING_MS; ) {
    const since = nowUs();
    await control.ping();
    took.push(nowUs() - since);
  }
  return latenessOf(took);
}
