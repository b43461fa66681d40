import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Driver, DriverEvents } from "../drivers/driver.js";
import { TimerAlarm } from "./alarm.js";
import { Instance } from "./instance.js";
import { SharedControl } from "./live-counters.js";
import type { Segment } from "./segment.js";

const USERS = 20_000;

const SEGMENT: Segment = {
  index: 0,
  count: 1,
  strategy: "lua",
  score: "sequence",
  connections: "shared",
  vus: USERS,
  thinkTimeMs: 0,
  arrivals: null,
  durationMs: 60_000,
  entries: USERS,
  mix: { new: 100, waiting: 0, active: 0 },
  behaviour: null,
  population: { waiting: 0, active: 0 },
  runId: "ramp",
  firstConcert: 0,
  concerts: 1,
  shards: 1,
  waitReplicas: 0,
  zipf: 0,
  newUsersPerGeneration: USERS,
  generations: 1,
  timeoutMs: 60_000,
  seed: 1,
  historyBytes: 0,
  keepsMoments: false,
};

/** An instance whose server answers nothing by itself, and the tokens of what it sent. */
async function openInstance() {
  const tokens: number[] = [];
  let events: DriverEvents | undefined;
  const driver = {
    open: async () => {},
    addConcert: () => 0,
    forgetConcerts: () => {},
    routeOf: () => 0,
    isUp: () => true,
    send: (...args: Parameters<Driver["send"]>) => tokens.push(args[6]),
    counters: () => ({
      commands: {},
      socketWrites: 0,
      bytesSent: 0,
      bytesReceived: 0,
      reconnects: 0,
      scriptReloads: 0,
    }),
  } as unknown as Driver;
  const instance = new Instance({
    makeDriver: (given) => {
      events = given;
      return driver;
    },
    pool: 20,
    routes: 1,
    live: SharedControl.for(1).of(0),
    makeAlarm: (ring) => new TimerAlarm(ring),
  });
  await instance.open();
  const answer = (token: number, status: string) =>
    events!.onReplies(token, [[status, 1, 1, 1]], performance.now() * 1000);
  return { instance, tokens, answer };
}

it("users begin some hundreds a turn of the event loop, so that the first are sent before the last begin", async () => {
  const { instance, tokens, answer } = await openInstance();
  instance.prepare(SEGMENT);
  const running = instance.run();
  for (let before = 0; before < USERS; ) {
    const sent = tokens.length - before;
    expect(sent).toBeLessThanOrEqual(1024);
    before = tokens.length;
    await nextTurn();
  }
  expect(new Set(tokens).size).toBe(USERS);
  for (const token of tokens) answer(token, "NEW");
  expect(await running).toMatchObject({ attempted: USERS, answers: { NEW: USERS } });
});

it("a reply that comes a trial too late is nobody's", async () => {
  const { instance, tokens, answer } = await openInstance();
  const one = { ...SEGMENT, vus: 1, entries: 1 };
  instance.prepare({ ...one, timeoutMs: 20 });
  expect(await instance.run()).toMatchObject({ failures: { timeout: 1 } });
  instance.prepare(one);
  const running = instance.run();
  answer(tokens[0]!, "NEW");
  answer(tokens[1]!, "WAITING");
  expect(await running).toMatchObject({ attempted: 1, answers: { NEW: 0, WAITING: 1 } });
});
