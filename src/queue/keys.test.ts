import fc from "fast-check";
import { expect, it } from "vitest";
import { withRedis } from "../targets/testing.js";
import { concertIdOf, concertKeys, concertSlot, USER_ID_WIDTH, userIdOf } from "./keys.js";

const user = fc.integer({ min: 0, max: 10 ** USER_ID_WIDTH - 1 });

it("user ids have one length and the order of their numbers, in which Redis sets equal scores", () => {
  fc.assert(
    fc.property(user, user, (a, b) => {
      expect(userIdOf(a)).toHaveLength(USER_ID_WIDTH);
      expect(Math.sign(Buffer.compare(Buffer.from(userIdOf(a)), Buffer.from(userIdOf(b))))).toBe(Math.sign(a - b));
      expect(Number(userIdOf(a))).toBe(a);
    }),
  );
});

it("all keys of a concert live in one slot, by the server's own reckoning", async () => {
  await withRedis(
    async ({ redis }) => {
      const ids = fc.tuple(fc.stringMatching(/^[a-z0-9]{1,12}$/), fc.nat(), user);
      await fc.assert(
        fc.asyncProperty(ids, async ([run, n, someone]) => {
          const keys = concertKeys(concertIdOf(run, n));
          const names = [keys.waiting, keys.active, keys.sequence, keys.tokenPrefix + userIdOf(someone)];
          for (const name of names) expect(await redis.cluster("KEYSLOT", name)).toBe(concertSlot(keys));
        }),
        { numRuns: 50 },
      );
    },
    ["cluster-enabled yes"],
  );
});

it("every key carries the run's name, by which leftovers are known", () => {
  const { concertId, ...keys } = concertKeys(concertIdOf("abc", 7));
  expect(concertId).toBe("qbench:abc:7");
  for (const key of Object.values(keys)) expect(key).toContain("{qbench:abc:7}");
});

it("keys are named as the ticketing service names them", () => {
  expect(concertKeys("c")).toEqual({
    concertId: "c",
    waiting: "queue:wait:{c}",
    active: "queue:active:{c}",
    sequence: "queue:sequence:{c}",
    tokenPrefix: "active:token:{c}:",
  });
});
