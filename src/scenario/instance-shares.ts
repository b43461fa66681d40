import { formatCount } from "../base/units.js";
import { shown, type ValueType } from "./values.js";

const EXAMPLE = "70,30";
const MOST = 64;

/** Shares of the load in per cent, one for each instance: `70,30`, or a list. */
export const instanceShares: ValueType<readonly number[]> = {
  placeholder: "SHARE,SHARE",
  format: (shares) => shares.join(","),
  jsonSchema: {
    anyOf: [
      { type: "array", minItems: 1, maxItems: MOST, items: { type: "number", exclusiveMinimum: 0, maximum: 100 } },
      { type: "string", pattern: "^\\s*\\d", examples: [EXAMPLE] },
      { type: "number", const: 100 },
    ],
  },
  read(raw, fail) {
    const numbers: readonly unknown[] =
      typeof raw === "string" ? raw.split(",").map(numberIn) : Array.isArray(raw) ? raw : [raw];
    if (numbers.length === 0 || numbers.length > MOST || !numbers.every(isShare)) {
      fail(`expected the share of each instance in per cent, such as ${EXAMPLE}, got ${shown(raw)}`);
      return undefined;
    }
    const sum = numbers.reduce((total, share) => total + share, 0);
    // Shares such as 33.3 have no exact binary form.
    if (Math.abs(sum - 100) > 1e-9) {
      fail(`shares must sum to 100, these sum to ${formatCount(sum)}`);
      return undefined;
    }
    return numbers;
  },
};

const numberIn = (part: string): number => (/^\s*\d+(\.\d+)?\s*$/.test(part) ? Number(part) : Number.NaN);
const isShare = (share: unknown): share is number => typeof share === "number" && share > 0 && share <= 100;
