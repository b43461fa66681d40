import { formatDuration, parseCount, parseDuration, UNIT_PATTERNS, UnitError } from "../base/units.js";
import type { Stage } from "../pacers/profile.js";
import { shown, type ValueType } from "./values.js";

const MOST_STAGES = 100;
const HIGHEST_PER_SEC = 10_000_000;
const LONGEST_MS = 24 * 3_600_000;
const EXAMPLE = "0..5k:10s";
const COUNT = UNIT_PATTERNS.count.slice(1, -1);
/** Rate held, or from..to; then how long. */
const STAGE = /^(?:(.+?)\.\.)?(.+?):(.+)$/;

/** `5k:10s` holds 5,000 a second for 10 s, `0..5k:10s` rises to it: one after another, by commas or as a list. */
export const stages: ValueType<readonly Stage[]> = {
  placeholder: "RATE:TIME,…",
  format: (list) => list.map(formatStage).join(","),
  jsonSchema: {
    anyOf: [
      {
        type: "array",
        minItems: 1,
        maxItems: MOST_STAGES,
        items: { type: "string", pattern: `^(?:${COUNT}\\.\\.)?${COUNT}:(?=\\d)${UNIT_PATTERNS.durationPart}$` },
        examples: [["20k:5s", "20k..2k:10s", "2k:45s"]],
      },
      { type: "string", pattern: ":", examples: [`${EXAMPLE},5k:20s`] },
    ],
  },
  read(raw, fail) {
    const isList = Array.isArray(raw);
    const parts: readonly unknown[] = isList
      ? raw
      : typeof raw === "string"
        ? raw.split(",").map((part) => part.trim())
        : [raw];
    if (parts.length === 0 || parts.length > MOST_STAGES) {
      fail(`expected 1 to ${MOST_STAGES} stages such as ${EXAMPLE}, got ${parts.length}`);
      return undefined;
    }
    const read = parts.map((part, i) => {
      const stage = stageOf(part);
      if (typeof stage !== "string") return stage;
      fail(`${stage}, got ${shown(part)}`, isList ? [i] : []);
      return undefined;
    });
    if (read.includes(undefined)) return undefined;
    const list = read as Stage[];
    if (list.every(({ fromPerSec, toPerSec }) => fromPerSec + toPerSec === 0)) {
      fail("expected a stage in which somebody arrives; all rates are 0");
      return undefined;
    }
    return list;
  },
};

/** The stage, or what was expected. */
function stageOf(part: unknown): Stage | string {
  const [, from, to = "", time = ""] = (typeof part === "string" && STAGE.exec(part)) || [];
  if (to === "") return `expected a rate and a time such as ${EXAMPLE} or 5k:20s`;
  try {
    const toPerSec = parseCount(to);
    const fromPerSec = from === undefined ? toPerSec : parseCount(from);
    const forMs = parseDuration(time);
    if (Math.max(fromPerSec, toPerSec) > HIGHEST_PER_SEC) return "expected at most 10M arrivals a second";
    if (forMs < 1 || forMs > LONGEST_MS) return `expected a time from 1ms to ${formatDuration(LONGEST_MS)}`;
    return { fromPerSec, toPerSec, forMs };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    return error.message;
  }
}

function formatStage({ fromPerSec, toPerSec, forMs }: Stage): string {
  const rate = fromPerSec === toPerSec ? rateText(toPerSec) : `${rateText(fromPerSec)}..${rateText(toPerSec)}`;
  return `${rate}:${formatDuration(forMs)}`;
}

/** 5000 → `5k`, read back as the same. */
const rateText = (perSec: number): string =>
  perSec >= 1000 && Number.isInteger(perSec / 100) ? `${perSec / 1000}k` : String(perSec);
