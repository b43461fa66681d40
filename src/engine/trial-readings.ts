import { type MachineSnapshot, machineSnapshot } from "../measure/machine-load.js";
import { type ThreadSchedule, threadSchedule } from "../measure/thread-health.js";
import { type Snapshot, takeReplicaSnapshot, takeSnapshot } from "../targets/server-snapshot.js";
import type { Target } from "../targets/target.js";
import type { Snapshots } from "./figures.js";
import type { Generators } from "./generators.js";

/** Everything that a trial is read by: once right before its barrier opens, and once when its last entry has ended. */
export interface Reading {
  readonly server: Snapshot;
  /** Null where positions are not read from them. */
  readonly replicas: Snapshot | null;
  readonly machine: MachineSnapshot;
  /** CPU of the pacing thread; null where there is none. */
  readonly pacingCpuMs: number | null;
  /** Of the servers that we have started ourselves: only of those are the processes known. */
  readonly serverThreads: readonly (ThreadSchedule | null)[];
}

/** What this process can tell at once: read it nearest to the load. */
export const readHere = (
  { pids }: Target,
  { pacingCpuMs }: Generators,
): Pick<Reading, "machine" | "pacingCpuMs" | "serverThreads"> => ({
  machine: machineSnapshot(),
  pacingCpuMs,
  serverThreads: pids.map(threadSchedule),
});

/** What servers have to be asked for. @throws Error of the control connection */
export const readServers = async (
  { control }: Target,
  readsReplicas: boolean,
): Promise<Pick<Reading, "server" | "replicas">> => ({
  server: await takeSnapshot(control),
  replicas: readsReplicas ? await takeReplicaSnapshot(control) : null,
});

export interface TrialReadings {
  readonly server: Snapshots<Snapshot>;
  readonly replicas: Snapshots<Snapshot> | null;
  readonly machine: Snapshots<MachineSnapshot>;
  /** CPU of the pacing thread meanwhile; null where there is none. */
  readonly pacedMs: number | null;
  readonly serverThreads: Snapshots<readonly (ThreadSchedule | null)[]>;
}

/** The two of a trial, each thing beside itself. */
export function between(before: Reading, after: Reading): TrialReadings {
  const pair = <T>(of: (reading: Reading) => T): Snapshots<T> => ({ before: of(before), after: of(after) });
  const { replicas } = after;
  return {
    server: pair(({ server }) => server),
    replicas: before.replicas === null || replicas === null ? null : { before: before.replicas, after: replicas },
    machine: pair(({ machine }) => machine),
    pacedMs: before.pacingCpuMs === null || after.pacingCpuMs === null ? null : after.pacingCpuMs - before.pacingCpuMs,
    serverThreads: pair(({ serverThreads }) => serverThreads),
  };
}
