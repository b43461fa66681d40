import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedControl } from "../worker/live-counters.js";
import { clocksOf, type LineUp, shiftBetween, sinceStart } from "./clocks.js";

describe("clocks by line-ups", () => {
  const us = fc.double({ min: 0, max: 1e4, noNaN: true });
  const thread = fc.record({ zeroUs: fc.double({ min: -1e9, max: 1e9, noNaN: true }), before: us, after: us });

  it("bring every thread's times to within what they say, whatever the clocks show", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(thread, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        (rounds) => {
          // The zeros stay; line-up r has all threads together at the true time 1e5 × r.
          const zeros = rounds[0]!.map(({ zeroUs }) => zeroUs);
          const lineUpsOf = (instance: number): LineUp[] =>
            rounds.map((threads, round) => {
              const { before, after } = threads[instance]!;
              const together = 1e5 * round - zeros[instance]!;
              return { arrivedUs: together - before, passedUs: together + after };
            });
          const clocks = clocksOf(zeros.map((_, instance) => ({ instance, lineUps: lineUpsOf(instance) })));
          const [a, b] = [clocks[0]!, clocks[1]!];
          // One and the same instant, as two threads' clocks show it.
          const trueUs = 12_345;
          const { byUs, doubtUs } = shiftBetween(a, b);
          expect(Math.abs(trueUs - zeros[0]! + byUs - (trueUs - zeros[1]!))).toBeLessThanOrEqual(doubtUs + 1e-3);
          const widths = rounds.map((threads) => Math.max(...threads.map(({ before, after }) => before + after)));
          expect(Math.max(...clocks.map(({ uncertaintyUs }) => uncertaintyUs))).toBeLessThanOrEqual(
            Math.min(...widths) / 2 + 1e-3,
          );
        },
      ),
    );
  });

  it("say nothing where somebody missed the line-ups, and doubt nothing where there is one thread", () => {
    const lineUps = [{ arrivedUs: -2, passedUs: -1 }];
    const [present, absent] = clocksOf([
      { instance: 0, lineUps },
      { instance: 1, lineUps: [] },
    ]);
    expect([present!.uncertaintyUs, absent!.uncertaintyUs]).toEqual([Infinity, Infinity]);
    expect(clocksOf([{ instance: 0, lineUps: [] }])[0]).toEqual({ instance: 0, offsetUs: 0, uncertaintyUs: 0 });
    expect(shiftBetween(present!, present!)).toEqual({ byUs: 0, doubtUs: 0 });
    expect(sinceStart({ arrivedUs: 5, passedUs: 9 }, 7)).toEqual({ arrivedUs: -2, passedUs: 2 });
  });
});

/** The same on plain JavaScript, since a worker of a test has no TypeScript: arrives as often as it is told. */
const PARTY = `
  const { workerData, parentPort } = require("node:worker_threads");
  const words = new Int32Array(workerData.memory);
  for (let round = 1; round <= workerData.rounds; round++) {
    Atomics.add(words, 1, 1);
    Atomics.notify(words, 1);
    for (let seen = Atomics.load(words, 1); seen < round * 3; seen = Atomics.load(words, 1)) Atomics.wait(words, 1, seen, 5000);
  }
  parentPort.postMessage("done");
`;

describe("line-up", () => {
  const withParties = async (rounds: number[]): Promise<LineUp[]> => {
    const control = SharedControl.for(rounds.length);
    control.close();
    const workers = rounds.map(
      (own) => new Worker(PARTY, { eval: true, workerData: { memory: control.memory, rounds: own } }),
    );
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("online", resolve))));
    const lineUps = control.lineUp();
    await Promise.all(workers.map((worker) => worker.terminate()));
    return lineUps;
  };

  it("is passed by all or by nobody, and read around it", async () => {
    const lineUps = await withParties([4, 4]);
    expect(lineUps).toHaveLength(4);
    lineUps.forEach(({ arrivedUs, passedUs }, round) => {
      expect(passedUs).toBeGreaterThanOrEqual(arrivedUs);
      if (round > 0) expect(arrivedUs).toBeGreaterThanOrEqual(lineUps[round - 1]!.passedUs);
    });
  });

  it("holds nobody up for one who does not come", async () => {
    expect((await withParties([4, 2])).length).toBeLessThanOrEqual(2);
  });
});
