import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storyOf } from "../engine/events.js";
import { EventLog } from "./event-log.js";

const MS = 1000;
const START = 5_000_000;
/** A log of four connections that are up, by ms since the start. */
function logOf(connections = 4) {
  const log = new EventLog({ startUs: START, sweepMs: 50, connections, isUp: () => true });
  const at = (ms: number): number => START + ms * MS;
  return {
    connection: (number: number, isUp: boolean, ms: number) => log.connection(number, isUp, at(ms)),
    reset(number: number, ms: number) {
      log.resetting(number);
      log.connection(number, false, at(ms));
    },
    noscript: (ms: number) => log.scriptsReloaded(at(ms)),
    answered: (ms: number) => log.answered(at(ms)),
    /** Sweeps every 50 ms from one time to another, both included. */
    sweep(fromMs: number, toMs: number, inProgress = 3, meanServiceUs = 500) {
      for (let ms = fromMs; ms <= toMs; ms += 50) log.swept(at(ms), inProgress, meanServiceUs);
    },
    story: (endMs: number, restarted = false) =>
      storyOf([log.finish(at(endMs))], restarted, endMs).map(({ atMs, kind, count, lastedMs }) => {
        return { atMs, kind, count, ...(lastedMs === undefined ? {} : { lastedMs }) };
      }),
  };
}

describe("what happened", () => {
  it("is nothing where nothing did", () => {
    const log = logOf();
    for (let ms = 50; ms < 1000; ms += 50) {
      log.answered(ms - 1);
      log.sweep(ms, ms);
    }
    expect(log.story(1000)).toEqual([]);
  });

  it("is told once for connections that go together, and for a server that is gone with the last of them", () => {
    const log = logOf();
    for (let number = 0; number < 3; number++) log.connection(number, false, 100 + number);
    log.connection(0, true, 400);
    log.connection(1, true, 401);
    // Trying again in vain is nothing new.
    for (let ms = 500; ms < 900; ms += 10) log.connection(2, false, ms);
    for (const number of [0, 1, 3]) log.connection(number, false, 1000);
    for (let number = 0; number < 4; number++) log.connection(number, true, 1700);
    expect(log.story(2000, true)).toEqual([
      { atMs: 100, kind: "connections-lost", count: 3 },
      { atMs: 400, kind: "connections-restored", count: 2 },
      { atMs: 1000, kind: "connections-lost", count: 3 },
      { atMs: 1000, kind: "server-away", count: 1 },
      { atMs: 1700, kind: "connections-restored", count: 4 },
      { atMs: 1700, kind: "server-restarted", count: 1 },
      { atMs: 1700, kind: "server-back", count: 1, lastedMs: 700 },
    ]);
  });

  it("is no absence of the server where the pool itself resets all connections, unless none comes back", () => {
    const log = logOf(2);
    log.answered(90);
    log.reset(0, 350);
    log.reset(1, 351);
    log.sweep(50, 350);
    log.connection(0, true, 360);
    log.connection(1, true, 361);
    log.sweep(400, 700);
    log.answered(710);
    log.reset(0, 1000);
    log.reset(1, 1001);
    log.sweep(750, 1400);
    log.connection(1, true, 1500);
    expect(log.story(2000)).toEqual([
      { atMs: 90, kind: "stall", count: 1, lastedMs: 620 },
      { atMs: 350, kind: "connections-reset", count: 2 },
      { atMs: 360, kind: "connections-restored", count: 2 },
      { atMs: 710, kind: "stall", count: 1, lastedMs: 1290 },
      { atMs: 1000, kind: "connections-reset", count: 2 },
      { atMs: 1001, kind: "server-away", count: 1 },
      { atMs: 1500, kind: "connections-restored", count: 1 },
      { atMs: 1500, kind: "server-back", count: 1, lastedMs: 499 },
    ]);
  });

  it("is a stall where entries wait and nothing is answered, from the last answer to the next", () => {
    const log = logOf();
    log.answered(120);
    log.sweep(150, 900);
    log.answered(930);
    log.sweep(950, 1000);
    expect(log.story(1000)).toEqual([{ atMs: 120, kind: "stall", count: 1, lastedMs: 810 }]);
  });

  it("is a stall that the trial ended in", () => {
    const log = logOf();
    log.sweep(50, 900);
    expect(log.story(900)).toEqual([{ atMs: 0, kind: "stall", count: 1, lastedMs: 900 }]);
  });

  it.each([
    ["nothing is in progress", (log: ReturnType<typeof logOf>) => log.sweep(50, 900, 0)],
    ["entries take as long anyway", (log: ReturnType<typeof logOf>) => log.sweep(50, 900, 3, 400 * MS)],
    [
      "entries come only now and then",
      (log: ReturnType<typeof logOf>) => {
        for (let ms = 50; ms < 2000; ms += 500) {
          log.sweep(ms, ms + 350, 0);
          log.sweep(ms + 400, ms + 400, 1);
          log.answered(ms + 410);
          log.sweep(ms + 450, ms + 450, 0);
        }
      },
    ],
  ])("is no stall where %s", (_, happen) => {
    const log = logOf();
    happen(log);
    expect(log.story(2100)).toEqual([]);
  });

  it("is a pause of the generator, and no stall, where the thread itself did not run", () => {
    const log = logOf();
    log.sweep(50, 200);
    log.sweep(900, 950);
    log.answered(960);
    expect(log.story(1000)).toEqual([{ atMs: 250, kind: "generator-paused", count: 1, lastedMs: 650 }]);
  });

  it("is bounded, and says how much is not kept", () => {
    const log = logOf(1);
    for (let ms = 0; ms < 200_000; ms += 1000) {
      log.noscript(ms);
      log.noscript(ms + 99);
    }
    const story = log.story(200_000);
    expect(story).toHaveLength(101);
    expect(story[0]).toEqual({ atMs: 0, kind: "scripts-reloaded", count: 2 });
    expect(story.at(-1)).toEqual({ atMs: 99_000, kind: "more", count: 200 });
  });

  it("of several instances is one story: nothing is lost, and time does not go back", () => {
    const event = fc.record({
      kind: fc.constantFrom("connections-lost", "stall", "scripts-reloaded" as const),
      atUs: fc.integer({ min: 0, max: 5_000_000 }),
      count: fc.integer({ min: 1, max: 9 }),
      lastedUs: fc.integer({ min: 0, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(event as fc.Arbitrary<never>, { maxLength: 20 }), { maxLength: 4 }),
        (instances) => {
          const story = storyOf(instances, false, 5000);
          const sum = (events: readonly { count: number }[]): number => events.reduce((all, one) => all + one.count, 0);
          expect(sum(story)).toBe(sum(instances.flat()));
          const times = story.map(({ atMs }) => atMs);
          expect(times).toEqual([...times].sort((a, b) => a - b));
          for (const { message } of story) expect(message).toMatch(/\w/);
        },
      ),
    );
  });
});
