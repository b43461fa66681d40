import fc from "fast-check";
import { expect, it } from "vitest";
import { History, OPERATION, RESULT } from "./history.js";
import { Rows } from "./rows.js";
import { shardedOrder } from "./shards.js";

/** Each user: when he asks, how long it takes, which part he comes to. */
const visits = fc.array(
  fc.record({ sentUs: fc.integer({ min: 0, max: 400 }), tookUs: fc.integer({ min: 0, max: 60 }), part: fc.nat(2) }),
  { minLength: 1, maxLength: 40 },
);
const SHARDS = 3;
const FIRST = 6;

/** Joins happen at some instant between the two; each part gives places in their order. */
function played(all: readonly { sentUs: number; tookUs: number; part: number }[], waiting: number) {
  const next = [waiting, waiting, waiting];
  return [...all]
    .sort((a, b) => a.sentUs + a.tookUs / 2 - (b.sentUs + b.tookUs / 2))
    .map((one) => ({ ...one, repliedUs: one.sentUs + one.tookUs, position: ++next[one.part]! }));
}

it("counts what a comparison of everybody with everybody counts", () => {
  fc.assert(
    fc.property(visits, fc.nat(5), (all, waiting) => {
      const users = played(all, waiting);
      const history = new History({ instance: 0, budgetBytes: 1 << 20 });
      for (const [user, { part, sentUs, repliedUs, position }] of [...users.entries()].sort(
        ([, a], [, b]) => a.repliedUs - b.repliedUs,
      )) {
        const times = [sentUs, sentUs, sentUs, repliedUs] as const;
        history.append(FIRST + part, user, RESULT.NEW, RESULT.NEW, ...times, position, position, OPERATION.enter);
      }
      const found = shardedOrder(new Rows([history]), { firstConcert: FIRST, shards: SHARDS, waiting });
      const certain = users.map((one) => ({
        overtaken: users.filter((other) => other.repliedUs < one.sentUs && other.position > one.position).length,
        atLeast: users.filter((other) => other.repliedUs < one.sentUs).length + 1,
        atMost: users.filter((other) => other.sentUs <= one.repliedUs).length,
        place: one.position - waiting,
      }));
      expect(found.users).toBe(users.length);
      expect(found.overtaking).toBe(certain.filter(({ overtaken }) => overtaken > 0).length);
      expect(found.mostOvertaken).toBe(Math.max(...certain.map(({ overtaken }) => overtaken)));
      const off = certain.map(({ atLeast, atMost, place }) =>
        Math.max(0, atLeast - place * SHARDS, (place - 1) * SHARDS + 1 - atMost),
      );
      expect(found.placeOff.max).toBe(Math.max(...off));
    }),
  );
});

it("takes as many users as a long queue has", () => {
  const history = new History({ instance: 0, budgetBytes: 1 << 26 });
  for (let place = 1; place <= 200_000; place++) {
    const times = [place, place, place, place + 1] as const;
    history.append(FIRST, place, RESULT.NEW, RESULT.NEW, ...times, place, place, OPERATION.enter);
  }
  const whole = { firstConcert: FIRST, shards: 1, waiting: 0 };
  expect(shardedOrder(new Rows([history]), whole)).toMatchObject({ users: 200_000, overtaking: 0 });
});

it("finds nothing to blame in a queue that is whole", () => {
  fc.assert(
    fc.property(visits, (all) => {
      const users = played(
        all.map((one) => ({ ...one, part: 0 })),
        0,
      );
      const history = new History({ instance: 0, budgetBytes: 1 << 20 });
      for (const { sentUs, repliedUs, position } of [...users].sort((a, b) => a.repliedUs - b.repliedUs)) {
        const times = [sentUs, sentUs, sentUs, repliedUs] as const;
        history.append(FIRST, position, RESULT.NEW, RESULT.NEW, ...times, position, position, OPERATION.enter);
      }
      const { overtaking, placeOff } = shardedOrder(new Rows([history]), {
        firstConcert: FIRST,
        shards: 1,
        waiting: 0,
      });
      expect([overtaking, placeOff.max]).toEqual([0, 0]);
    }),
  );
});

it("leaves out whoever joined ahead of those who waited at first", () => {
  const history = new History({ instance: 0, budgetBytes: 1 << 20 });
  for (const position of [1, 5, 6]) {
    history.append(FIRST, position, RESULT.NEW, RESULT.NEW, 0, 0, 0, position, position, position, OPERATION.enter);
  }
  const found = shardedOrder(new Rows([history]), { firstConcert: FIRST, shards: SHARDS, waiting: 5 });
  expect(found.users).toBe(1);
});
