import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ENTRY_BYTES } from "../audit/history.js";
import { WireDriver } from "../drivers/wire/wire-driver.js";
import { lua } from "../strategies/lua.js";
import { TimerAlarm } from "../worker/alarm.js";
import { Instance } from "../worker/instance.js";
import { SharedControl } from "../worker/live-counters.js";

/**
 * What this process holds while virtual users enter: `lua` on 20 shared connections, in this very thread. Looked at
 * after a garbage collection, so that what is left is what the users, the recording and the history need.
 */
export interface HeldMemory {
  readonly users: number;
  /** Succeeded so far. */
  readonly entries: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** Typed arrays and buffers outside the heap, the history included. */
  readonly externalBytes: number;
  /** What the entries so far take in the history. */
  readonly historyBytes: number;
}

export interface HoldingOptions {
  readonly users: number;
  readonly entries: number;
  /** Entries between two looks; the first comes when every user has begun. */
  readonly lookEvery: number;
  /** Budget; 0 keeps none. */
  readonly historyBytes: number;
  readonly port: number;
  /** Its concerts are entered, and left there. */
  readonly runId: string;
}

const POOL = 20;
const LOOK_EVERY_MS = 20;
const TIMEOUT_MS = 60_000;
const MAX_WAITING = 50_000;

export async function heldMemory(options: HoldingOptions): Promise<HeldMemory[]> {
  const { users, entries, port, runId, historyBytes } = options;
  const control = SharedControl.for(1);
  const driver = {
    endpoints: [{ host: "127.0.0.1", port, tls: false, username: undefined, password: undefined, db: 0 }],
    pool: POOL,
    writes: "coalesced",
    scripts: lua.scripts,
    connectTimeoutMs: 5000,
  } as const;
  const instance = new Instance({
    makeDriver: (events) => new WireDriver(driver, events),
    pool: POOL,
    routes: 1,
    live: control.of(0),
    makeAlarm: (ring) => new TimerAlarm(ring),
  });
  await instance.open();
  instance.prepare({
    index: 0,
    count: 1,
    strategy: lua.name,
    score: "sequence",
    connections: "shared",
    vus: users,
    thinkTimeMs: 0,
    arrivals: null,
    durationMs: 0,
    entries,
    mix: { new: 100, waiting: 0, active: 0 },
    behaviour: null,
    population: { waiting: 0, active: 0 },
    runId,
    firstConcert: 0,
    concerts: 1,
    shards: 1,
    waitReplicas: 0,
    zipf: 0,
    newUsersPerGeneration: MAX_WAITING,
    generations: Number.POSITIVE_INFINITY,
    timeoutMs: TIMEOUT_MS,
    seed: 1,
    historyBytes,
    keepsMoments: false,
  });
  const looks: HeldMemory[] = [];
  const timer = setInterval(() => {
    const { succeeded, inProgress } = control.read();
    const due = looks.length === 0 ? 0 : looks.at(-1)!.entries + options.lookEvery;
    // Everybody has begun, and nobody has ended for good.
    if (inProgress === users && succeeded >= due) looks.push(look(users, succeeded, historyBytes));
  }, LOOK_EVERY_MS);
  try {
    await instance.run();
  } finally {
    clearInterval(timer);
    await instance.close();
  }
  return looks;
}

function look(users: number, entries: number, budgetBytes: number): HeldMemory {
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const historyBytes = Math.min(budgetBytes, entries * ENTRY_BYTES);
  return { users, entries, rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external, historyBytes };
}

let gc: (() => void) | undefined;

/** As `node --expose-gc` has it, whatever this process was started with. */
function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString("--expose-gc");
    gc = runInNewContext("gc") as () => void;
  }
  gc();
}
