import { beforeEach, describe, expect, it } from "vitest";
import type { Driver, DriverEvents, Failure } from "../drivers/driver.js";
import type { Reply } from "../strategies/strategy.js";
import type { Instance } from "./instance.js";
import { openInstance, segmentOf } from "./testing.js";

const [HOLDER, IMPORTING] = [0, 1];

/** One connection to each of two nodes. */
const SEGMENT = segmentOf({ timeoutMs: 100 });

const answered = (kind: string): Failure => ({ kind, message: kind, answered: true, changedNothing: true });

describe("an entry that a node of a cluster asks to try the one that is about to get its slot", () => {
  let events: DriverEvents;
  let instance: Instance;
  /** What was done on which connection, and the token to answer with. */
  let done: { what: "sent" | "reloaded" | "reset"; connection: number; words?: string[]; token?: number }[];

  beforeEach(async () => {
    done = [];
    const driver: Partial<Driver> = {
      routeOf: () => HOLDER,
      learn: () => {},
      askedRoute: () => IMPORTING,
      send: (...[connection, { commands }, , , , , token]: Parameters<Driver["send"]>) =>
        done.push({ what: "sent", connection, words: commands.map(({ name }) => name), token }),
      reloadScripts: (connection: number) => done.push({ what: "reloaded", connection }),
      reset: (connection: number) => done.push({ what: "reset", connection }),
    };
    ({ instance, events } = await openInstance(driver, { pool: 1, routes: 2 }));
    instance.prepare(SEGMENT);
  });

  const fail = (kind: string): void => events.onFailure(done.at(-1)!.token!, answered(kind), performance.now() * 1000);
  const reply = (...replies: Reply[]): void => events.onReplies(done.at(-1)!.token!, replies, performance.now() * 1000);

  it("has the scripts loaded there, if there are none, and stays there", async () => {
    const running = instance.run();
    fail("ASK");
    fail("NOSCRIPT");
    reply("OK", ["NEW", 1, 1, 1]);
    expect(await running).toMatchObject({ answers: { NEW: 1 }, failures: {} });
    expect(done).toMatchObject([
      { what: "sent", connection: HOLDER, words: ["EVALSHA"] },
      { what: "sent", connection: IMPORTING, words: ["ASKING", "EVALSHA"] },
      { what: "reloaded", connection: IMPORTING },
      { what: "sent", connection: IMPORTING, words: ["ASKING", "EVALSHA"] },
    ]);
  });

  it("has that one's connection reset, if the answer does not come", async () => {
    const running = instance.run();
    fail("ASK");
    expect(await running).toMatchObject({ failures: { timeout: 1 } });
    expect(done.at(-1)).toEqual({ what: "reset", connection: IMPORTING });
  });
});
