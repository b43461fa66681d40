import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ARRIVALS, type Arrival, PACERS } from "./index.js";
import type { PacerOptions } from "./pacer.js";
import { durationOf, meanRateOf, type Stage } from "./profile.js";

const ratePerSec = fc.double({ min: 0.5, max: 1e6, noNaN: true });
const OPTIONS: PacerOptions = { ratePerSec: 1000, durationMs: 1000, stages: null, index: 0, count: 1, seed: 1 };

const anyStage = fc.record({
  fromPerSec: fc.oneof(fc.constant(0), fc.double({ min: 1, max: 5000, noNaN: true })),
  toPerSec: fc.oneof(fc.constant(0), fc.double({ min: 1, max: 5000, noNaN: true })),
  forMs: fc.double({ min: 1, max: 500, noNaN: true }),
});
const anyStages = fc.array(anyStage, { minLength: 1, maxLength: 5 });

/** Arrivals of one segment that are due before `untilUs`. */
function due(arrival: Arrival, options: Partial<PacerOptions>, untilUs: number): number[] {
  const pacer = PACERS[arrival].pace({ ...OPTIONS, ...options });
  const times: number[] = [];
  for (let time = pacer.nextUs(); time < untilUs; time = pacer.nextUs()) times.push(time);
  return times;
}

/** Those of all segments. */
const dueOfAll = (arrival: Arrival, options: Partial<PacerOptions>, untilUs: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => due(arrival, { ...options, index, count, seed: index }, untilUs))
    .flat()
    .sort((a, b) => a - b);

/** The rate laid up from the start to `us`: what the pacers invert, by plain summing. */
function integralOf(stages: readonly Stage[], us: number): number {
  let sum = 0;
  let leftS = us / 1e6;
  for (const { fromPerSec, toPerSec, forMs } of stages) {
    const seconds = Math.min(leftS, forMs / 1000);
    sum += fromPerSec * seconds + ((toPerSec - fromPerSec) / (forMs / 1000)) * (seconds ** 2 / 2);
    leftS -= seconds;
  }
  return sum + leftS * stages.at(-1)!.toPerSec;
}

describe("every way of arriving", () => {
  it.each(ARRIVALS)("%s never goes back, and repeats with the seed", (arrival) => {
    fc.assert(
      fc.property(ratePerSec, fc.nat(), fc.integer({ min: 1, max: 9 }), (rate, seed, count) => {
        const times = (): number[] => {
          const pacer = PACERS[arrival].pace({ ...OPTIONS, ratePerSec: rate, index: 0, count, seed });
          return Array.from({ length: 50 }, () => pacer.nextUs());
        };
        const first = times();
        expect(first).toEqual([...first].sort((a, b) => a - b));
        expect(first[0]).toBeGreaterThanOrEqual(0);
        expect(times()).toEqual(first);
      }),
    );
  });
});

describe("constant arrivals", () => {
  it("of all segments together are due at k / rate, none missing, none twice", () => {
    fc.assert(
      fc.property(ratePerSec, fc.integer({ min: 1, max: 8 }), (rate, count) => {
        const merged = Array.from({ length: count }, (_, index) => {
          const pacer = PACERS.constant.pace({ ...OPTIONS, ratePerSec: rate, index, count });
          return Array.from({ length: 20 }, () => pacer.nextUs());
        })
          .flat()
          .sort((a, b) => a - b);
        expect(merged).toEqual(Array.from({ length: 20 * count }, (_, k) => (k * 1e6) / rate));
      }),
    );
  });
});

describe("arrivals under rates that change", () => {
  it("come to the integral of the rate, to within one, at any time, whatever the number of segments", () => {
    fc.assert(
      fc.property(
        anyStages,
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 1.2, noNaN: true }),
        (stages, count, share) => {
          const untilUs = durationOf(stages) * 1000 * share;
          const times = dueOfAll("constant", { stages }, untilUs, count);
          expect(Math.abs(times.length - integralOf(stages, untilUs))).toBeLessThanOrEqual(1 + 1e-6 * times.length);
        },
      ),
    );
  });

  it("are the same arrivals, each of them once, when they are split", () => {
    fc.assert(
      fc.property(anyStages, fc.integer({ min: 2, max: 5 }), (stages, count) => {
        const untilUs = durationOf(stages) * 1000;
        expect(dueOfAll("constant", { stages }, untilUs, count)).toEqual(due("constant", { stages }, untilUs));
      }),
    );
  });

  const SHAPES: [Arrival, (second: number) => number][] = [
    ["constant", () => 1000],
    // Up to second s of ten: 1000 s² / 20.
    ["ramp", (second) => 50 * (2 * second + 1)],
    ["step", (second) => 200 * (1 + Math.floor(second / 2))],
  ];
  it.each(SHAPES)("%s makes as many as its shape says, second by second", (arrival, expected) => {
    const times = due(arrival, { durationMs: 10_000 }, 10e6);
    for (let second = 0; second < 10; second++) {
      const inSecond = times.filter((time) => Math.floor(time / 1e6) === second).length;
      expect(Math.abs(inSecond - expected(second))).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    [60_000, 5_000],
    [8_000, 2_000],
  ])("spike: in a trial of %i ms half of all arrive in the first %i ms", (durationMs, spikeMs) => {
    const times = due("spike", { durationMs }, durationMs * 1000);
    expect(Math.abs(times.length - durationMs)).toBeLessThanOrEqual(1);
    const early = times.filter((time) => time < spikeMs * 1000).length;
    expect(Math.abs(early - durationMs / 2)).toBeLessThanOrEqual(1);
  });

  it("rest while the rate is nothing, and end if it stays so", () => {
    const stages = [
      { fromPerSec: 100, toPerSec: 100, forMs: 100 },
      { fromPerSec: 0, toPerSec: 0, forMs: 1000 },
      { fromPerSec: 100, toPerSec: 0, forMs: 1000 },
    ];
    const times = due("constant", { stages }, Number.POSITIVE_INFINITY);
    expect(times).toHaveLength(60);
    expect(times[9]).toBeCloseTo(90_000, 3);
    expect(times[10]).toBeCloseTo(1_100_000, 3);
  });
});

describe("Poisson arrivals", () => {
  it("have the asked rate, and gaps whose deviation equals their mean", () => {
    const pacer = PACERS.poisson.pace({ ...OPTIONS, index: 1, count: 4, seed: 7 });
    const times = Array.from({ length: 40_000 }, () => pacer.nextUs());
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    // Four standard errors of a mean of 40,000 exponential gaps of 4 ms.
    expect(Math.abs(mean / 4000 - 1)).toBeLessThan(0.02);
    expect(Math.abs(deviation / mean - 1)).toBeLessThan(0.04);
  });

  it("follow a rate that changes, and those of all segments scatter like those of one", () => {
    const stages = [
      { fromPerSec: 0, toPerSec: 8000, forMs: 1000 },
      { fromPerSec: 2000, toPerSec: 2000, forMs: 2000 },
    ];
    for (const count of [1, 3]) {
      const times = dueOfAll("poisson", { stages }, 3e6, count);
      const ramped = times.filter((time) => time < 1e6).length;
      // 4000 each, standard deviation 63: five of them.
      expect(Math.abs(ramped - 4000)).toBeLessThan(320);
      expect(Math.abs(times.length - ramped - 4000)).toBeLessThan(320);
    }
  });
});

it("stages have a length and a mean rate", () => {
  const stages = [
    { fromPerSec: 0, toPerSec: 100, forMs: 1000 },
    { fromPerSec: 50, toPerSec: 50, forMs: 3000 },
  ];
  expect([durationOf(stages), meanRateOf(stages)]).toEqual([4000, 50]);
});
