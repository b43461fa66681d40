import { formatDuration, parseDuration, UNIT_PATTERNS, UnitError } from "../base/units.js";
import type { PollEvery } from "./scenario.js";
import { shown, type ValueType } from "./values.js";

const SHORTEST_MS = 10;
const LONGEST_MS = 3_600_000;
const EXPECTED = `expected "adaptive" or a pause from ${formatDuration(SHORTEST_MS)} to ${formatDuration(LONGEST_MS)} such as 5s or 5s±20%`;

/** `5s`, `5s±20%` (or `5s+-20%`), `adaptive`. */
export const pollEvery: ValueType<PollEvery> = {
  placeholder: "TIME[±SHARE%]|adaptive",
  format: (poll) => {
    if (poll === "adaptive") return poll;
    const jitter = poll.jitterPercent === 0 ? "" : `±${poll.jitterPercent}%`;
    return formatDuration(poll.everyMs) + jitter;
  },
  jsonSchema: {
    type: "string",
    pattern: `^adaptive$|^(?=\\d)${UNIT_PATTERNS.durationPart}(?:(?:±|\\+-)\\d+(?:\\.\\d+)?%)?$`,
    examples: ["5s", "5s±20%", "adaptive"],
  },
  read(raw, fail) {
    if (raw === "adaptive") return raw;
    const [, time, share = "0"] =
      /^(.+?)(?:(?:±|\+-)(\d+(?:\.\d+)?)%)?$/.exec(typeof raw === "string" ? raw : "") ?? [];
    let why = "";
    if (time !== undefined) {
      try {
        const everyMs = parseDuration(time);
        const jitterPercent = Number(share);
        if (everyMs >= SHORTEST_MS && everyMs <= LONGEST_MS && jitterPercent <= 100) return { everyMs, jitterPercent };
      } catch (error) {
        if (!(error instanceof UnitError)) throw error;
        why = `; ${error.message}`;
      }
    }
    fail(`${EXPECTED}, got ${shown(raw)}${why}`);
    return undefined;
  },
};
