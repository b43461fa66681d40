import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CALIBRATION, calibrate, type Measured, pointOf, SETTINGS } from "./calibrate.js";
import { openQueue } from "./open-queue.js";
import { byFewerTrips, PUBLISHED } from "./published.js";
import { type Machine, type Point, predict } from "./run-model.js";
import { simulate } from "./testing.js";
import { tripUs } from "./work.js";

const MACHINE: Machine = {
  strategy: "individual",
  tripsPerEntry: 6,
  delayUs: 15,
  wakeUs: 0,
  server: { perTurnUs: 4, perConnectionUs: 7, perTripUs: 0.7 },
  generator: { perTurnUs: 6, perConnectionUs: 9, perTripUs: 0.5 },
  unexplained: { exclusive: 1, shared: 1 },
  cores: null,
};
const LUA: Machine = { ...MACHINE, strategy: "lua", tripsPerEntry: 1, server: { ...MACHINE.server, perTripUs: 6 } };
const POINT: Point = {
  users: [3000],
  pool: 20,
  connections: "exclusive",
  rttUs: 0,
  thinkUs: 0,
  ratePerSec: null,
  maxInFlight: 10_000,
};
const works = fc.record({
  perTurnUs: fc.double({ min: 0, max: 20, noNaN: true }),
  perConnectionUs: fc.double({ min: 0, max: 20, noNaN: true }),
  perTripUs: fc.double({ min: 0.2, max: 10, noNaN: true }),
});
const machines = fc.record({
  strategy: fc.constant("any"),
  tripsPerEntry: fc.constantFrom(1, 2, 4, 6),
  delayUs: fc.double({ min: 0, max: 50, noNaN: true }),
  wakeUs: fc.constantFrom(0, 300),
  server: works,
  generator: works,
  unexplained: fc.constant({ exclusive: 1, shared: 1 }),
  cores: fc.constantFrom(null, 2, 4),
});
const points = fc.record({
  users: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 3 }),
  pool: fc.integer({ min: 1, max: 60 }),
  connections: fc.constantFrom("exclusive" as const, "shared" as const),
  rttUs: fc.constantFrom(0, 200, 1000, 5000),
  thinkUs: fc.constantFrom(0, 0, 20_000),
  ratePerSec: fc.constant(null),
  maxInFlight: fc.constant(10_000),
});
const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

describe("the model of a run", () => {
  it("obeys Little's law and its bounds, whatever the machine", () => {
    fc.assert(
      fc.property(machines, points, (machine, point) => {
        const { tps, meanUs, poolWaitUs, busy } = predict(machine, point);
        const users = total(point.users);
        expect((tps / 1e6) * (meanUs + point.thinkUs)).toBeCloseTo(users, 4);
        const shortestUs = machine.tripsPerEntry * (machine.delayUs + point.rttUs) + point.thinkUs;
        if (shortestUs > 0) expect(tps).toBeLessThanOrEqual((1e6 * users * 1.001) / shortestUs);
        expect(tps).toBeLessThanOrEqual((1e6 * 1.001) / (machine.tripsPerEntry * machine.server.perTripUs));
        expect(poolWaitUs).toBeGreaterThanOrEqual(0);
        expect(poolWaitUs).toBeLessThan(meanUs);
        if (point.connections === "shared") expect(poolWaitUs / meanUs).toBeLessThan(0.02);
        for (const share of [busy.server, busy.generator]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("gives one user the latency of the trips alone", () => {
    const alone = predict(MACHINE, { ...POINT, users: [1], rttUs: 1000 });
    const tripUs = 15 + 1000 + (4 + 7 + 0.7) + (6 + 9 + 0.5);
    expect(alone.meanUs).toBeCloseTo(6 * tripUs, 6);
    expect(alone.bottleneck).toBe("network");
  });

  it("never loses by a longer delay saved, more connections or fewer trips", () => {
    const tps = (change: Partial<Point>, machine = MACHINE): number => predict(machine, { ...POINT, ...change }).tps;
    const falling = [0, 500, 1000, 5000].map((rttUs) => tps({ rttUs }));
    expect([...falling].sort((a, b) => b - a)).toEqual(falling);
    const rising = [5, 20, 50, 200].map((pool) => tps({ pool, rttUs: 2000 }));
    expect([...rising].sort((a, b) => a - b)).toEqual(rising);
    expect(tps({ rttUs: 1000 }, LUA) / tps({ rttUs: 1000 })).toBeGreaterThan(4);
  });

  it("is what a simulation with a pool does, the wait for a connection included", () => {
    const point: Point = { ...POINT, users: [60], pool: 8, rttUs: 300 };
    const work = (side: "server" | "generator") => ({
      demandUs: (n: number) => 6 * tripUs(MACHINE[side], n, "exclusive", 8),
    });
    const simulated = simulate({
      stations: [work("generator"), work("server")],
      delayUs: 6 * 315,
      customers: 60,
      places: 8,
      entries: 30_000,
      seed: 3,
    });
    const predicted = predict(MACHINE, point);
    expect(predicted.tps / 1e6 / simulated.perUs).toBeCloseTo(1, 1);
    expect(predicted.meanUs / simulated.meanUs).toBeCloseTo(1, 1);
    expect(predicted.poolWaitUs / predicted.meanUs).toBeCloseTo(1 - 8 / 60, 2);
  });

  it.each([
    [{}, "generator"],
    [{ rttUs: 5000 }, "pool"],
    [{ rttUs: 5000, users: [20] }, "network"],
    [{ connections: "shared" as const }, "server"],
    [{ users: [10], thinkUs: 100_000 }, "offered-load"],
    [{ ratePerSec: 100 }, "offered-load"],
  ])("names what limits %j", (change, bottleneck) => {
    expect(predict(MACHINE, { ...POINT, ...change }).bottleneck).toBe(bottleneck);
  });

  it("has threads that share too few cores wait for one another", () => {
    const point: Point = { ...POINT, users: [1500, 1500] };
    const [free, two] = [predict(MACHINE, point), predict({ ...MACHINE, cores: 2 }, point)];
    expect(two.tps).toBeLessThan(0.9 * free.tps);
    expect(two.bottleneck).toBe("cores");
    expect(predict({ ...MACHINE, cores: 8 }, point).tps).toBeCloseTo(free.tps, 6);
  });
});

describe("the open model", () => {
  it("is the M/M/1 queue where the network is one server", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), (load) => {
        const { meanUs, inProgress, perUs } = openQueue(load / 10, () => 1 / 10, 100_000);
        expect(meanUs / (10 / (1 - load))).toBeCloseTo(1, 6);
        expect(inProgress / (load / (1 - load))).toBeCloseTo(1, 6);
        expect(perUs).toBeCloseTo(load / 10, 9);
      }),
    );
  });

  it("drops what is offered beyond what the network takes", () => {
    const { perUs, meanUs } = openQueue(0.2, () => 0.1, 50);
    expect(perUs).toBeCloseTo(0.1, 6);
    expect(meanUs).toBeCloseTo(490, -1);
  });

  it("answers faster below the limit than at it, and never takes more than is offered", () => {
    const at = (ratePerSec: number) => predict(LUA, { ...POINT, ratePerSec, rttUs: 1000 });
    const most = predict(LUA, { ...POINT, rttUs: 1000 }).tps;
    const waits = [0.1, 0.5, 0.9, 1.5].map((share) => at(share * most));
    for (const [i, { meanUs }] of waits.entries()) {
      if (i > 0) expect(meanUs).toBeGreaterThan(waits[i - 1]!.meanUs);
    }
    expect(waits[1]!.tps / (0.5 * most)).toBeCloseTo(1, 6);
    expect(waits[3]!.tps / most).toBeCloseTo(1, 2);
    expect(waits[3]!.bottleneck).not.toBe("offered-load");
  });
});

describe("a cluster", () => {
  const spread = (primaries: number, instances: number) =>
    predict(LUA, {
      ...POINT,
      users: Array.from({ length: instances }, () => 400),
      connections: "shared",
      primaries,
    });

  it("takes as much more as it has primaries, where Redis is the limit and generators are enough", () => {
    const one = spread(1, 24);
    expect(one.bottleneck).toBe("server");
    expect(spread(3, 24).tps / one.tps).toBeGreaterThan(2.5);
    expect(spread(3, 24).tps / one.tps).toBeLessThan(3.05);
  });

  it("takes nothing more, rather less, where one generator is the limit: its trips lie on more connections", () => {
    const one = spread(1, 1);
    expect(one.bottleneck).toBe("server");
    expect(spread(6, 1).bottleneck).toBe("generator");
    expect(spread(12, 1).tps).toBeLessThan(spread(6, 1).tps);
  });
});

/** Busier than this, both sides are always busy for all that can be seen, and which of them takes how long cannot be. */
const TELLING = 0.99;

it("a machine is found again from what it does", () => {
  const rising = works.map(({ perTurnUs, perConnectionUs, perTripUs }) => ({
    perTurnUs,
    perConnectionUs: perConnectionUs + 1,
    perTripUs: perTripUs / 5,
  }));
  fc.assert(
    fc.property(machines, rising, rising, (any, server, generator) => {
      const machine: Machine = { ...any, server, generator, cores: null };
      const measured = Object.fromEntries(
        SETTINGS.map((setting) => {
          const { tps, meanUs, busy } = predict(machine, pointOf(CALIBRATION[setting]));
          const figures: Measured = {
            tps,
            meanUs,
            serverUs: (1e6 * busy.server) / tps,
            generatorUs: (1e6 * busy.generator) / tps,
          };
          return [setting, figures];
        }),
      ) as Record<(typeof SETTINGS)[number], Measured>;
      const { strategy, tripsPerEntry } = machine;
      const found = calibrate({ strategy, tripsPerEntry, cores: null, measured });
      const offBy = (change: Partial<Point>): number => {
        const point = { ...POINT, users: [400], ...change };
        return Math.abs(predict(found, point).tps / predict(machine, point).tps - 1);
      };
      // Over 2500 such machines: 0.3 % at most.
      for (const change of [{}, { rttUs: 1000 }, { users: [100] }]) expect(offBy(change)).toBeLessThan(0.01);
      // 0.8 % at most where one side is idle now and then, 24 % where neither ever is.
      const { server: serverBusy, generator: generatorBusy } = predict(machine, pointOf(CALIBRATION.shared)).busy;
      const isTold = Math.min(serverBusy, generatorBusy) < TELLING;
      expect(offBy({ connections: "shared" })).toBeLessThan(isTold ? 0.02 : 0.3);
    }),
    { numRuns: 20 },
  );
});

describe("the published argument", () => {
  it("is the published sum", () => {
    const { tps, meanUs, rttUs, tripsSaved } = PUBLISHED;
    expect(byFewerTrips({ tps, meanUs }, tripsSaved, rttUs)).toEqual({ meanUs: 32_000, tps: (4345 * 37) / 32 });
    expect(byFewerTrips({ tps, meanUs: 4000 }, tripsSaved, rttUs)).toBeNull();
  });
});
