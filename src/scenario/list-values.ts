import { didYouMean } from "../base/suggest.js";
import { formatCount } from "../base/units.js";
import type { Mix } from "./scenario.js";
import { type Fail, shown, type ValueType } from "./values.js";

/** Names out of `known`, each once: `a,b`, a list, or `all`. */
export const names = (what: string, known: readonly string[]): ValueType<readonly string[]> => ({
  placeholder: "A,B|all",
  format: (list) => list.join(","),
  jsonSchema: {
    anyOf: [
      { type: "array", minItems: 1, items: { enum: [...known, "all"] } },
      { type: "string", examples: ["all", known.join(",")] },
    ],
  },
  read(raw, fail) {
    const given = (Array.isArray(raw) ? raw : [raw]).flatMap((item, i) =>
      typeof item === "string"
        ? item.split(",").map((name) => ({ name: name.trim(), path: Array.isArray(raw) ? [i] : [] }))
        : [{ name: item as unknown, path: Array.isArray(raw) ? [i] : [] }],
    );
    if (given.length === 0) fail(`expected at least one ${what} of ${known.join(", ")}`);
    let isGood = given.length > 0;
    const seen = new Set<unknown>();
    for (const { name, path } of given) {
      if (name === "all") continue;
      if (typeof name !== "string" || !known.includes(name)) {
        const guess = typeof name === "string" ? didYouMean(name, known) : "";
        fail(`unknown ${what} ${shown(name)}${guess}; there are ${known.join(", ")}`, path);
        isGood = false;
      } else if (seen.has(name)) {
        fail(`${what} ${shown(name)} is given twice`, path);
        isGood = false;
      }
      seen.add(name);
    }
    if (!isGood) return undefined;
    return given.some(({ name }) => name === "all") ? known : (given.map(({ name }) => name) as string[]);
  },
});

const MIX_NAMES = ["new", "waiting", "active"] as const;
const MIX_EXAMPLE = "new=90,waiting=10";

/** Shares of entries in per cent: `new=90,waiting=10`, or a map. What is left out is 0. */
export const mix: ValueType<Mix> = {
  placeholder: "SHARES",
  format: (shares) =>
    MIX_NAMES.filter((name) => shares[name] > 0)
      .map((name) => `${name}=${shares[name]}`)
      .join(","),
  jsonSchema: {
    anyOf: [
      {
        type: "object",
        additionalProperties: false,
        properties: Object.fromEntries(MIX_NAMES.map((name) => [name, { type: "number", minimum: 0, maximum: 100 }])),
      },
      { type: "string", examples: [MIX_EXAMPLE] },
    ],
  },
  read(raw, fail) {
    const isMap = typeof raw === "object" && raw !== null && !Array.isArray(raw);
    if (!isMap && typeof raw !== "string") {
      fail(`expected shares such as ${MIX_EXAMPLE}, got ${shown(raw)}`);
      return undefined;
    }
    let isGood = true;
    const wrong: Fail = (message, path) => {
      isGood = false;
      fail(message, path);
    };
    const shares = { new: 0, waiting: 0, active: 0 };
    const seen = new Set<string>();
    for (const [key, share] of typeof raw === "string"
      ? raw.split(",").map(splitShare)
      : Object.entries(raw as object)) {
      const path = isMap ? [key] : [];
      const name = MIX_NAMES.find((one) => one === key);
      if (name === undefined) {
        wrong(
          `unknown kind of user ${shown(key)}${didYouMean(key, MIX_NAMES)}; there are ${MIX_NAMES.join(", ")}`,
          path,
        );
      } else if (seen.has(name)) wrong(`${name} is given twice`, path);
      else if (typeof share !== "number" || !(share >= 0 && share <= 100)) {
        wrong(`expected the share of ${name} users as a number from 0 to 100, got ${shown(share)}`, path);
      } else shares[name] = share;
      seen.add(key);
    }
    const sum = shares.new + shares.waiting + shares.active;
    // Shares such as 33.3 have no exact binary form.
    if (isGood && Math.abs(sum - 100) > 1e-9) wrong(`shares must sum to 100, these sum to ${formatCount(sum)}`);
    return isGood ? shares : undefined;
  },
};

/** `new=90` → ["new", 90]; a share that is no plain number stays as it was written. */
function splitShare(part: string): [string, unknown] {
  const [, name = part.trim(), share = ""] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
  return [name, /^\d+(\.\d+)?$/.test(share) ? Number(share) : share];
}
