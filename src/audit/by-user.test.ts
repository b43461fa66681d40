import fc from "fast-check";
import { expect, it } from "vitest";
import { Scratch, UserOrder } from "./by-user.js";

it("brings any numbers into the order of their users, keeping the order of each user's own", () => {
  const scratch = new Scratch();
  const order = new UserOrder();
  const user = fc.oneof(fc.nat(20), fc.nat(5000), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  fc.assert(
    fc.property(fc.array(user, { maxLength: 300 }), (users) => {
      // The same object again and again, as one concert follows the other.
      order.sort(
        users.length,
        (index) => users[index]!,
        (index) => index,
        scratch,
      );
      const expected = users.map((one, index) => [one, index]).sort(([a, i], [b, j]) => a! - b! || i! - j!);
      expect(order.length).toBe(users.length);
      expect(Array.from({ length: order.length }, (_, at) => [order.users[at], order.values[at]])).toEqual(expected);
    }),
  );
});
