import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OPTION_LIST } from "../scenario/options.js";
import { parseAxes, placeText } from "./axis.js";

const one = (text: string) => parseAxes([text]).axes[0]!;

describe("an axis", () => {
  it("takes values as the option itself does, numbers in ascending order", () => {
    expect(one("vus=3k,100,1.5k")).toMatchObject({ flag: "vus", isNumeric: true, unit: null });
    expect(one("vus=3k,100,1.5k").values.map(({ number }) => number)).toEqual([100, 1500, 3000]);
    expect(one("think-time=1s,5ms")).toMatchObject({ isNumeric: true, unit: "ms" });
    expect(one("think-time=1s,5ms").values.map(({ text }) => text)).toEqual(["5ms", "1s"]);
    expect(one("connections=shared,exclusive")).toMatchObject({ isNumeric: false, unit: null });
    expect(one("connections=shared,exclusive").values.map(({ text }) => text)).toEqual(["shared", "exclusive"]);
  });

  it("separates values that hold commas by semicolons", () => {
    expect(one("mix=new=100;new=50,waiting=50").values.map(({ text }) => text)).toEqual([
      "new=100",
      "new=50,waiting=50",
    ]);
  });

  it("reads --axis strategy=… as --strategy, which every point has", () => {
    expect(parseAxes(["strategy=lua,individual", "pool=1,2"])).toMatchObject({ strategies: "lua,individual" });
    expect(parseAxes(["strategy=lua,individual", "pool=1,2"]).axes).toHaveLength(1);
  });

  it("can be any option of a scenario but those that say how is measured", () => {
    const refused = ["trials", "seed", "order", "mix-strategies", "strategy"];
    for (const { flag } of OPTION_LIST.filter((option) => !refused.includes(option.flag))) {
      const refusal = (() => {
        try {
          one(`${flag}=~1,~2`);
        } catch (error) {
          return (error as Error).message;
        }
        return "";
      })();
      expect(refusal, flag).not.toContain("cannot be an axis");
      expect(refusal, flag).not.toContain("unknown option");
    }
  });

  it.each([
    [[], /there is no axis/],
    [["vus"], /--axis "vus": expected an option and its values/],
    [["vsu=1,2"], /unknown option "vsu" \(did you mean "vus"\?\)/],
    [["seed=1,2"], /seed cannot be an axis: each round draws/],
    [["vus=10,x"], /--axis "vus=10,x": expected a whole number/],
    [["vus=10,10"], /10 is given twice/],
    [["vus=10"], /expected two values or more/],
    [["mix=new=50,waiting=50"], /separated by ;/],
    [["vus=1,2", "vus=3,4"], /there is an axis of this option already/],
    [["vus=0,1", "pool=x,2"], /vus=0.*\n.*pool=x/],
    [
      [`vus=${Array.from({ length: 50 }, (_, i) => i + 1)}`, `pool=${Array.from({ length: 50 }, (_, i) => i + 1)}`],
      /2500 points/,
    ],
  ])("%j is refused with all its mistakes", (texts, message) => expect(() => parseAxes(texts)).toThrow(message));

  it("never fails but by a message", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 30 }), { maxLength: 3 }), (texts) => {
        expect(() => parseAxes(texts)).toThrow(expect.objectContaining({ kind: "usage" }));
      }),
      { numRuns: 50 },
    );
  });
});

it("tells places between values with their unit", () => {
  expect([0, 0.0314, 1.2345, 1500].map((place) => placeText({ unit: "ms" }, place))).toEqual([
    "0 ms",
    "31.4 µs",
    "1.23 ms",
    "1.5 s",
  ]);
  expect(placeText({ unit: null }, 1234.5)).toBe("1,230");
});
