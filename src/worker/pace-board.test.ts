import fc from "fast-check";
import { expect, it } from "vitest";
import { PaceBoard } from "./pace-board.js";

it("wakes whoever is due, once, and says when the next is, wherever the clock stands", () => {
  const anyNowUs = fc.double({ min: 0, max: 2 ** 45, noNaN: true });
  // Instants are cut to whole µs: what is due within one of now may be taken for either.
  const anyDelayUs = fc.oneof(fc.integer({ min: -1_000_000, max: -2 }), fc.integer({ min: 2, max: 1_000_000 }));
  const anyDelaysUs = fc.array(anyDelayUs, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(anyNowUs, anyDelaysUs, (nowUs, delaysUs) => {
      const board = PaceBoard.for(delaysUs.length);
      delaysUs.forEach((delayUs, instance) => {
        board.arm(instance, nowUs + delayUs, nowUs);
      });
      const later = delaysUs.filter((delayUs) => delayUs > 0);
      const leftUs = board.wakeDue(nowUs, 500);
      expect(Math.abs(leftUs - Math.min(500, ...later))).toBeLessThanOrEqual(1);
      expect(board.wakeDue(nowUs + 2_000_001, 500)).toBe(500);
    }),
  );
});

it("takes an instant far away for one that is not yet", () => {
  const board = PaceBoard.for(1);
  board.arm(0, 1e6 + 24 * 3600e6, 1e6);
  expect(board.wakeDue(1e6, 500)).toBe(500);
});

it("calls the thread that was woken, again and again, and not one that has thought better of it", async () => {
  const board = PaceBoard.for(2);
  const rung: number[] = [];
  let ring = (): void => {};
  for (const instance of [0, 1]) {
    board.listen(instance, () => {
      rung.push(instance);
      ring();
    });
  }
  for (let time = 1; time <= 3; time++) {
    board.arm(0, time, 0);
    board.arm(1, time, 0);
    board.disarm(1);
    const next = new Promise<void>((resolve) => {
      ring = resolve;
    });
    // Nothing else keeps the event loop going.
    const keeper = setInterval(() => {}, 1000);
    board.wakeDue(time, 500);
    await next;
    clearInterval(keeper);
  }
  expect(rung).toEqual([0, 0, 0]);
});
