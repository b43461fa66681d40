import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { OPTION_LIST } from "./options.js";
import { scenarioJsonSchema, scenarioSchema } from "./schema.js";
import { shippedScenarios } from "./shipped.js";

const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(scenarioJsonSchema());

/** Values that are right, wrong or nearly right for any option. */
const anyValue = fc.oneof(
  fc.integer({ min: -5, max: 20_000_000 }),
  fc.double(),
  fc.boolean(),
  fc.constantFrom(
    null,
    "all",
    "lua",
    "wire",
    "shared",
    "new=100",
    "new=90,waiting=10",
    "0",
    "10s",
    "1m30s",
    "5k",
    "1MB",
    "adaptive",
    "5s±20%",
    "30%",
    "5k:10s",
    "0..5k:10s,2.5k:1m30s",
    "stall@1s:500ms, reset@1m30s",
    "",
  ),
  fc
    .tuple(fc.double({ min: 0, max: 2000, noNaN: true }), fc.constantFrom("", "k", "M", "s", "ms", "MB", "%", "s±5%"))
    .map((one) => one.join("")),
  fc.array(fc.constantFrom("lua", "dedup", "all", "luaa"), { maxLength: 3 }),
  fc.array(fc.constantFrom("stall@0", "restart@1h:1ms,kill@2s", " reset@1s", "none", "kill"), { maxLength: 3 }),
  fc.array(fc.constantFrom("5k:10s", "0..1M:1s", " 5:1s ", "5k", "0..0:1s"), { maxLength: 3 }),
  fc.record({ new: fc.constantFrom(100, 50, -1), waiting: fc.constantFrom(0, 50) }, { requiredKeys: ["new"] }),
);

describe("the JSON Schema of scenario files", () => {
  it("is committed as it is generated (`npm run schemas` writes it)", async () => {
    await expect(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
      "../../scenarios/scenario.schema.json",
    );
  });

  it("takes whatever a run takes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPTION_LIST), anyValue, (option, value) => {
        const raw = { [option.flag]: value };
        fc.pre(scenarioSchema.safeParse(raw).success);
        expect(validate(raw), JSON.stringify(validate.errors)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    { vsu: 1 },
    { vus: 0 },
    { vus: true },
    { duration: 10 },
    { duration: "" },
    { strategy: ["luaa"] },
    { strategy: [] },
    { mix: { old: 3 } },
    { connections: "both" },
  ])("refuses %j, as a run does", (raw) => {
    expect(scenarioSchema.safeParse(raw).success).toBe(false);
    expect(validate(raw)).toBe(false);
  });

  it.each([...shippedScenarios()])("takes the shipped scenario %s, which names it", (_, path) => {
    const text = readFileSync(path, "utf8");
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=./scenario.schema.json");
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });
});
