import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EntryTable } from "./entry-table.js";
import { NumberQueue } from "./number-queue.js";
import { makePool } from "./pool.js";

const IDLE = { batch: { id: 0, commands: [], writes: false }, carried: 0 } as never;

/** A pool of `pool` connections to one node, and what the test may do to them. */
function poolOf(connections: "exclusive" | "shared", pool: number, slots: number) {
  const up = new Array<boolean>(pool).fill(true);
  const epochs = new Array<number>(slots).fill(0);
  const made = makePool(connections, {
    routes: 1,
    pool,
    isUp: (c) => up[c]!,
    epochOf: (slot) => epochs[slot]!,
    laneOf: (slot) => slot,
  });
  return { up, epochs, pool: made };
}

describe("NumberQueue", () => {
  it("does what an array does", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("push" as const), item: fc.nat(5) }),
      fc.record({ do: fc.constant("shift" as const), item: fc.constant(0) }),
      fc.record({ do: fc.constant("remove" as const), item: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new NumberQueue();
        let model: number[] = [];
        for (const { do: what, item } of steps) {
          if (what === "push") {
            queue.push(item);
            model.push(item);
          } else if (what === "remove") {
            queue.remove(item);
            model = model.filter((one) => one !== item);
          } else if (model.length > 0) expect(queue.shift()).toBe(model.shift());
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });
});

describe("EntryTable", () => {
  it("knows the slot of a token until its entry is given up", () => {
    const table = new EntryTable(2_000_000, IDLE);
    for (const slot of [0, 1, 1_999_999]) {
      const first = table.tokenOf(slot);
      expect(table.slotOf(first)).toBe(slot);
      table.epoch[slot] = 2 ** 31 - 1;
      const last = table.tokenOf(slot);
      expect(Number.isSafeInteger(last)).toBe(true);
      expect(table.slotOf(last)).toBe(slot);
      expect(table.slotOf(first)).toBe(-1);
    }
  });
});

describe("an exclusive pool", () => {
  it("gives a connection to one entry at a time, and serves in the order of arrival", () => {
    const { pool } = poolOf("exclusive", 2, 5);
    expect([0, 1, 2, 3, 4].map((slot) => pool.acquire(slot, 0))).toEqual([0, 1, -1, -1, -1]);
    expect([pool.release(1), pool.release(0), pool.release(0), pool.release(1)]).toEqual([2, 3, 4, -1]);
    expect(pool.acquire(0, 0)).toBe(1);
  });

  it("does not let a user who gave up inherit his old place in line", () => {
    const { pool, epochs } = poolOf("exclusive", 1, 4);
    for (const slot of [0, 1, 2]) pool.acquire(slot, 0);
    // Slot 1 times out and comes back behind slot 2.
    epochs[1]!++;
    pool.acquire(1, 0);
    expect([pool.release(0), pool.release(0), pool.release(0)]).toEqual([2, 1, -1]);
  });

  it("never hands out a connection that is lost, and takes it in again when it is back", () => {
    const { pool, up } = poolOf("exclusive", 2, 5);
    up[0] = false;
    pool.withdraw(0);
    expect([pool.acquire(0, 0), pool.acquire(1, 0)]).toEqual([1, -1]);
    up[0] = true;
    const granted: number[][] = [];
    pool.restore(0, (slot, connection) => granted.push([slot, connection]));
    expect(granted).toEqual([[1, 0]]);
  });

  it("never has two entries on one connection, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { maxLength: 150 }), (steps) => {
        const { pool, up, epochs } = poolOf("exclusive", 3, 6);
        const holder = new Map<number, number>();
        const state = new Array<"idle" | "waiting" | number>(6).fill("idle");
        const grant = (slot: number, connection: number): void => {
          expect(holder.has(connection)).toBe(false);
          expect(up[connection]).toBe(true);
          holder.set(connection, slot);
          state[slot] = connection;
        };
        for (const [what, n] of steps) {
          const connection = n % 3;
          const slot = state[n]!;
          if (what === 0 && slot === "idle") {
            const got = pool.acquire(n, 0);
            if (got < 0) state[n] = "waiting";
            else grant(n, got);
          } else if (what === 1 && typeof slot === "number") {
            holder.delete(slot);
            state[n] = "idle";
            const next = pool.release(slot);
            if (next >= 0) {
              expect(state[next]).toBe("waiting");
              grant(next, slot);
            }
          } else if (what === 2 && slot === "waiting") {
            epochs[n]!++;
            state[n] = "idle";
          } else if (what === 3 && up[connection]) {
            up[connection] = false;
            const lost = holder.get(connection);
            if (lost !== undefined) state[lost] = "idle";
            holder.delete(connection);
            pool.withdraw(connection);
          } else if (what === 3) {
            up[connection] = true;
            pool.restore(connection, (one, on) => {
              expect(state[one]).toBe("waiting");
              grant(one, on);
            });
          }
          // Nobody waits while a connection is free.
          const free = up.filter((isUp, c) => isUp && !holder.has(c)).length;
          if (free > 0) expect(state).not.toContain("waiting");
        }
      }),
    );
  });
});

describe("a shared pool", () => {
  it("keeps a user on one connection while it is up, and lets all wait only while none is", () => {
    const { pool, up } = poolOf("shared", 3, 9);
    expect([0, 1, 2, 3, 4].map((slot) => pool.acquire(slot, 0))).toEqual([0, 1, 2, 0, 1]);
    up[1] = false;
    expect(pool.acquire(4, 0)).toBe(2);
    up.fill(false);
    expect([pool.acquire(7, 0), pool.acquire(8, 0)]).toEqual([-1, -1]);
    up[2] = true;
    const granted: number[][] = [];
    pool.restore(2, (slot, connection) => granted.push([slot, connection]));
    expect(granted).toEqual([
      [7, 2],
      [8, 2],
    ]);
  });
});
