import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnomalyKind } from "../queue/anomaly.js";
import { OBSERVED, type Observed, READ, type Read, STATE, type State } from "./queue-model.js";
import { type Freedom, NO_FREEDOM, UserCheck } from "./user-check.js";

/** Histories of one user, made by hand: `NEW 0-5` is an entry sent at 0 and answered NEW at 5. */
const WORDS: Record<string, Observed> = {
  NEW: OBSERVED.toldNew,
  WAITING: OBSERVED.toldWaiting,
  ACTIVE: OBSERVED.toldActive,
  "left:WAITING": OBSERVED.leftWaiting,
  "left:ACTIVE": OBSERVED.leftActive,
  "left:NEW": OBSERVED.leftNowhere,
  admitted: OBSERVED.admitted,
};
const READS: Record<string, Read> = READ;
const READ_AT = 1000;

interface Options {
  readonly start?: State;
  readonly free?: Partial<Freedom>;
  readonly ttl?: number;
  readonly promised?: readonly AnomalyKind[];
}

function explain(text: string, read: string, { start = STATE.NONE, free = {}, ttl, promised = [] }: Options = {}) {
  const check = new UserCheck((kind) => (promised.includes(kind) ? 100 : 0));
  for (const one of text.split(", ").filter((part) => part !== "")) {
    const [what, times] = one.split(" ") as [string, string];
    const [sent, replied] = times.split("-").map(Number) as [number, number];
    if (ttl === undefined) check.add(WORDS[what]!, sent, replied);
    else check.add(WORDS[what]!, sent, replied, sent + ttl, replied + ttl);
  }
  const { troubles, isJudged } = check.explain(start, [READS[read]!], READ_AT, { ...NO_FREEDOM, ...free });
  expect(isJudged).toBe(true);
  return troubles.map(({ fault, event }) => `${fault.kind}@${event}`);
}

const WAITS = { start: STATE.FOREHAND } as const;
const ACTS = { start: STATE.ACTIVE } as const;

describe("legal histories of one user", () => {
  it.each<[string, string, string, Options?]>([
    ["nothing", "", "nowhere"],
    ["he joined and waits", "NEW 0-5, WAITING 6-7", "waiting"],
    ["two entries at once, the one that was answered first came second", "WAITING 0-5, NEW 1-9", "waiting"],
    ["three tabs", "WAITING 0-9, NEW 1-8, WAITING 2-7", "waiting"],
    ["admitted", "NEW 0-5, admitted 6-8, ACTIVE 9-10", "active"],
    ["told WAITING while the admission was under way", "NEW 0-5, admitted 6-20, WAITING 10-12", "active"],
    ["told ACTIVE before the admission had its reply", "NEW 0-5, admitted 6-20, ACTIVE 10-12", "active"],
    ["one of each while it was under way", "NEW 0-5, admitted 6-20, WAITING 8-12, ACTIVE 11-15", "active"],
    ["waiting since before", "WAITING 0-5", "waiting", WAITS],
    ["active since before", "ACTIVE 0-5, ACTIVE 7-8", "active", ACTS],
    ["he left", "NEW 0-5, left:WAITING 6-7", "nowhere"],
    ["he left and came back", "NEW 0-5, left:WAITING 6-7, NEW 8-9, WAITING 10-11", "waiting"],
    ["he left while active", "NEW 0-5, admitted 6-7, left:ACTIVE 8-9, NEW 10-11", "waiting"],
    ["a leave that found nobody", "left:NEW 0-1, NEW 2-3", "waiting"],
    ["his token ended and he joined again", "NEW 0-5, admitted 6-7, ACTIVE 8-9, NEW 120-121", "waiting", { ttl: 100 }],
    ["his token ended", "NEW 0-5, admitted 6-7", "nowhere", { ttl: 100 }],
    ["two stays, two admissions", "NEW 0-5, admitted 6-7, NEW 120-121, admitted 130-131", "active", { ttl: 100 }],
    ["an entry in doubt had joined", "WAITING 6-7", "waiting", { free: { mayJoinFromUs: 2 } }],
    ["a leave in doubt took him out", "NEW 0-5, NEW 9-10", "waiting", { free: { mayLeaveFromUs: 6 } }],
    ["somebody admitted him unseen", "NEW 0-5, ACTIVE 9-10", "active", { free: { mayBeAdmittedFromUs: 3 } }],
  ])("%s", (_, text, read, options = {}) => {
    expect(explain(text, read, options)).toEqual([]);
  });
});

describe("a user whom the server may have forgotten", () => {
  const once = { free: { forgettings: [{ fromUs: 10, untilUs: 15 }] } };
  const twice = { free: { forgettings: [...once.free.forgettings, { fromUs: 26, untilUs: 28 }] } };
  const since = { free: { forgettings: [{ fromUs: 10, untilUs: Number.POSITIVE_INFINITY }] } };
  const lost = "lost@-1";
  it.each<[string, string, string, string[], Options]>([
    ["is told NEW again", "NEW 0-5, NEW 20-25", "waiting", [lost], once],
    ["is found nowhere, and joins", "NEW 0-5, left:NEW 18-19, NEW 20-25", "waiting", [lost], once],
    ["is nowhere afterwards", "NEW 0-5", "nowhere", [lost], once],
    ["had his answer late", "NEW 0-18, NEW 20-25", "waiting", [lost], once],
    ["had been waiting before the trial", "WAITING 0-5, NEW 20-25", "waiting", [lost], { ...once, ...WAITS }],
    ["had a token", "ACTIVE 0-5, NEW 20-25", "waiting", [lost], { ...once, ...ACTS }],
    ["is forgotten each time", "NEW 0-5, NEW 20-25, NEW 30-35", "waiting", [lost, lost], twice],
    [
      "is believed before a promise is broken",
      "NEW 0-5, NEW 20-25",
      "waiting",
      [lost],
      { ...once, promised: ["lost"] },
    ],
    ["need not have been", "NEW 20-25, WAITING 30-35", "waiting", [], once],
    ["was told NEW twice before", "NEW 0-5, NEW 2-7", "waiting", ["double-new@1"], once],
    ["was told NEW twice before another took its place", "NEW 0-5, NEW 2-7", "waiting", ["double-new@1"], since],
    ["was told NEW twice since", "NEW 20-25, NEW 30-35", "waiting", ["double-new@1"], once],
    ["is told NEW once more than that", "NEW 0-5, NEW 20-25, NEW 30-35", "waiting", [lost, "double-new@2"], once],
    ["is told WAITING all the same", "NEW 0-5, NEW 20-25, ACTIVE 30-31", "waiting", [lost, "wrong-outcome@2"], once],
  ])("%s", (_, text, read, troubles, options) => {
    expect(explain(text, read, options)).toEqual(troubles);
  });
});

describe("illegal histories of one user", () => {
  it.each<[string, string, string, string[], Options?]>([
    ["NEW twice", "NEW 0-5, NEW 2-7", "waiting", ["double-new@1"]],
    ["NEW three times", "NEW 0-5, NEW 2-7, NEW 8-9", "waiting", ["double-new@1", "double-new@2"]],
    ["told WAITING before he asked to join", "WAITING 0-2, NEW 3-5", "waiting", ["wrong-outcome@0", "double-new@1"]],
    ["told WAITING and never NEW", "WAITING 0-2", "waiting", ["wrong-outcome@0"]],
    ["told ACTIVE, admitted by nobody", "NEW 0-5, ACTIVE 6-7", "waiting", ["wrong-outcome@1"]],
    ["told ACTIVE before the admission was sent", "NEW 0-5, ACTIVE 6-7, admitted 8-9", "active", ["wrong-outcome@1"]],
    ["told WAITING after he was admitted", "NEW 0-5, admitted 6-7, WAITING 8-9", "active", ["wrong-outcome@2"]],
    ["queued again while active", "NEW 0-5, admitted 6-9, NEW 7-12", "both", ["wait-and-active@2"]],
    [
      "queued again while active, and admitted again",
      "NEW 0-5, admitted 6-9, NEW 7-12, admitted 20-21",
      "active",
      ["wait-and-active@2", "double-admission@3"],
    ],
    ["admitted twice", "NEW 0-5, admitted 6-7, admitted 8-9", "active", ["double-admission@2"]],
    ["admitted from nowhere", "admitted 6-7", "active", ["phantom@0"]],
    ["lost", "NEW 0-5", "nowhere", ["lost@-1"]],
    ["lost by an admission", "NEW 0-5, admitted 6-7", "nowhere", ["lost@-1"]],
    ["lost though his token cannot have ended", "NEW 0-5, admitted 950-960", "nowhere", ["lost@-1"], { ttl: 100 }],
    ["waits and nobody told him", "", "waiting", ["phantom@-1"]],
    ["waits after he left", "NEW 0-5, left:WAITING 6-7", "waiting", ["phantom@-1"]],
    ["left from nowhere", "NEW 0-5, left:NEW 6-7", "nowhere", ["lost@1"]],
    ["waiting and active", "NEW 0-5", "both", ["wait-and-active@-1"]],
    ["prepared and told NEW", "NEW 0-5", "waiting", ["wrong-outcome@0"], WAITS],
    ["active before and queued", "ACTIVE 0-5", "both", ["wait-and-active@-1"], ACTS],
    ["told ACTIVE long after", "NEW 0-5, admitted 6-7, ACTIVE 500-501", "nowhere", ["wrong-outcome@2"], { ttl: 100 }],
    ["NEW again too early", "NEW 0-5, admitted 6-7, NEW 50-51", "waiting", ["wait-and-active@2"], { ttl: 900 }],
  ])("%s", (_, text, read, troubles, options = {}) => {
    expect(explain(text, read, options)).toEqual(troubles);
  });

  it("blames what was promised only where nothing else explains it", () => {
    const story = "NEW 0-5, NEW 9-10, admitted 20-21";
    const free = { mayBeAdmittedFromUs: 3 };
    expect(explain(story, "active", { free })).toEqual(["double-new@1"]);
    expect(explain(story, "active", { free, promised: ["double-new"] })).toEqual([
      "wait-and-active@1",
      "double-admission@2",
    ]);
    expect(explain(story, "active", { promised: ["double-new"] })).toEqual(["double-new@1"]);
  });
});

it("does not depend on the order in which events are told", () => {
  const events = [
    "NEW 0-5",
    "WAITING 3-9",
    "admitted 8-20",
    "WAITING 10-11",
    "ACTIVE 15-18",
    "ACTIVE 30-31",
    "NEW 16-40",
  ];
  const sorted = (text: string) => explain(text, "both").map((one) => one.replace(/@.*/, ""));
  fc.assert(
    fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
      expect(sorted(shuffled.join(", "))).toEqual(["wait-and-active"]);
    }),
    { numRuns: 50 },
  );
});

it("judges long histories, and says nothing of more at once than it can tell apart", () => {
  const check = new UserCheck();
  check.add(OBSERVED.toldNew, 0, 1);
  for (let i = 1; i < 2000; i++) check.add(OBSERVED.toldWaiting, 10 * i, 10 * i + 25);
  expect(check.explain(STATE.NONE, [READ.waiting], 1e6, NO_FREEDOM)).toMatchObject({ troubles: [], isJudged: true });
  check.clear();
  for (let i = 0; i < 40; i++) check.add(OBSERVED.toldNew, 0, 1);
  expect(check.explain(STATE.NONE, [READ.waiting], 1e6, NO_FREEDOM)).toMatchObject({ troubles: [], isJudged: false });
  check.clear();
  // As many as that, but alike: which of them is which does not matter.
  check.add(OBSERVED.toldNew, 0, 100);
  for (let i = 0; i < 29; i++) check.add(OBSERVED.toldWaiting, i, 100 + i);
  expect(check.explain(STATE.NONE, [READ.waiting], 1e6, NO_FREEDOM)).toMatchObject({ troubles: [], isJudged: true });
});
