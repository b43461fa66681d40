import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlannedFault } from "../faults/fault.js";
import { FAULT_NAMES, FAULTS, faultNamed } from "../faults/index.js";
import { faults } from "./faults.js";
import { resolveScenario } from "./load.js";

/** The value, and all that is wrong with it. */
function read(raw: unknown): { value: readonly PlannedFault[] | undefined; mistakes: string[] } {
  const mistakes: string[] = [];
  return { value: faults.read(raw, (message) => mistakes.push(message)), mistakes };
}

/** What is wrong with a scenario of these flags; "" if nothing. */
function refusal(flags: Record<string, unknown>): string {
  try {
    resolveScenario({ flags });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const anyFault = fc
  .tuple(fc.constantFrom(...FAULT_NAMES), fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }))
  .map(([name, atMs, forMs]) => ({ name, atMs, forMs: faultNamed(name).lastsMs === null ? 0 : forMs }));

describe("faults as they are written", () => {
  it("are read back as the same, in order of time", () => {
    fc.assert(
      fc.property(fc.array(anyFault, { maxLength: 5 }), (list) => {
        const sorted = [...list].sort((a, b) => a.atMs - b.atMs);
        expect(read(faults.format(list))).toEqual({ value: sorted, mistakes: [] });
        expect(read(list.map((one) => faults.format([one])))).toEqual({ value: sorted, mistakes: [] });
      }),
    );
  });

  it("last as long as each is wont to, unless told otherwise", () => {
    for (const { name, lastsMs } of FAULTS) {
      expect(read(`${name}@1s`).value).toEqual([{ name, atMs: 1000, forMs: lastsMs ?? 0 }]);
    }
  });

  it("are refused with all that is wrong with them", () => {
    const { value, mistakes } = read(["stal@1s", "stall@2", "kill@1s:2s", "reset", 7, "restart@1s:0"]);
    expect(value).toBeUndefined();
    expect(mistakes).toHaveLength(6);
    expect(mistakes[0]).toMatch(/unknown fault "stal".*stall/);
    expect(mistakes[1]).toContain("expected a unit, as in 2s");
    expect(mistakes[2]).toContain("happens at an instant");
    expect(mistakes[3]).toContain("a fault and its instant");
    expect(mistakes[5]).toContain("to last from 1ms");
  });
});

describe("faults that cannot happen as planned", () => {
  it.each([
    [{ fault: "stall@9900ms" }, "to be over before the trial is, which lasts 10s"],
    [{ fault: "reset@5s", stages: "5k:2s,1k:2s" }, "to be over before the trial is, which lasts 4s"],
    [{ fault: "stall@1s:2s,reset@3s" }, "expected stall@1s:2s to be over before reset@3s begins"],
    [{ fault: "kill@1s,reset@3s" }, "expected nothing after kill@1s"],
    [{ fault: "stall@1s:5s" }, "within five timeouts (5s)"],
    [{ fault: "restart@1s:600ms", timeout: "100ms" }, "within five timeouts (500ms)"],
    [{ fault: "reset@1s", entries: "100" }, "expected a duration, not a number of entries"],
  ])("%j are refused", (flags, message) => {
    expect(refusal(flags)).toContain(message);
  });

  it("are none where each has its room; what is at the edge is warned of", () => {
    const flags = { fault: ["stall@2s:500ms,script-flush@3s", "maxmemory@4s:1s"] };
    expect(resolveScenario({ flags }).warnings).toEqual([]);
    const atTheEdge = resolveScenario({ flags: { fault: "reset@100ms,client-kill@9900ms" } }).warnings;
    expect(atTheEdge.map(({ code }) => code)).toEqual(["fault-at-the-edge", "fault-at-the-edge"]);
  });
});
