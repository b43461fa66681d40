import { didYouMean } from "../base/suggest.js";
import { formatCount } from "../base/units.js";
import { takeLuaFile } from "../strategies/index.js";
import { isLuaFileName, LUA_FILE_FORM } from "../strategies/lua-file.js";
import { isMixName, mixName, sharesIn } from "../strategies/mixed.js";
import type { Mix } from "./scenario.js";
import { count, type Fail, shown, type ValueType } from "./values.js";

/** Names that are made, not known. */
interface OtherNames {
  /** Of all of them, for editors. */
  readonly pattern: string;
  /** What is wrong with one; undefined for a name that is none of these. */
  mistakesIn(name: string): readonly string[] | undefined;
}

/** Names out of `known`, each once: `a,b`, a list, or `all`. */
export const names = (what: string, known: readonly string[], other?: OtherNames): ValueType<readonly string[]> => ({
  placeholder: "A,B|all",
  format: (list) => list.join(","),
  jsonSchema: {
    anyOf: [
      { type: "array", minItems: 1, items: itemSchema(known, other) },
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
      const wrong = typeof name === "string" ? other?.mistakesIn(name) : undefined;
      for (const message of wrong ?? []) {
        fail(message, path);
        isGood = false;
      }
      if (wrong !== undefined) {
        if (seen.has(name)) fail(`${what} ${shown(name)} is given twice`, path);
        isGood = isGood && !seen.has(name);
      } else if (typeof name !== "string" || !known.includes(name)) {
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
    return [...new Set(given.flatMap(({ name }) => (name === "all" ? known : (name as string))))];
  },
});

function itemSchema(known: readonly string[], other: OtherNames | undefined) {
  const one = { enum: [...known, "all"] };
  return other === undefined ? one : { anyOf: [one, { type: "string", pattern: other.pattern }] };
}

/** Strategies out of `known`, scripts of the user's own (`lua:FILE`), or mixes of both: `individual=90+lua=10`. */
export const strategyNames = (known: readonly string[]): ValueType<readonly string[]> =>
  names("strategy", known, {
    pattern: "=|^\\s*lua:",
    mistakesIn(name) {
      if (isMixName(name)) return mistakesInMix(name, known);
      const mistake = mistakeInFile(name);
      return mistake === undefined ? (isLuaFileName(name) ? [] : undefined) : [mistake];
    },
  });

/** The script is read here, once, and known by its name from then on. */
function mistakeInFile(name: string): string | undefined {
  if (!isLuaFileName(name)) {
    return name.endsWith(".lua") ? `unknown strategy ${shown(name)} (did you mean "lua:${name}"?)` : undefined;
  }
  const mistake = takeLuaFile(name);
  return mistake && `${shown(name)}: ${mistake}; ${LUA_FILE_FORM}`;
}

function mistakesInMix(name: string, known: readonly string[]): string[] {
  const shares = sharesIn(name);
  const mistakes = shares.flatMap((part) => {
    const inFile = mistakeInFile(part.name);
    if (inFile !== undefined) return [inFile];
    if (!known.includes(part.name) && !isLuaFileName(part.name)) {
      return [`unknown strategy ${shown(part.name)}${didYouMean(part.name, known)}; there are ${known.join(", ")}`];
    }
    return part.share > 0 && part.share <= 100
      ? []
      : [`expected the share of ${part.name} as a number above 0, up to 100`];
  });
  if (mistakes.length > 0) return mistakes;
  const twice = shares.find((part, i) => shares.findIndex((other) => other.name === part.name) < i);
  if (twice !== undefined) return [`${twice.name} is given twice`];
  const sum = shares.reduce((total, { share }) => total + share, 0);
  return Math.abs(sum - 100) > 1e-9 ? [`shares must sum to 100, these sum to ${formatCount(sum)}`] : [];
}

/** Strategies and their shares in per cent, `individual=90,lua=10` or a map: the name of their mix. */
export const strategyMix = (known: readonly string[]): ValueType<string> => ({
  placeholder: "SHARES",
  format: (name) => name.replaceAll("+", ","),
  jsonSchema: {
    anyOf: [
      {
        type: "object",
        additionalProperties: false,
        properties: Object.fromEntries(known.map((name) => [name, { type: "number", minimum: 0, maximum: 100 }])),
        patternProperties: { "^lua:": { type: "number", minimum: 0, maximum: 100 } },
      },
      { type: "string", examples: ["individual=90,lua=10"] },
    ],
  },
  read(raw, fail) {
    const isMap = typeof raw === "object" && raw !== null && !Array.isArray(raw);
    if (!isMap && typeof raw !== "string") {
      fail(`expected shares such as individual=90,lua=10, got ${shown(raw)}`);
      return undefined;
    }
    const text = isMap
      ? Object.entries(raw)
          .map(([name, share]) => `${name}=${share}`)
          .join("+")
      : String(raw).replaceAll(",", "+");
    const name = mixName(sharesIn(text));
    const mistakes = mistakesInMix(name, known);
    for (const message of mistakes) fail(message);
    return mistakes.length === 0 ? name : undefined;
  },
});

/** Whole numbers, each once: `10,100`, or a list. */
export const counts = (min: number, max: number): ValueType<readonly number[]> => {
  const one = count(min, max);
  return {
    placeholder: "N,N",
    format: (list) => list.map(one.format).join(","),
    jsonSchema: {
      anyOf: [
        { type: "array", minItems: 1, items: one.jsonSchema },
        { type: "string", examples: ["10,100"] },
      ],
    },
    read(raw, fail) {
      const given = (Array.isArray(raw) ? raw : [raw]).flatMap((item) =>
        typeof item === "string" ? item.split(",").map((part) => part.trim()) : [item],
      );
      const read: number[] = [];
      let isGood = true;
      const wrong = (message: string): void => {
        isGood = false;
        fail(message);
      };
      for (const item of given) {
        const value = one.read(item, () =>
          wrong(
            `expected whole numbers from ${formatCount(min)} to ${formatCount(max)}, such as 10,100, got ${shown(item)}`,
          ),
        );
        if (value !== undefined && read.includes(value)) wrong(`${formatCount(value)} is given twice`);
        if (value !== undefined) read.push(value);
      }
      return isGood ? read : undefined;
    },
  };
};

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
