import { didYouMean } from "../base/suggest.js";
import { formatDuration, parseDuration, UNIT_PATTERNS, UnitError } from "../base/units.js";
import type { PlannedFault } from "../faults/fault.js";
import { FAULT_NAMES, faultNamed, faultText } from "../faults/index.js";
import { shown, type ValueType } from "./values.js";

const MOST_FAULTS = 20;
const LONGEST_MS = 24 * 3_600_000;
const SHORTEST_MS = 1;
const EXAMPLE = "stall@2s:500ms";
const DURATION = `(?:0|(?=\\d)${UNIT_PATTERNS.durationPart})`;
const ONE = `\\s*(?:${FAULT_NAMES.join("|")})@${DURATION}(?::${DURATION})?\\s*`;
const PATTERN = `^(?:none|${ONE}(?:,${ONE})*)$`;

/** `stall@2s:500ms`, one after another by commas or as a list; `none` for none. In order of time. */
export const faults: ValueType<readonly PlannedFault[]> = {
  placeholder: "NAME@AT[:FOR]",
  beginnings: FAULT_NAMES.map((name) => `${name}@`),
  format: (list) => (list.length === 0 ? "none" : list.map(faultText).join(",")),
  jsonSchema: {
    anyOf: [
      {
        type: "array",
        maxItems: MOST_FAULTS,
        items: { type: "string", pattern: PATTERN },
        examples: [[EXAMPLE, "client-kill@5s"]],
      },
      { type: "string", pattern: PATTERN, examples: [`${EXAMPLE},client-kill@5s`, "none"] },
    ],
  },
  read(raw, fail) {
    const isList = Array.isArray(raw);
    const parts: readonly { readonly part: unknown; readonly path: readonly number[] }[] = (
      isList ? raw : [raw]
    ).flatMap((item, i) => {
      const path = isList ? [i] : [];
      if (item === "none") return [];
      return typeof item === "string"
        ? item.split(",").map((part) => ({ part: part.trim(), path }))
        : [{ part: item, path }];
    });
    if (parts.length > MOST_FAULTS) {
      fail(`expected at most ${MOST_FAULTS} faults, got ${parts.length}`);
      return undefined;
    }
    const read = parts.map(({ part, path }) => {
      const fault = faultOf(part);
      if (typeof fault !== "string") return fault;
      fail(`${fault}, got ${shown(part)}`, path);
      return undefined;
    });
    if (read.includes(undefined)) return undefined;
    return (read as PlannedFault[]).sort((a, b) => a.atMs - b.atMs);
  },
};

/** The fault, or what was expected. */
function faultOf(part: unknown): PlannedFault | string {
  const [, name = "", at = "", lasting] = (typeof part === "string" && /^([^@]*)@([^:]*)(?::(.*))?$/.exec(part)) || [];
  if (at === "") return `expected a fault and its instant such as ${EXAMPLE} or client-kill@5s`;
  if (!FAULT_NAMES.includes(name)) {
    return `unknown fault ${shown(name)}${didYouMean(name, FAULT_NAMES)}; there are ${FAULT_NAMES.join(", ")}`;
  }
  const { lastsMs } = faultNamed(name);
  if (lastsMs === null && lasting !== undefined) {
    return `expected ${name}@TIME alone: it happens at an instant and does not last`;
  }
  try {
    const atMs = parseDuration(at);
    const forMs = lasting === undefined ? (lastsMs ?? 0) : parseDuration(lasting);
    if (atMs > LONGEST_MS) return `expected an instant up to ${formatDuration(LONGEST_MS)}`;
    if (lastsMs !== null && (forMs < SHORTEST_MS || forMs > LONGEST_MS)) {
      return `expected ${name} to last from ${formatDuration(SHORTEST_MS)} to ${formatDuration(LONGEST_MS)}`;
    }
    return { name, atMs, forMs };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    return error.message;
  }
}
