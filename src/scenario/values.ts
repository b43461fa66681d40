import { inspect } from "node:util";
import { didYouMean } from "../base/suggest.js";
import {
  formatBytes,
  formatCount,
  formatDuration,
  parseBytes,
  parseCount,
  parseDuration,
  parsePercent,
  UNIT_PATTERNS,
  UnitError,
} from "../base/units.js";

/**
 * The kinds of value that options take. A flag and an environment variable give text, a scenario file may also give
 * numbers, lists and maps; one reader takes all, so an option means the same wherever it is written. Plain data
 * without zod, because `--help` reads it too.
 */

/** Told once for each mistake in a value; `path` leads into a list or a map. */
export type Fail = (message: string, path?: readonly (string | number)[]) => void;

export interface ValueType<T> {
  /** What `--help` shows behind the flag. */
  readonly placeholder: string;
  /** The value, or undefined after at least one call of `fail`. */
  read(raw: unknown, fail: Fail): T | undefined;
  /** As a person would write it. */
  format(value: T): string;
  /** What a scenario file may hold, for editors. Takes all that `read` takes. */
  readonly jsonSchema: Readonly<Record<string, unknown>>;
  /** How values begin, for shells that complete them, where the schema does not list them. */
  readonly beginnings?: readonly string[];
}

/** What was found, short enough for a message; a value from a file may be deep or contain itself. */
export function shown(raw: unknown): string {
  if (raw === null || raw === undefined) return "nothing";
  const text =
    typeof raw === "string"
      ? JSON.stringify(raw.slice(0, 60))
      : inspect(raw, { depth: 1, maxArrayLength: 5, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY });
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** A quantity within bounds, given as a bare number (where `unitless`) or as text with a unit. */
function quantity(options: {
  readonly placeholder: string;
  readonly expected: string;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly parse: (text: string) => number;
  readonly format: (value: number) => string;
  readonly pattern: string;
  readonly unitless: boolean;
}): ValueType<number> {
  const { min, max, whole, parse, format } = options;
  const bound = options.unitless ? formatCount : format;
  const expected = `expected ${options.expected} from ${bound(min)} to ${bound(max)}`;
  const text = { type: "string", pattern: options.pattern };
  const bare = options.unitless ? { type: whole ? "integer" : "number", minimum: min, maximum: max } : { const: 0 };
  return {
    placeholder: options.placeholder,
    format,
    jsonSchema: options.unitless || min === 0 ? { anyOf: [bare, text] } : text,
    read(raw, fail) {
      let value = Number.NaN;
      let why = "";
      if (typeof raw === "number" && (options.unitless || raw === 0)) value = raw;
      else if (typeof raw === "string" || typeof raw === "number") {
        try {
          value = parse(String(raw));
        } catch (error) {
          if (!(error instanceof UnitError)) throw error;
          why = `; ${error.message}`;
        }
      }
      if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
      fail(`${expected}, got ${shown(raw)}${why}`);
      return undefined;
    },
  };
}

/** A whole number; `10k` and `1.5M` are understood. */
export const count = (min: number, max: number): ValueType<number> =>
  quantity({
    placeholder: "N",
    expected: "a whole number",
    min,
    max,
    whole: true,
    parse: parseCount,
    format: String,
    pattern: UNIT_PATTERNS.count,
    unitless: true,
  });

/** A number that may have a fraction. */
export const number = (placeholder: string, min: number, max: number): ValueType<number> =>
  quantity({
    placeholder,
    expected: "a number",
    min,
    max,
    whole: false,
    parse: parseCount,
    format: String,
    pattern: UNIT_PATTERNS.count,
    unitless: true,
  });

/** A duration, in ms. */
export const duration = (minMs: number, maxMs: number): ValueType<number> =>
  quantity({
    placeholder: "TIME",
    expected: "a duration",
    min: minMs,
    max: maxMs,
    whole: false,
    parse: parseDuration,
    format: formatDuration,
    pattern: UNIT_PATTERNS.duration,
    unitless: false,
  });

/** A share in per cent: `30%`, or 30. */
export const percent: ValueType<number> = quantity({
  placeholder: "SHARE",
  expected: "a share in per cent",
  min: 0,
  max: 100,
  whole: false,
  parse: parsePercent,
  format: (share) => `${share}%`,
  pattern: UNIT_PATTERNS.percent,
  unitless: true,
});

const MB = 1024 ** 2;

/** An amount of memory, in MB. */
export const memory = (minMb: number, maxMb: number): ValueType<number> =>
  quantity({
    placeholder: "SIZE",
    expected: "an amount of memory",
    min: minMb,
    max: maxMb,
    whole: false,
    parse: (text) => parseBytes(text) / MB,
    format: (mb) => formatBytes(mb * MB),
    pattern: UNIT_PATTERNS.bytes,
    unitless: false,
  });

/** One of a few words. */
export const choice = <T extends string>(words: readonly T[]): ValueType<T> => ({
  placeholder: words.join("|"),
  format: (word) => word,
  jsonSchema: { enum: words },
  read(raw, fail) {
    const word = words.find((one) => one === raw);
    if (word === undefined) {
      const guess = typeof raw === "string" ? didYouMean(raw, words) : "";
      fail(`expected one of ${words.join(", ")}, got ${shown(raw)}${guess}`);
    }
    return word;
  },
});

/** Free text of at most `max` characters, without control characters: it is printed in tables. */
export const text = (max: number): ValueType<string> => ({
  placeholder: "TEXT",
  format: (value) => value,
  jsonSchema: { type: "string", minLength: 1, maxLength: max },
  read(raw, fail) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: keeping them out is the point.
    if (typeof raw === "string" && raw.length >= 1 && raw.length <= max && !/[\u0000-\u001f\u007f]/.test(raw))
      return raw;
    fail(`expected one line of text of at most ${max} characters, got ${shown(raw)}`);
    return undefined;
  },
});
