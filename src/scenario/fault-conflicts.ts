import { AWAY_TIMEOUTS } from "../base/away.js";
import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { PlannedFault } from "../faults/fault.js";
import { faultNamed, faultText } from "../faults/index.js";
import { durationOf } from "../pacers/profile.js";
import type { Conflict } from "./check.js";
import type { Scenario } from "./scenario.js";

/** Less than this before a fault tells too little of how it was without, and less behind it of how it is afterwards. */
const ROOM_MS = 500;

const endOf = ({ atMs, forMs }: PlannedFault): number => atMs + forMs;

/** Faults that cannot happen as they are planned. They are in order of time. */
export function faultConflicts({ faults, entries, stages, durationMs, timeoutMs }: Scenario): Conflict[] {
  if (faults.length === 0) return [];
  if (entries !== null) {
    const message = "faults happen at instants of a trial's time: expected a duration, not a number of entries";
    return [{ properties: ["faults", "entries"], message }];
  }
  const conflicts: Conflict[] = [];
  const trialMs = stages === null ? durationMs : durationOf(stages);
  const longestMs = AWAY_TIMEOUTS * timeoutMs;
  for (const [i, fault] of faults.entries()) {
    const text = faultText(fault);
    const next = faults[i + 1];
    const { serverIs } = faultNamed(fault.name);
    if (endOf(fault) >= trialMs) {
      const message = `expected ${text} to be over before the trial is, which lasts ${formatDuration(trialMs)}`;
      conflicts.push({ properties: ["faults", "durationMs", "stages"], message });
    }
    if (next !== undefined && serverIs === "gone") {
      const message = `expected nothing after ${text}, with which the run ends; there is ${faultText(next)}`;
      conflicts.push({ properties: ["faults"], message });
    } else if (next !== undefined && endOf(fault) >= next.atMs) {
      const message = `expected ${text} to be over before ${faultText(next)} begins`;
      conflicts.push({ properties: ["faults"], message });
    }
    if ((serverIs === "away" || serverIs === "restarted") && fault.forMs >= longestMs) {
      const message =
        `expected ${text} to be over within five timeouts (${formatDuration(longestMs)}): ` +
        "a server that is away for longer is given up";
      conflicts.push({ properties: ["faults", "timeoutMs"], message });
    }
  }
  return conflicts;
}

/** Faults so close to an end of the trial that little can be said of how it was before, or is afterwards. */
export function faultWarnings({ faults, durationMs }: Scenario): Warning[] {
  const [first] = faults;
  const last = faults.at(-1);
  if (first === undefined || last === undefined) return [];
  const warnings: Warning[] = [];
  const warn = (message: string): number => warnings.push({ code: "fault-at-the-edge", message });
  if (first.atMs < ROOM_MS) {
    warn(`${faultText(first)} leaves little time before it to compare with; ${formatDuration(ROOM_MS)} are enough`);
  }
  if (faultNamed(last.name).serverIs !== "gone" && durationMs - endOf(last) < ROOM_MS) {
    warn(`${faultText(last)} leaves little of the trial to recover in; a longer --duration shows more`);
  }
  return warnings;
}
