import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPERATION, OPERATIONS, RESULT, type ResultCode } from "../audit/history.js";
import type { Behaviour } from "../scenario/scenario.js";
import { Habits } from "./behaviour.js";
import type { EntryStarter, Room } from "./load.js";
import { Users } from "./users.js";
import type { Workload } from "./workload.js";

const NOTHING: Behaviour = {
  pollEvery: null,
  pollBy: "entry",
  leavePercent: 0,
  returnAfterMs: null,
  doubleClickPercent: 0,
  tabsPercent: 0,
  botsPercent: 0,
};
const EVERY_SECOND = { everyMs: 1000, jitterPercent: 0 };

/** Users of one place, or more, and a list of what they start. */
function crowd(behaviour: Partial<Behaviour>, options: { places?: number; isOpen?: boolean; room?: () => Room } = {}) {
  const { places = 1, isOpen = true, room = () => "free" } = options;
  const started: { what: string; place: number; visit: number; lane: number; plannedUs: number; user: number }[] = [];
  const gone: number[] = [];
  const workload = { user: -1, concert: 0, prepared: RESULT.NEW, draw: () => workload.user++ };
  const starter: EntryStarter = {
    room,
    start: (place, operation, lane, plannedUs) => {
      const user = users.user[place]!;
      started.push({ what: OPERATIONS[operation]!, place, visit: users.visit[place]!, lane, plannedUs, user });
    },
  };
  const users: Users = new Users({
    places,
    workload: workload as unknown as Workload,
    starter,
    habits: new Habits({ ...NOTHING, ...behaviour }, 1),
    returnAfterMs: behaviour.returnAfterMs ?? null,
    isOpen,
    onGone: (place) => gone.push(place),
  });
  const end = (result: ResultCode, now: number, operation: number = OPERATION.enter): void =>
    users.onEnded(0, users.visit[0]!, operation, result, 1, 1, now);
  return { users, workload, started, gone, end, whats: () => started.map(({ what }) => what) };
}

describe("a user who polls", () => {
  it("asks again a pause after each answer, until he is active; a late poll counts from when it was due", () => {
    const { users, started, gone, end } = crowd({ pollEvery: EVERY_SECOND });
    users.arrive(0, 10, 20);
    end(RESULT.NEW, 500);
    expect(users.dueUs).toBe(1_000_500);
    users.act(1_000_900);
    end(RESULT.WAITING, 1_001_000, OPERATION.poll);
    users.act(2_001_000);
    end(RESULT.ACTIVE, 2_002_000, OPERATION.poll);
    expect(started.map(({ what, plannedUs, user }) => [what, plannedUs, user])).toEqual([
      ["enter", 10, 0],
      ["poll", 1_000_500, 0],
      ["poll", 2_001_000, 0],
    ]);
    expect(users.dueUs).toBe(Number.POSITIVE_INFINITY);
    expect(gone).toEqual([0]);
    expect(users.counts).toMatchObject({ arrivals: 1, polls: 2 });
  });

  it("tries again after a failure, and after finding no slot, which is counted", () => {
    let room: Room = "free";
    const { users, end, whats } = crowd({ pollEvery: EVERY_SECOND }, { room: () => room });
    users.arrive(0, 0, 0);
    end(RESULT.failed, 10);
    room = "full";
    users.act(1_000_010);
    expect(users.dropped).toBe(1);
    room = "free";
    users.act(2_000_010);
    expect(whats()).toEqual(["enter", "poll"]);
  });

  it("in the closed model starts when it starts, as there is no plan to be late against", () => {
    const { users, started, end } = crowd({ pollEvery: EVERY_SECOND }, { isOpen: false });
    users.arrive(0, 0, 0);
    end(RESULT.NEW, 500);
    users.act(1_000_900);
    expect(started[1]?.plannedUs).toBe(1_000_900);
  });

  it("is forgotten when another takes his place, his late answer too", () => {
    const { users, started, end, gone } = crowd({ pollEvery: EVERY_SECOND });
    users.arrive(0, 0, 0);
    const visit = users.visit[0]!;
    users.arrive(0, 100, 100);
    users.onEnded(0, visit, OPERATION.enter, RESULT.NEW, 1, 1, 200);
    expect(users.dueUs).toBe(Number.POSITIVE_INFINITY);
    end(RESULT.NEW, 300);
    expect(users.dueUs).toBe(1_000_300);
    expect(started.map(({ user }) => user)).toEqual([0, 1]);
    expect(gone).toEqual([]);
  });
});

describe("a user who leaves", () => {
  it("does so after an answer, comes back after the pause and is the same user", () => {
    const { users, started, end, gone } = crowd({ leavePercent: 100, returnAfterMs: 2000 });
    users.arrive(0, 0, 0);
    end(RESULT.NEW, 100);
    end(RESULT.WAITING, 200, OPERATION.leave);
    expect(users.dueUs).toBe(2_000_200);
    users.act(2_000_200);
    expect(started.map(({ what, user }) => [what, user])).toEqual([
      ["enter", 0],
      ["leave", 0],
      ["enter", 0],
    ]);
    expect(users.counts).toMatchObject({ arrivals: 1, returns: 1 });
    expect(gone).toEqual([]);
  });

  it("is gone for good where nobody comes back", () => {
    const { users, end, gone } = crowd({ leavePercent: 100 });
    users.arrive(0, 0, 0);
    end(RESULT.NEW, 100);
    end(RESULT.WAITING, 200, OPERATION.leave);
    expect([users.dueUs, gone]).toEqual([Number.POSITIVE_INFINITY, [0]]);
  });

  it("waits for all his answers first", () => {
    const { users, started, end, whats } = crowd({ leavePercent: 100, tabsPercent: 100 });
    users.arrive(0, 0, 0);
    const tabs = started.length;
    for (let answers = 1; answers < tabs; answers++) end(RESULT.WAITING, answers);
    expect(whats()).not.toContain("leave");
    end(RESULT.NEW, 10);
    expect(whats().at(-1)).toBe("leave");
  });

  it("is never one whom set-up put into the queue", () => {
    const { users, workload, end, whats } = crowd({ leavePercent: 100, pollEvery: EVERY_SECOND });
    workload.prepared = RESULT.WAITING as never;
    users.arrive(0, 0, 0);
    end(RESULT.WAITING, 100);
    users.act(1_000_100);
    expect(whats()).toEqual(["enter", "poll"]);
  });
});

describe("a user with several entries at once", () => {
  it("has two or three tabs, each on another connection", () => {
    const { users, started } = crowd({ tabsPercent: 100 }, { places: 300 });
    for (let place = 0; place < 300; place++) users.arrive(place, place, place);
    const tabs = Array.from({ length: 300 }, (_, place) => started.filter((one) => one.place === place));
    expect(new Set(tabs.map((entries) => entries.length))).toEqual(new Set([2, 3]));
    for (const entries of tabs) {
      expect(entries.map(({ what }) => what)).toEqual(["enter", ...entries.slice(1).map(() => "repeat")]);
      expect(new Set(entries.map(({ lane }) => lane)).size).toBe(entries.length);
      expect(new Set(entries.map(({ user, plannedUs }) => `${user} ${plannedUs}`)).size).toBe(1);
    }
  });

  it("clicks twice within 50 ms, answered or not, and polls only afterwards", () => {
    const { users, started, end } = crowd({ doubleClickPercent: 100, pollEvery: EVERY_SECOND });
    users.arrive(0, 0, 0);
    end(RESULT.NEW, 1);
    const clickUs = users.dueUs;
    expect(clickUs).toBeLessThan(50_000);
    users.act(clickUs);
    end(RESULT.WAITING, clickUs + 5, OPERATION.repeat);
    expect(users.dueUs).toBe(clickUs + 5 + 1_000_000);
    expect(started.map(({ what, plannedUs }) => [what, plannedUs])).toEqual([
      ["enter", 0],
      ["repeat", clickUs],
    ]);
  });

  it("reloads as a bot for ever, but never has more than four under way", () => {
    const { users, started, end } = crowd({ botsPercent: 100 });
    users.arrive(0, 0, 0);
    for (let reload = 0; reload < 10; reload++) users.act(users.dueUs);
    expect(started.map(({ plannedUs }) => plannedUs)).toEqual([0, 100_000, 200_000, 300_000]);
    end(RESULT.NEW, 1_000_000);
    users.act(users.dueUs);
    expect(started).toHaveLength(5);
    expect(users.dueUs).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});

describe("habits", () => {
  it("have the shares that were asked for", () => {
    const habits = new Habits({ ...NOTHING, doubleClickPercent: 30, tabsPercent: 15, botsPercent: 1 }, 5);
    const share = (happens: () => boolean): number => {
      let times = 0;
      for (let i = 0; i < 50_000; i++) if (happens()) times++;
      return times / 50_000;
    };
    expect(share(() => habits.secondClickUs() !== null)).toBeCloseTo(0.3, 1);
    expect(Math.abs(share(() => habits.tabs() > 1) - 0.15)).toBeLessThan(0.01);
    expect(Math.abs(share(() => habits.isBot()) - 0.01)).toBeLessThan(0.003);
    expect(share(() => habits.leaves())).toBe(0);
  });

  it("poll within the jitter, adaptively by place in the queue", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(10_000), fc.integer({ min: 1, max: 10_000 }), (seed, position, total) => {
        const jittered = new Habits({ ...NOTHING, pollEvery: { everyMs: 5000, jitterPercent: 20 } }, seed);
        const pause = jittered.pollAfterUs(position, total)!;
        expect(pause).toBeGreaterThanOrEqual(4e6);
        expect(pause).toBeLessThanOrEqual(6e6);
        const adaptive = new Habits({ ...NOTHING, pollEvery: "adaptive" }, seed);
        const [front, back] = [adaptive.pollAfterUs(0, total)!, adaptive.pollAfterUs(total, total)!];
        expect(front >= 1e6 && front < 2e6).toBe(true);
        expect(back >= 8e6 && back < 10e6).toBe(true);
        const between = adaptive.pollAfterUs(position, total)!;
        expect(between >= 1e6 && between <= 10e6).toBe(true);
      }),
    );
  });
});
