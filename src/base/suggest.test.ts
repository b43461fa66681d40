import { expect, it } from "vitest";
import { didYouMean, nearest } from "./suggest.js";

const NAMES = ["individual", "dedup", "pipeline", "pipeline-blind", "lua", "max-in-flight"];

it.each([
  ["luaa", "lua"],
  ["LUA", "lua"],
  ["lau", "lua"],
  ["pipelin", "pipeline"],
  ["pipelineblind", "pipeline-blind"],
  ["maxInFlight", "max-in-flight"],
  ["indivdual", "individual"],
])("takes %s for %s", (word, name) => expect(nearest(word, NAMES)).toBe(name));

it.each(["", "x", "xyz", "cluster"])("has no guess for %j", (word) => expect(nearest(word, NAMES)).toBeUndefined());

it("puts the guess into words", () => {
  expect(didYouMean("luaa", NAMES)).toBe(' (did you mean "lua"?)');
  expect(didYouMean("sharding", NAMES)).toBe("");
});
