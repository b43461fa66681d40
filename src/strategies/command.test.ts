import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concertKeys } from "../queue/keys.js";
import { batch, CARRIED, command, evalsha, SLOT_WIDTH, type Slot, slotText, TOKEN, USER, wordsOf } from "./command.js";

const keys = concertKeys("c");

describe("commands as data", () => {
  it("leaves only the slots open", () => {
    expect(wordsOf(command("ZADD", { key: "waiting" }, "NX", CARRIED, USER), keys)).toEqual([
      ["ZADD"],
      ["queue:wait:{c}"],
      ["NX"],
      [{ slot: "carried" }],
      [{ slot: "user" }],
    ]);
    expect(wordsOf(command("HGETALL", TOKEN), keys)).toEqual([["HGETALL"], ["active:token:{c}:", { slot: "user" }]]);
  });

  it("knows what can change data: an entry that lost such a reply is in doubt", () => {
    const script = { name: "x", source: "return 1", sha1: "0" };
    const writes = [command("ZADD"), command("INCR"), command("EXEC"), evalsha(script, [])];
    for (const one of writes) expect(batch(command("ZCARD"), one).writes).toBe(true);
    for (const name of ["HGETALL", "ZRANK", "ZCARD", "MULTI"]) expect(batch(command(name)).writes).toBe(false);
  });

  it("gives each batch an id of its own", () => {
    const ids = Array.from({ length: 10 }, () => batch(command("PING")).id);
    expect(new Set(ids).size).toBe(10);
  });

  it("fills a slot to its width, without changing the number", () => {
    const slot = fc.constantFrom(...(Object.keys(SLOT_WIDTH) as Slot[]));
    fc.assert(
      fc.property(slot, fc.nat(), (name, drawn) => {
        const value = drawn % 10 ** SLOT_WIDTH[name];
        expect(slotText(name, value)).toHaveLength(SLOT_WIDTH[name]);
        expect(Number(slotText(name, value))).toBe(value);
      }),
    );
    expect(slotText("carried", Number.MAX_SAFE_INTEGER)).toBe("9007199254740991");
  });
});
