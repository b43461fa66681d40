import { beforeEach, describe, expect, it } from "vitest";
import type { Driver, Failure } from "../drivers/driver.js";
import { EntryTable, STAGE } from "./entry-table.js";
import { Redirections } from "./redirections.js";

const IDLE = { batch: { id: 0, commands: [], writes: false }, carried: 0 } as never;
const POOL = 10;
/** Connection 3 of route 1. */
const CONNECTION = 13;

const answered = (kind: string): Failure => ({ kind, message: kind, answered: true, changedNothing: true });

/** Where an ASK leads to, and whether anything there is up. */
let asked = { route: 2, isUp: true };
let table: EntryTable;
let done: [what: string, slot: number, via?: number][];
let redirections: Redirections;

beforeEach(() => {
  asked = { route: 2, isUp: true };
  table = new EntryTable(8, IDLE);
  done = [];
  table.stage.fill(STAGE.inFlight);
  table.connection.fill(CONNECTION);
  const driver = { learn: () => {}, askedRoute: () => asked.route, isUp: () => asked.isUp };
  redirections = new Redirections(table, driver as unknown as Driver, POOL, {
    lineUp: (slot) => done.push(["line up", slot]),
    giveBack: (slot) => done.push(["give back", slot]),
    sendVia: (slot, via) => done.push(["send", slot, via]),
  });
});

describe("an entry that a cluster did not carry out", () => {
  it("lines up for the node that has the slot now", () => {
    expect(redirections.follow(4, answered("MOVED"), 0)).toBe(true);
    expect(done).toEqual([
      ["give back", 4],
      ["line up", 4],
    ]);
  });

  it("asks the node that is about to have it, over the connection of the same number", () => {
    expect(redirections.follow(4, answered("ASK"), 0)).toBe(true);
    expect(done).toEqual([["send", 4, 23]]);
  });

  it.each([
    ["a node that is not up", 2, false],
    ["a node that nobody knows", -1, true],
  ])("comes again later instead of asking %s", (_, route, isUp) => {
    asked = { route, isUp };
    expect(redirections.follow(4, answered("ASK"), 0)).toBe(true);
    expect(done).toEqual([["give back", 4]]);
    redirections.resume(0);
    expect(done).toContainEqual(["line up", 4]);
  });

  it("comes again once, later, where the slot is nobody's for a while", () => {
    expect(redirections.follow(4, answered("TRYAGAIN"), 0)).toBe(true);
    expect(done).toEqual([["give back", 4]]);
    redirections.resume(0);
    redirections.resume(0);
    expect(done.slice(1)).toEqual([["line up", 4]]);
  });

  it("does not come again if it was given up meanwhile, whatever is in its slot", () => {
    redirections.follow(4, answered("CLUSTERDOWN"), 0);
    table.epoch[4]!++;
    redirections.resume(0);
    expect(done).toEqual([["give back", 4]]);
  });

  it("is sent elsewhere so often and no more", () => {
    const followed = Array.from({ length: 20 }, () => redirections.follow(4, answered("MOVED"), 0));
    expect(followed.filter(Boolean)).toHaveLength(16);
    expect(redirections.follow(4, answered("ASK"), 0)).toBe(false);
    expect(redirections.follow(4, answered("TRYAGAIN"), 0)).toBe(true);
  });

  it("has failed where the answer is another", () => {
    expect(redirections.follow(4, answered("OOM"), 0)).toBe(false);
    expect(done).toEqual([]);
  });
});

it("once slots are elsewhere, who waits lines up again as he came, but nobody who was told to come later", () => {
  table.readyUs.set([50, 10, 40, 30, 20, 60, 70, 80]);
  for (const slot of [0, 1, 3]) table.stage[slot] = STAGE.waiting;
  redirections.follow(4, answered("TRYAGAIN"), 0);
  done = [];
  redirections.lineUpAgain(0);
  expect(done).toEqual([
    ["line up", 1],
    ["line up", 3],
    ["line up", 0],
  ]);
  // Their places in the former line are nobody's.
  expect([...table.epoch]).toEqual([1, 1, 0, 1, 0, 0, 0, 0]);
});
