import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Endpoint } from "./driver.js";
import { nodeAt, rangesAt, redirectionIn, SLOTS, SlotMap, type SlotRange, slotsEntries } from "./slot-map.js";

const endpoint = (port: number, host = "127.0.0.1"): Endpoint => ({
  host,
  port,
  tls: false,
  username: undefined,
  password: undefined,
  db: 0,
});

const ranges: fc.Arbitrary<SlotRange[]> = fc.array(
  fc
    .record({ a: fc.nat(SLOTS - 1), b: fc.nat(SLOTS - 1), node: fc.nat(5) })
    .map(({ a, b, node }) => ({ first: Math.min(a, b), last: Math.max(a, b), node })),
  { maxLength: 6 },
);

describe("a slot map", () => {
  it("holds each slot where the last range that names it says, and tells whether that is new", () => {
    fc.assert(
      fc.property(
        ranges,
        ranges,
        fc.array(fc.nat(SLOTS - 1), { minLength: 20, maxLength: 20 }),
        (before, after, slots) => {
          const map = new SlotMap(before);
          const nodeIn = (all: readonly SlotRange[], slot: number): number =>
            all.findLast(({ first, last }) => first <= slot && slot <= last)?.node ?? -1;
          for (const slot of slots) expect(map.nodeOf(slot)).toBe(nodeIn(before, slot));
          map.replace(after);
          for (const slot of slots) expect(map.nodeOf(slot)).toBe(nodeIn([...before, ...after], slot));
          // The same again changes nothing but where later ranges overlap earlier ones.
          const distinct = new SlotMap(before);
          expect(distinct.replace([])).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("knows who holds anything", () => {
    const map = new SlotMap([
      { first: 0, last: 100, node: 2 },
      { first: 101, last: 200, node: 0 },
    ]);
    expect([...map.holders()].sort()).toEqual([0, 2]);
    expect(map.replace([{ first: 101, last: 200, node: 2 }])).toBe(true);
    expect(map.replace([{ first: 101, last: 200, node: 2 }])).toBe(false);
    expect([...map.holders()]).toEqual([2]);
  });
});

describe("what a cluster says", () => {
  it("is read from CLUSTER SLOTS, whatever else stands there", () => {
    const reply = [
      [0, 5460, ["127.0.0.1", 7000, "id", []], ["127.0.0.1", 7003, "id"]],
      [5461, 16383, ["", 7001, "id"]],
    ];
    const entries = slotsEntries(reply)!;
    const ranges = rangesAt(entries, [endpoint(7001), endpoint(7000), endpoint(7003)]);
    expect(ranges).toEqual([
      { first: 0, last: 5460, node: 1, replicas: [2] },
      { first: 5461, last: 16383, node: 0, replicas: [] },
    ]);
    expect([0, 5461].map((slot) => new SlotMap(ranges).replicasOf(slot))).toEqual([[2], []]);
    expect(rangesAt(entries, [endpoint(7001)])).toEqual([{ first: 5461, last: 16383, node: 0, replicas: [] }]);
    for (const wrong of [
      null,
      "OK",
      [[0]],
      [[0, 16384, ["h", 1]]],
      [[5, 4, ["h", 1]]],
      [[0, 1]],
      [[0, 1, ["h", "p"]]],
    ]) {
      expect(slotsEntries(wrong)).toBeUndefined();
    }
  });

  it("is read from redirections, an IPv6 address included", () => {
    expect(redirectionIn("MOVED 3999 127.0.0.1:6381")).toEqual({ slot: 3999, host: "127.0.0.1", port: 6381 });
    expect(redirectionIn("ASK 1 ::1:6381")).toEqual({ slot: 1, host: "::1", port: 6381 });
    expect(redirectionIn("MOVED 3999 :6381")).toEqual({ slot: 3999, host: "", port: 6381 });
    for (const wrong of ["MOVED x h:1", "MOVED 16384 h:1", "ERR no", "ASK 1 h"])
      expect(redirectionIn(wrong)).toBeUndefined();
    const nodes = [endpoint(1, "a"), endpoint(2, "a"), endpoint(1, "b")];
    expect([nodeAt(nodes, "b", 1), nodeAt(nodes, "", 2), nodeAt(nodes, "c", 1)]).toEqual([2, 1, -1]);
  });
});
