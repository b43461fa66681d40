import { formatDuration, parseDuration, UNIT_PATTERNS, UnitError } from "../base/units.js";
import type { Rtt } from "../drivers/driver.js";
import { shown, type ValueType } from "./values.js";

const DURATION = `(?:0|(?=\\d)${UNIT_PATTERNS.durationPart})`;
const LONGEST_MS = 10_000;
const EXPECTED = `expected a round-trip delay of up to ${formatDuration(LONGEST_MS)} such as 1ms or 1ms±0.2ms, the jitter no larger than the delay`;

/** `1ms`, `1ms±0.2ms` (or `1ms+-0.2ms`). */
export const rtt: ValueType<Rtt> = {
  placeholder: "TIME[±TIME]",
  format: ({ rttMs, jitterMs }) => formatDuration(rttMs) + (jitterMs === 0 ? "" : `±${formatDuration(jitterMs)}`),
  jsonSchema: {
    anyOf: [
      { const: 0 },
      {
        type: "string",
        pattern: `^${DURATION}(?:(?:±|\\+-)${DURATION})?$`,
        examples: ["1ms", "1ms±0.2ms"],
      },
    ],
  },
  read(raw, fail) {
    let why = "";
    try {
      const [time, jitter = "0", ...more] = raw === 0 ? ["0"] : typeof raw === "string" ? raw.split(/±|\+-/) : [];
      if (time !== undefined && more.length === 0) {
        const value = { rttMs: parseDuration(time), jitterMs: parseDuration(jitter) };
        if (value.rttMs <= LONGEST_MS && value.jitterMs <= value.rttMs) return value;
      }
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      why = `; ${error.message}`;
    }
    fail(`${EXPECTED}, got ${shown(raw)}${why}`);
    return undefined;
  },
};
