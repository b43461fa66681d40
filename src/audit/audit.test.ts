import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANOMALY_KINDS, type AnomalyKind } from "../queue/anomaly.js";
import { auditQueues, type TrialFacts } from "./audit.js";
import { FAULTS, isCertain, pick } from "./testing/faults.js";
import { anyForgetfulWorld, anyWorld, factsOf, type World, without, worldReader } from "./testing/world.js";

/** A world to spoil: fast-check shows the one that it drew again and again. */
const LINE_UPS = Array.from({ length: 4 }, () => ({ arrivedUs: 0, passedUs: 0 }));
const copyOf = (world: World): World => structuredClone(world);

const audit = (world: World, changes: Partial<TrialFacts> = {}, recorded?: number, share?: number) =>
  auditQueues(worldReader(world), { ...factsOf(world, recorded, share), ...changes });

describe("audit of a trial without faults", () => {
  it("finds none", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async (world) => {
        const { ok, anomalies, brokenPromises, coverage } = await audit(world, { promises: ANOMALY_KINDS });
        expect({ ok, anomalies, brokenPromises, coverage }).toEqual({
          ok: true,
          anomalies: {},
          brokenPromises: [],
          coverage: "users",
        });
      }),
      { numRuns: 500 },
    );
  });

  it("finds none wherever in the line-up the threads' clocks stood", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.constantFrom(0, 0.2, 1), async (world, share) => {
        const { anomalies, unjudged } = await audit(world, {}, undefined, share);
        expect({ anomalies, unjudged }).toEqual({ anomalies: {}, unjudged: 0 });
        expect((await audit(world, { clocks: [] }, undefined, share)).anomalies).toEqual({});
      }),
      { numRuns: 200 },
    );
  });

  it("finds none however little was recorded", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(20), async (world, recorded) => {
        expect((await audit(world, {}, recorded)).anomalies).toEqual({});
        const { anomalies, coverage } = await audit(world, { histories: null });
        expect({ anomalies, coverage }).toEqual({ anomalies: {}, coverage: "counts" });
      }),
      { numRuns: 300 },
    );
  });

  it("says how much it looked at", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async (world) => {
        const members = world.concerts.reduce((sum, { waiting, active }) => sum + waiting.length + active.size, 0);
        expect((await audit(world)).checked).toBeGreaterThanOrEqual(members + world.entries.length);
      }),
    );
  });
});

describe("audit of a trial with one fault", () => {
  it.each(FAULTS)("%s: %s", async (_, kind, plant) => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async (drawnWorld, drawn) => {
        const world = copyOf(drawnWorld);
        plant(world, drawn);
        const { ok, anomalies, brokenPromises, examples } = await audit(world, { promises: ANOMALY_KINDS });
        expect(anomalies).toEqual({ [kind]: 1 });
        if (!world.concerts.some(({ waiting }) => waiting.includes(-1))) {
          expect(examples!.map((example) => example.kind)).toEqual([kind]);
          expect(examples![0]!.events.filter(({ isToBlame }) => isToBlame)).toHaveLength(1);
          expect(examples![0]!.events.length).toBeLessThanOrEqual(8);
        }
        expect(ok).toBe(false);
        expect(brokenPromises).toEqual([kind]);
        expect((await audit(world)).brokenPromises).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it("two users of one thread, the first answered before the second asked, stand the wrong way round", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async (drawnWorld, drawn) => {
        const world = copyOf(drawnWorld);
        const concert = pick(world.concerts, drawn);
        const number = world.concerts.indexOf(concert);
        const template = {
          instance: 0,
          concert: number,
          prepared: "NEW",
          operation: "enter",
          result: "NEW",
          total: 99,
        } as const;
        const [first, second] = [1000, 1001];
        world.entries.push({ ...template, user: first, sentUs: 1e6, repliedUs: 1e6 + 1, position: 98 });
        world.entries.push({ ...template, user: second, sentUs: 1e6 + 1, repliedUs: 1e6 + 2, position: 99 });
        concert.waiting.push(first, second);
        expect((await audit(world)).anomalies).toEqual({});
        concert.waiting.splice(-2, 2, second, first);
        expect((await audit(world)).anomalies).toEqual({ "order-broken": 1 });
        // Overlapping, they may stand as they like.
        world.entries.at(-1)!.sentUs = 1e6 + 0.5;
        expect((await audit(world)).anomalies).toEqual({});
      }),
      { numRuns: 100 },
    );
  });

  /** Two users of threads whose clocks are `skewUs` apart, the first answered `gapUs` before the second asked. */
  const acrossThreads = (gapUs: number, widthUs: number, order: "by score" | "waiting"): World => {
    const at = { concert: 0, prepared: "NEW", operation: "enter", result: "NEW" } as const;
    const calls =
      order === "waiting"
        ? []
        : [8, 7].map((user, index) => ({
            concert: 0,
            sentUs: 5000 + 1000 * index,
            repliedUs: 5500 + 1000 * index,
            expiresAtMs: 1e12 + index,
            users: [user],
          }));
    return {
      prepared: { waiting: 0, active: 0 },
      admissions: order === "waiting" ? "never" : order,
      instances: 2,
      lineUps: [0, 700, 0, 30].map((before) => ({ arrivedUs: -before - widthUs, passedUs: -before })),
      calls,
      concerts: [
        {
          waiting: order === "waiting" ? [8, 7] : [],
          active: new Map(calls.map(({ users, expiresAtMs }) => [users[0]!, expiresAtMs])),
          tokens: calls.map(({ users }) => users[0]!),
        },
      ],
      entries: [
        { ...at, instance: 0, user: 7, sentUs: 1000, repliedUs: 1100, position: 1, total: 1 },
        { ...at, instance: 1, user: 8, sentUs: 1100 + gapUs, repliedUs: 1200 + gapUs, position: 2, total: 2 },
      ],
    };
  };

  it.each([
    [100, 40, "waiting", 1],
    [100, 40, "by score", 1],
    // Closer than the clocks can be told apart: ± 25 each.
    [40, 50, "waiting", 0],
    [40, 50, "by score", 0],
  ] as const)(
    "users of two threads, %d µs apart, clocks known within %d µs, in the wrong order: %s",
    async (...row) => {
      const [gapUs, widthUs, order, times] = row;
      for (const share of [0, 0.5, 1]) {
        const world = acrossThreads(gapUs, widthUs, order);
        const { anomalies, examples } = await audit(world, {}, undefined, share);
        expect(anomalies).toEqual(times === 0 ? {} : { "order-broken": 1 });
        if (times > 0) expect(examples![0]).toMatchObject({ user: 7, rule: expect.stringContaining("0000000008") });
      }
      expect((await audit(acrossThreads(gapUs, widthUs, order), { clocks: [] })).anomalies).toEqual({});
    },
  );

  it("a position that grew from one thread's answer to another's", async () => {
    const world = acrossThreads(100, 40, "waiting");
    world.concerts[0]!.waiting = [7];
    world.entries[1] = { ...world.entries[1]!, operation: "poll", result: "WAITING" };
    const moved = { ...world, entries: world.entries.map((entry) => ({ ...entry, user: 7 })) };
    expect((await audit(moved)).anomalies).toEqual({ "position-grew": 1 });
    expect((await audit(moved, { clocks: [] })).anomalies).toEqual({});
  });

  it("a new user ahead of one who had been waiting before the trial", async () => {
    const world: World = {
      prepared: { waiting: 1, active: 0 },
      admissions: "never",
      instances: 1,
      lineUps: LINE_UPS,
      calls: [],
      concerts: [{ waiting: [7, 0], active: new Map(), tokens: [] }],
      entries: [
        {
          instance: 0,
          concert: 0,
          user: 7,
          prepared: "NEW",
          operation: "enter",
          result: "NEW",
          sentUs: 1,
          repliedUs: 2,
          position: 1,
          total: 2,
        },
      ],
    };
    expect((await audit(world)).anomalies).toEqual({ "order-broken": 1 });
  });
});

describe("audit by counts alone", () => {
  const counted = (waiting: number, newAnswers: number, inDoubt = 0): World => ({
    prepared: { waiting: 2, active: 1 },
    admissions: "never",
    instances: 1,
    lineUps: LINE_UPS,
    calls: [],
    concerts: [
      {
        waiting: Array.from({ length: waiting }, (_, user) => (user < 2 ? user : user + 1)),
        active: new Map([[2, 9e12]]),
        tokens: [2],
      },
    ],
    entries: Array.from({ length: newAnswers + inDoubt }, (_, index) => ({
      instance: 0,
      concert: 0,
      user: 3 + index,
      prepared: "NEW",
      operation: "enter",
      result: index < newAnswers ? "NEW" : "in-doubt",
      sentUs: index,
      repliedUs: index + 1,
      position: index + 3,
      total: index + 3,
    })),
  });

  it.each<[string, World, AnomalyKind[], object]>([
    ["as many as were told", counted(12, 10), ["double-new"], {}],
    ["three fewer, of a strategy that answers NEW once", counted(9, 10), ["double-new"], { lost: 3 }],
    ["three fewer, of one that may answer it twice", counted(9, 10), [], { "double-new": 3 }],
    ["two more than were told", counted(14, 10), ["double-new"], { phantom: 2 }],
    ["two more, both in doubt", counted(14, 10, 2), ["double-new"], {}],
    ["three more, two of them in doubt", counted(15, 10, 2), ["double-new"], { phantom: 1 }],
  ])("%s", async (_, world, promises, anomalies) => {
    const found = await audit(world, { promises, histories: null });
    expect(found).toMatchObject({ anomalies, coverage: "counts" });
  });

  it("names by user what was recorded, and counts the rest once", async () => {
    const world = counted(12, 10);
    world.concerts[0]!.waiting = without(world.concerts[0]!.waiting, 4);
    const { anomalies } = await audit(world, { promises: ["double-new"] }, 5);
    expect(anomalies).toEqual({ lost: 1 });
  });
});

it("an admission in doubt excuses as many as it can have taken, and no more", async () => {
  const users = Array.from({ length: 10 }, (_, index) => index);
  const at = { concert: 0, prepared: "NEW", operation: "enter", result: "NEW", instance: 0, total: 10 } as const;
  const world: World = {
    prepared: { waiting: 0, active: 0 },
    admissions: "by score",
    instances: 1,
    lineUps: LINE_UPS,
    calls: [],
    concerts: [{ waiting: [], active: new Map(), tokens: [] }],
    entries: users.map((user) => ({ ...at, user, sentUs: user, repliedUs: user + 0.5, position: user + 1 })),
  };
  const call = { concert: 0, sentUs: 100, repliedUs: 110, expiresAtMs: 1e12, tokenTtlMs: 1, count: 0, isInDoubt: true };
  const found = async (more: object) =>
    (await audit(world, { admissions: [{ instance: 99, calls: [{ ...call, ...more }] }] })).anomalies;
  expect(await found({ most: 3 })).toEqual({ lost: 7 });
  expect(await found({})).toEqual({});
});

describe("audit of a trial in which the server restarted", () => {
  it("counts whom it forgot, once, also if they came again, and finds nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(anyForgetfulWorld, fc.constantFrom(0, 0.5, 1), async (world, share) => {
        const found = await audit(world, { promises: ANOMALY_KINDS }, undefined, share);
        expect(found).toMatchObject({ ok: true, anomalies: {}, brokenPromises: [], unjudged: 0 });
        const forgotten = new Map(world.forgotten!.map((one) => [`${one.concert} ${one.user}`, one]));
        // Who was forgotten twice may be taken for one who was admitted in between, and somebody else for forgotten.
        expect(found.lostByServer).toBeLessThanOrEqual(world.forgotten!.length);
        const certain = [...forgotten.values()].filter(({ concert, user }) =>
          isCertain(world, world.concerts[concert]!, user),
        );
        expect(found.lostByServer).toBeGreaterThanOrEqual(certain.length);
        if (world.restartsUs!.length > 1) return;
        const { forgettings: _, ...undated } = factsOf(world, undefined, share);
        expect(await auditQueues(worldReader(world), undated)).toMatchObject({ ok: true, anomalies: {} });
      }),
      { numRuns: 300 },
    );
  });

  it("takes for lost what numbers alone tell of, whatever the strategy promises", async () => {
    await fc.assert(
      fc.asyncProperty(anyForgetfulWorld, fc.constantFrom([], ANOMALY_KINDS), async (world, promises) => {
        const found = await audit(world, { promises, histories: null });
        expect(found).toMatchObject({ ok: true, anomalies: {}, coverage: "counts" });
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["after", -1000],
    ["before", 3e6],
  ])("excuses nothing that was answered %s it", async (_, atUs) => {
    const again = FAULTS.find(([, kind]) => kind === "double-new")![2];
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async (drawnWorld, drawn) => {
        const world = { ...copyOf(drawnWorld), restartsUs: [atUs] };
        again(world, drawn);
        expect((await audit(world)).anomalies).toEqual({ "double-new": 1 });
      }),
      { numRuns: 100 },
    );
  });

  it("blames the server for whom it forgot, and nobody for what follows from it", async () => {
    const lost = FAULTS.find(([, kind]) => kind === "lost")![2];
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async (drawnWorld, drawn) => {
        const world = copyOf(drawnWorld);
        lost(world, drawn);
        const found = await audit(world, { serverRestarted: true, promises: ANOMALY_KINDS });
        expect(found).toMatchObject({ ok: true, anomalies: {}, brokenPromises: [], lostByServer: 1 });
      }),
      { numRuns: 50 },
    );
  });

  it("blames nobody for users who are queued, or admitted, again because it forgot their tokens", async () => {
    const plants = FAULTS.filter(([, kind]) => kind === "wait-and-active" || kind === "double-admission");
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), fc.constantFrom(...plants), async (drawnWorld, drawn, [, kind, plant]) => {
        const world = copyOf(drawnWorld);
        plant(world, drawn);
        const found = await audit(world, { serverRestarted: true, promises: ANOMALY_KINDS });
        expect(found).toMatchObject({ anomalies: { [kind]: 1 }, brokenPromises: [] });
      }),
      { numRuns: 50 },
    );
  });

  it("still holds a strategy to what no restart explains", async () => {
    const phantom = FAULTS.find(([, kind]) => kind === "phantom")![2];
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async (drawnWorld, drawn) => {
        const world = copyOf(drawnWorld);
        phantom(world, drawn);
        const found = await audit(world, { serverRestarted: true, promises: ANOMALY_KINDS });
        expect(found).toMatchObject({ ok: false, anomalies: { phantom: 1 }, brokenPromises: ["phantom"] });
      }),
      { numRuns: 50 },
    );
  });
});

it("an account that contradicts itself is a bug, not an anomaly", async () => {
  await fc.assert(
    fc.asyncProperty(anyWorld, async (world) => {
      const { concerts } = factsOf(world);
      const [first, ...others] = concerts;
      const answers = { ...first!.answers, NEW: first!.answers.NEW + 1 };
      await expect(audit(world, { concerts: [{ ...first!, answers }, ...others] })).rejects.toThrow(
        /^concert 0: the generator counted .* and recorded /,
      );
    }),
    { numRuns: 20 },
  );
});
