import fc from "fast-check";
import { expect, it } from "vitest";
import { ServerWatch } from "./server-watch.js";

const LONGEST_MS = 5;

it("a server is given up once, when it has been away for so long at a stretch", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (looks) => {
      let isUp = true;
      const watch = new ServerWatch(() => isUp, LONGEST_MS);
      let away = 0;
      let givenUp = 0;
      let longest = 0;
      for (const [atMs, isUpNow] of looks.entries()) {
        isUp = isUpNow;
        away = isUp ? 0 : away + 1;
        longest = Math.max(longest, away);
        const isGivenUp = watch.look(atMs * 1000);
        // The first look that finds it away is where the time begins.
        expect(isGivenUp).toBe(givenUp === 0 && away > LONGEST_MS);
        if (isGivenUp) givenUp++;
        expect(watch.isLost).toBe(longest > LONGEST_MS);
      }
    }),
  );
});
