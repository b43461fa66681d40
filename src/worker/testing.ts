import type { Driver, DriverEvents } from "../drivers/driver.js";
import { TimerAlarm } from "./alarm.js";
import { Instance } from "./instance.js";
import { SharedControl } from "./live-counters.js";
import type { Segment } from "./segment.js";

/** For tests: what an instance may be given to do, one entry by one user unless `change` says otherwise. */
export const segmentOf = (change: Partial<Segment>): Segment => ({
  index: 0,
  count: 1,
  strategy: "lua",
  score: "sequence",
  connections: "exclusive",
  vus: 1,
  thinkTimeMs: 0,
  arrivals: null,
  durationMs: 60_000,
  entries: 1,
  mix: { new: 100, waiting: 0, active: 0 },
  behaviour: null,
  population: { waiting: 0, active: 0 },
  runId: "test",
  firstConcert: 0,
  concerts: 1,
  shards: 1,
  waitReplicas: 0,
  zipf: 0,
  newUsersPerGeneration: 1,
  generations: 1,
  timeoutMs: 60_000,
  seed: 1,
  historyBytes: 0,
  keepsMoments: false,
  ...change,
});

/** For tests: an instance over what the test has of a driver, and how it is told what a server would have it hear. */
export async function openInstance(
  parts: Partial<Driver>,
  { pool, routes }: { pool: number; routes: number },
): Promise<{ instance: Instance; events: DriverEvents }> {
  const driver = {
    open: async () => {},
    addConcert: () => 0,
    forgetConcerts: () => {},
    routeOf: () => 0,
    isUp: () => true,
    counters: () => ({
      commands: {},
      socketWrites: 0,
      bytesSent: 0,
      bytesReceived: 0,
      reconnects: 0,
      scriptReloads: 0,
    }),
    ...parts,
  } as Driver;
  let events: DriverEvents | undefined;
  const instance = new Instance({
    makeDriver: (given) => {
      events = given;
      return driver;
    },
    pool,
    routes,
    live: SharedControl.for(1).of(0),
    makeAlarm: (ring) => new TimerAlarm(ring),
  });
  await instance.open();
  return { instance, events: events! };
}
