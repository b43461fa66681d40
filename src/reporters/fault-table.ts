import { FAULTS } from "../faults/index.js";
import { latencyText, percentText } from "../report/format.js";
import type { RunReport, StrategySummary } from "../report/schema.js";

/** The table fault × strategy as text, for tables of any format. */
export interface FaultTable {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the columns mean. */
  readonly legend: readonly string[];
}

const NONE = "–";
const HEADS = [
  "fault",
  "strategy",
  "success",
  "no success for",
  "below half for",
  "back after",
  "failed",
  "answers lost",
  "order broken",
];

/** Null where nothing was planned to go wrong. */
export function faultTable({ strategies }: RunReport): FaultTable | null {
  const texts = [...new Set(strategies.flatMap(({ summary }) => summary.faults?.map(({ fault }) => fault) ?? []))];
  if (texts.length === 0) return null;
  const rows = texts.flatMap((text) =>
    strategies.flatMap(({ name, summary }) => {
      const found = summary.faults?.find(({ fault }) => fault === text);
      return found === undefined ? [] : [[text, name, ...cellsOf(found, summary)]];
    }),
  );
  return {
    heads: HEADS,
    rows,
    legend: [
      "success, failed: entries that ended from the fault's beginning until the next fault, or the trial's end, all trials",
      "no success for: the longest time without a success; below half for: time with less than half of the median rate " +
        "before the first fault; back after: from the fault's end to 90 % of it, in windows of 100 ms; medians of the trials",
      "answers lost: users whom the server forgot after it had answered them; order broken: users who stand the wrong way " +
        "round; both are of whole trials",
    ],
  };
}

/** Counted in whole milliseconds; null: cannot be told. */
function ms(value: number | null): string {
  if (value === null) return NONE;
  return value < 1000 ? `${Math.round(value)} ms` : latencyText(1000 * value);
}

function cellsOf(fault: NonNullable<StrategySummary["faults"]>[number], summary: StrategySummary): string[] {
  const notSeen = fault.trials - fault.recovered;
  const recovery = fault.recoveryMs === null ? "not seen" : ms(fault.recoveryMs);
  const failures = Object.entries(fault.failures).map(([kind, count]) => `${kind} ${count.toLocaleString("en-US")}`);
  return [
    fault.successRate === null ? NONE : percentText(fault.successRate),
    ms(fault.longestGapMs),
    ms(fault.degradedMs),
    notSeen > 0 && fault.recoveryMs !== null ? `${recovery} (${notSeen} not seen)` : recovery,
    failures.length === 0 ? "none" : failures.join(", "),
    forgets(fault.fault) ? (summary.lostByServer ?? 0).toLocaleString("en-US") : NONE,
    (summary.audit.anomalies["order-broken"] ?? 0).toLocaleString("en-US"),
  ];
}

/** Whether the server knows nothing afterwards, or its replica not all of it. */
const forgets = (text: string): boolean =>
  FAULTS.some(
    ({ name, serverIs, needs }) =>
      (serverIs === "restarted" || needs === "own-cluster" || needs === "successor") && text.startsWith(`${name}@`),
  );
