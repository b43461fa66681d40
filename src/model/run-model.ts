import type { Connections } from "../scenario/scenario.js";
import { delay, type Solution, type Station, solve } from "./closed-network.js";
import { openQueue } from "./open-queue.js";
import { tripUs, type Work } from "./work.js";

/**
 * A run as a network of queues. An entry takes a connection, goes round as often as its strategy has round trips, and
 * leaves:
 *
 *   users ──think──► pool ──► ┌─► generator ──► Redis ──► network ─┐ ──► answered
 *                             └────────── once a round trip ◄──────┘
 *
 * Redis' main thread and each generator thread take one trip after another; the network and thinking delay everybody
 * alike. Of exclusive connections no more entries are inside than there are connections; the others wait before it.
 */
export interface Machine {
  readonly strategy: string;
  /** Of one entry, on the mean. */
  readonly tripsPerEntry: number;
  /** Of a trip on an idle machine, beside the work of both sides: waking up, the kernel, the network there is. */
  readonly delayUs: number;
  /** What a trip takes longer where a round trip is added: threads that sleep meanwhile have to be woken. */
  readonly wakeUs: number;
  readonly server: Work;
  readonly generator: Work;
  /** Measured over modelled throughput where the model was fitted: what CPU alone does not explain. */
  readonly unexplained: Readonly<Record<Connections, number>>;
  /** Cores that Redis and the generator share; null: they do not compete. */
  readonly cores: number | null;
}

/** A load, and how it is connected. */
export interface Point {
  /** Of each instance; those that have none are left out. */
  readonly users: readonly number[];
  readonly pool: number;
  readonly connections: Connections;
  /** Of a cluster, among which users are spread evenly, with a pool to each; mostly 1. */
  readonly primaries?: number;
  /** Added to each round trip. */
  readonly rttUs: number;
  readonly thinkUs: number;
  /** Arrivals of the open model; null: the closed one. */
  readonly ratePerSec: number | null;
  readonly maxInFlight: number;
}

export const BOTTLENECKS = ["server", "generator", "cores", "pool", "network", "offered-load"] as const;
export type Bottleneck = (typeof BOTTLENECKS)[number];

export interface Prediction {
  readonly tps: number;
  /** Of an entry, a wait for a connection included. */
  readonly meanUs: number;
  /** Part of `meanUs`. */
  readonly poolWaitUs: number;
  /** Share of the time in which a thread has work, waiting for a core included. */
  readonly busy: { readonly server: number; readonly generator: number };
  readonly bottleneck: Bottleneck;
}

/** Of the arrivals: as much is all. */
const KEPT_UP = 0.99;
const BUSY = 0.9;

export function predict(machine: Machine, point: Point): Prediction {
  const { users, ratePerSec, thinkUs, maxInFlight } = point;
  const places = placesOf(point);
  const inside = insideOf(machine, point, ratePerSec === null ? sum(users) : maxInFlight);
  const speed = (n: number): number => inside.perUs[Math.min(n, inside.perUs.length - 1)]!;
  const load =
    ratePerSec === null
      ? closedLoad(inside, sum(users), places, thinkUs)
      : openQueue(ratePerSec / 1e6, speed, maxInFlight);
  const within = Math.min(load.inProgress, places);
  const poolWaitUs = Math.max(0, load.meanUs - within / load.perUs);
  const busy = inside.busyAt(within);
  const tps = 1e6 * load.perUs;
  return {
    tps,
    meanUs: load.meanUs,
    poolWaitUs,
    busy,
    bottleneck: bottleneckOf(machine, point, { tps, poolWaitUs, busy, ...load, stretch: inside.stretch }),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Entries that can have a connection at once. */
const placesOf = ({ users, pool, primaries = 1, connections, ratePerSec }: Point): number => {
  if (connections === "shared") return Number.POSITIVE_INFINITY;
  const most = pool * primaries;
  return sum(users.map((own) => (ratePerSec === null ? Math.min(own, most) : most)));
};

interface Load {
  readonly perUs: number;
  readonly meanUs: number;
  readonly inProgress: number;
}

/** Users beyond the places wait in line; those who think are not there. */
function closedLoad({ perUs, lump }: Solution, users: number, places: number, thinkUs: number): Load {
  const inside = perUs.length - 1;
  if (thinkUs === 0) {
    const rate = perUs[inside]!;
    return { perUs: rate, meanUs: users / rate, inProgress: users };
  }
  // The network as one server, whose speed is known for every number inside.
  const server: Station = {
    demandUs: (present) => 1 / perUs[Math.max(1, Math.min(inside, Math.round(Math.min(present, places) / lump)))]!,
  };
  const solved = solve([server, delay(thinkUs)], users);
  const rate = solved.perUs.at(-1)!;
  return { perUs: rate, meanUs: users / rate - thinkUs, inProgress: users - rate * thinkUs };
}

interface Inside extends Solution {
  /** By how much waiting for a core lengthens all work. */
  readonly stretch: number;
  busyAt(entries: number): Prediction["busy"];
}

const STRETCHES = 8;
/** Beyond this many entries inside, the open model's network is no faster. */
const MOST_OPEN = 400;

/** The network behind the pool, with all who can be in it. */
function insideOf(machine: Machine, point: Point, entries: number): Inside {
  const most = Math.min(entries, placesOf(point), point.ratePerSec === null ? Number.POSITIVE_INFINITY : MOST_OPEN);
  let stretch = 1;
  let solved = solve(stationsOf(machine, point, stretch), most);
  // Threads that would all run share the cores there are: work takes longer, and then more of it waits.
  for (let i = 0; i < STRETCHES && machine.cores !== null; i++) {
    const runnable = solved.busy[0]! * (point.primaries ?? 1) + solved.busy[1]! * point.users.length;
    const next = Math.max(1, runnable / machine.cores);
    if (Math.abs(next - stretch) < 0.005) break;
    stretch = next;
    solved = solve(stationsOf(machine, point, stretch), most);
  }
  const final = stretch;
  return {
    ...solved,
    stretch: final,
    busyAt: (within) => {
      const at = within >= most ? solved : solve(stationsOf(machine, point, final), Math.max(1, within));
      return { server: at.busy[0]!, generator: at.busy[1]! };
    },
  };
}

function stationsOf(
  machine: Machine,
  { users, pool, primaries = 1, connections, rttUs }: Point,
  stretch: number,
): Station[] {
  const { tripsPerEntry, unexplained } = machine;
  const instances = users.length;
  const factor = (tripsPerEntry * stretch) / unexplained[connections];
  const delayUs = tripsPerEntry * networkUs(machine, rttUs);
  return [
    {
      demandUs: (present) => factor * tripUs(machine.server, present, connections, pool * instances),
      count: primaries,
    },
    {
      demandUs: (present) => factor * tripUs(machine.generator, present, connections, pool * primaries),
      count: instances,
    },
    ...(delayUs === 0 ? [] : [delay(delayUs)]),
  ];
}

/** Of one trip, on the way and in waking up. */
const networkUs = ({ delayUs, wakeUs }: Machine, rttUs: number): number => delayUs + (rttUs === 0 ? 0 : rttUs + wakeUs);

function bottleneckOf(
  machine: Machine,
  { ratePerSec, users, thinkUs, rttUs }: Point,
  at: Load & Pick<Prediction, "tps" | "poolWaitUs" | "busy"> & { readonly stretch: number },
): Bottleneck {
  const { tripsPerEntry, cores } = machine;
  if (ratePerSec !== null && at.tps >= KEPT_UP * ratePerSec) return "offered-load";
  const { server, generator } = at.busy;
  if (cores !== null && at.stretch > 1.02 && server + generator * users.length >= BUSY * cores) return "cores";
  if (Math.max(server, generator) >= BUSY) return server >= generator ? "server" : "generator";
  if (thinkUs > 0 && at.inProgress < sum(users) / 2) return "offered-load";
  const serviceUs = at.meanUs - at.poolWaitUs;
  if (at.poolWaitUs > serviceUs) return "pool";
  if (tripsPerEntry * networkUs(machine, rttUs) >= serviceUs / 2) return "network";
  return server >= generator ? "server" : "generator";
}
