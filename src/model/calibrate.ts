import type { Connections } from "../scenario/scenario.js";
import { type Machine, type Point, predict } from "./run-model.js";
import type { Work } from "./work.js";

/**
 * From a few short trials to a machine. What a trip costs is measured where it shares its turn with nobody (one user),
 * with others on connections of their own, and with many on each connection; the model is then turned until it says the
 * same of these trials. Where both sides were busy all the time, their shares do not tell which of them takes how long:
 * predictions of fewer users on shared connections may then be off by a quarter, all others by less than a hundredth.
 */

/** What one load came to; µs of an entry. */
export interface Measured {
  readonly tps: number;
  readonly meanUs: number;
  /** Of Redis' main thread. */
  readonly serverUs: number;
  readonly generatorUs: number;
}

export const SETTINGS = ["alone", "exclusive", "shared", "distant"] as const;
/** alone: one user. exclusive, shared: as many users as keep the connections full. distant: a round trip is added. */
export type Setting = (typeof SETTINGS)[number];

type Load = Pick<Point, "users" | "pool" | "connections" | "rttUs">;

/** The loads that are measured: one instance, no thinking. */
export const CALIBRATION: Readonly<Record<Setting, Load>> = {
  alone: { users: [1], pool: 1, connections: "exclusive", rttUs: 0 },
  exclusive: { users: [200], pool: 20, connections: "exclusive", rttUs: 0 },
  shared: { users: [1000], pool: 20, connections: "shared", rttUs: 0 },
  distant: { users: [20], pool: 20, connections: "exclusive", rttUs: 2000 },
};

export interface Observation {
  readonly strategy: string;
  readonly tripsPerEntry: number;
  readonly cores: number | null;
  readonly measured: Readonly<Record<Setting, Measured>>;
}

const STEPS = 25;
/** Within so much of what was measured, more steps gain nothing. */
const CLOSE = 0.005;
/** What the model cannot explain by more than this it does not pretend to. */
const MOST_UNEXPLAINED = 1.5;

export function calibrate({ strategy, tripsPerEntry, cores, measured }: Observation): Machine {
  const { alone, exclusive, shared } = measured;
  const goal = {
    server: [exclusive.serverUs / tripsPerEntry, shared.serverUs / tripsPerEntry],
    generator: [exclusive.generatorUs / tripsPerEntry, shared.generatorUs / tripsPerEntry],
  } as const;
  const single = { server: alone.serverUs / tripsPerEntry, generator: alone.generatorUs / tripsPerEntry };
  let [server, generator] = [[...goal.server], [...goal.generator]];
  let machine = machineOf();
  for (let step = 0; step < STEPS; step++) {
    const modelled = [CALIBRATION.exclusive, CALIBRATION.shared].map((load) => cpuOf(machine, load));
    const next = (now: number[], goals: readonly number[], of: "server" | "generator"): number[] =>
      now.map((value, i) => value * (goals[i]! / modelled[i]![of]));
    const [nextServer, nextGenerator] = [
      next(server, goal.server, "server"),
      next(generator, goal.generator, "generator"),
    ];
    const isClose = [...server, ...generator].every(
      (value, i) => Math.abs([...nextServer, ...nextGenerator][i]! / value - 1) < CLOSE,
    );
    [server, generator] = [nextServer, nextGenerator];
    machine = machineOf();
    if (isClose) break;
  }
  const unexplainedOf = (kind: "exclusive" | "shared"): number => {
    const ratio = measured[kind].tps / predict(machine, pointOf(CALIBRATION[kind])).tps;
    return Math.min(MOST_UNEXPLAINED, Math.max(1 / MOST_UNEXPLAINED, ratio));
  };
  const unexplained = { exclusive: unexplainedOf("exclusive"), shared: unexplainedOf("shared") };
  const asleep = predict({ ...machine, unexplained }, pointOf(CALIBRATION.distant));
  const wakeUs = Math.max(0, (measured.distant.meanUs - asleep.meanUs) / tripsPerEntry);
  return { ...machine, unexplained, wakeUs };

  function machineOf(): Machine {
    const works = {
      server: workOf(single.server, server[0]!, server[1]!),
      generator: workOf(single.generator, generator[0]!, generator[1]!),
    };
    // While a thread still writes, the other one may have begun to read: work alone can be more than the latency is.
    const idleUs = alone.meanUs / tripsPerEntry - total(works.server) - total(works.generator);
    const noneUnexplained: Record<Connections, number> = { exclusive: 1, shared: 1 };
    return {
      strategy,
      tripsPerEntry,
      delayUs: Math.max(0, idleUs),
      wakeUs: 0,
      ...works,
      unexplained: noneUnexplained,
      cores,
    };
  }
}

/** From what a trip costs alone, among others on connections of their own, and among many on each. */
function workOf(aloneUs: number, exclusiveUs: number, sharedUs: number): Work {
  const perTripUs = Math.min(sharedUs, exclusiveUs);
  return { perTurnUs: Math.max(0, aloneUs - exclusiveUs), perConnectionUs: exclusiveUs - perTripUs, perTripUs };
}

const total = ({ perTurnUs, perConnectionUs, perTripUs }: Work): number => perTurnUs + perConnectionUs + perTripUs;

export const pointOf = (load: Load): Point => ({
  ...load,
  thinkUs: 0,
  ratePerSec: null,
  maxInFlight: 1,
});

/** CPU of a trip as the model has it: the share of the time in which a thread is busy, over the trips of that time. */
function cpuOf(
  machine: Machine,
  load: Load,
): {
  server: number;
  generator: number;
} {
  const { busy, tps } = predict(machine, pointOf(load));
  const tripsPerUs = (tps * machine.tripsPerEntry) / 1e6;
  return { server: busy.server / tripsPerUs, generator: busy.generator / tripsPerUs };
}
