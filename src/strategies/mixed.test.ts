import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STRATEGIES, strategyNamed } from "./index.js";
import { mixName, sharesIn } from "./mixed.js";

/** Shares of two or three strategies, in whole per cent. */
const shares = fc
  .tuple(fc.shuffledSubarray([...STRATEGIES], { minLength: 2, maxLength: 3 }), fc.integer({ min: 1, max: 98 }))
  .map(([strategies, first]) =>
    strategies.map(({ name }, i) => ({
      name,
      share: i === 0 ? first : i < strategies.length - 1 ? 1 : 100 - first - (strategies.length - 2),
    })),
  );

describe("a mix", () => {
  it("is named by its shares, and found by its name", () => {
    fc.assert(
      fc.property(shares, (parts) => {
        const name = mixName(parts);
        expect(sharesIn(name)).toEqual(parts);
        const mix = strategyNamed(name);
        expect(mix.parts?.map(({ strategy, share }) => ({ name: strategy.name, share }))).toEqual(parts);
      }),
    );
  });

  it("gives each of its strategies its share of any hundred entries", () => {
    fc.assert(
      fc.property(shares, (parts) => {
        const machine = strategyNamed(mixName(parts)).machine("timestamp");
        for (const _hundred of [1, 2]) {
          const drawn = parts.map(() => 0);
          for (let entry = 0; entry < 100; entry++) drawn[machine.first.part as number]!++;
          expect(drawn).toEqual(parts.map(({ share }) => share));
        }
      }),
    );
  });

  it("carries out each entry as its strategy would, and keeps to whose it is", () => {
    const machine = strategyNamed("individual=50+lua=50").machine("timestamp");
    const firsts = [machine.first, machine.first];
    const [individual, lua] = ["individual", "lua"].map((name, part) => {
      const first = firsts.find((one) => one.part === part)!;
      expect(first.batch).toBe(strategyNamed(name).machine("timestamp").first.batch);
      return first;
    }) as [(typeof firsts)[number], (typeof firsts)[number]];
    expect(machine.next(individual, [["token", "x"]])).toMatchObject({ batch: null, outcome: "ACTIVE" });
    expect(machine.next(individual, [[]])).toMatchObject({ step: "find rank", part: 0 });
    expect(machine.next(lua, [["NEW", 1, 1, 0]])).toMatchObject({ batch: null, outcome: "NEW", position: 1 });
  });

  it("promises what all of them promise, and no more", () => {
    const common = strategyNamed("individual=90+lua=10").promises("sequence");
    expect(common).toEqual(strategyNamed("individual").promises("sequence"));
    expect(strategyNamed("lua=90+pipeline-blind=10").promises("timestamp")).toEqual(
      strategyNamed("pipeline-blind").promises("timestamp"),
    );
  });
});
