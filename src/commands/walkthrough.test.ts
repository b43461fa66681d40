import { describe, expect, it } from "vitest";
import { OUTCOMES, SCORES } from "../queue/outcome.js";
import { STRATEGIES } from "../strategies/index.js";
import { walkThrough } from "./walkthrough.js";

const CASES = STRATEGIES.flatMap((strategy) =>
  SCORES.flatMap((score) => OUTCOMES.map((before) => ({ name: strategy.name, strategy, score, before }))),
);

describe("a walk-through", () => {
  it.each(CASES)(
    "of $name by $score for $before sends what the strategy says it costs",
    ({ strategy, score, before }) => {
      const { roundTrips, answer } = walkThrough(strategy, score, before);
      const cost = strategy.cost(score)[before];
      expect(roundTrips.flat().map((exchange) => exchange.name)).toEqual(cost.commands);
      expect(roundTrips).toHaveLength(cost.roundTrips);
      expect(answer.outcome).toBe(before);
      for (const { sent } of roundTrips.flat()) expect(sent).not.toMatch(/\[object|undefined|[0-9a-f]{40}/);
    },
  );
});
