import { ANOMALY_KINDS } from "../queue/anomaly.js";
import { userIdOf } from "../queue/keys.js";
import { tellsOfAnomalies } from "../report/anomalies.js";
import { rateText, shortText } from "../report/format.js";
import type { RunReport, StrategySummary, TrialReport } from "../report/schema.js";
import { anomaliesIn, listed } from "../report/words.js";

/** The table strategy × anomaly as text, for tables of any format: a row for each kind that the run could have shown. */
export interface AnomalyTable {
  readonly heads: readonly string[];
  readonly rows: readonly { readonly kind: string; readonly cells: readonly AnomalyCell[] }[];
  /** What the marks mean, and which kinds were not exercised. */
  readonly legend: readonly string[];
}

export interface AnomalyCell {
  /** "✓ 0": a mark, and how many of a million entries. */
  readonly rate: string;
  readonly interval: string;
  readonly promise: Rate["promise"];
}

type Rate = NonNullable<StrategySummary["anomalies"]>[string];

const MARKS: Readonly<Record<Rate["promise"], string>> = {
  kept: "✓",
  broken: "✗",
  expected: "~",
  absent: "·",
  "not-exercised": "",
};

/** Null where there is nothing to say. */
export function anomalyTable({ scenario, strategies }: RunReport): AnomalyTable | null {
  const summaries = strategies.map(({ summary }) => summary);
  if (!tellsOfAnomalies(summaries)) return null;
  const rateOf = (summary: StrategySummary, kind: string): Rate | undefined => summary.anomalies?.[kind];
  const isExercised = (kind: string): boolean =>
    summaries.some((summary) => (rateOf(summary, kind)?.promise ?? "not-exercised") !== "not-exercised");
  const rows = ANOMALY_KINDS.filter(isExercised).map((kind) => ({
    kind,
    cells: summaries.map((summary) => cellOf(rateOf(summary, kind))),
  }));
  // Who never asks replicas has nothing to know of their staleness.
  const isMeant = (kind: string): boolean => kind !== "stale-read" || scenario.pollBy === "replica";
  const missing = ANOMALY_KINDS.filter((kind) => isMeant(kind) && !isExercised(kind));
  return {
    heads: strategies.map(({ name }) => name),
    rows,
    legend: [
      "anomalies per million entries, with the 95 % interval; ✓ promise kept, ✗ promise broken, ~ to be expected " +
        "(nothing promised), · none seen, none promised",
      ...(missing.length > 0 ? [`not exercised, so that none was seen says nothing: ${listed(missing)}`] : []),
    ],
  };
}

/** What was found, in lines, where there is no table of it: older reports have no rates. */
export const uncountedIn = (report: RunReport): readonly string[] =>
  anomalyTable(report) === null ? anomaliesIn(report) : [];

function cellOf(rate: Rate | undefined): AnomalyCell {
  if (rate === undefined || rate.promise === "not-exercised") {
    return { rate: "not exercised", interval: "", promise: "not-exercised" };
  }
  const { perMillion, low, high, promise, count } = rate;
  const text = perMillion === null ? String(count) : rateText(perMillion);
  return {
    rate: `${MARKS[promise]} ${text}`,
    interval: low === null || high === null ? "" : `${shortText(low)}–${shortText(high)}`,
    promise,
  };
}

/**
 * One example of each kind that was seen, "lua, lost: user 17 …": of every strategy that had promised never to show it,
 * and where nobody had, of the first that did.
 */
export function explainedIn({ strategies }: RunReport): string[] {
  return ANOMALY_KINDS.flatMap((kind) => {
    const shown = strategies.flatMap(({ name, trials, summary }) => {
      const example = trials.flatMap(({ audit }) => audit.examples ?? []).find((one) => one.kind === kind);
      return example === undefined ? [] : [{ name, example, isBroken: summary.audit.brokenPromises.includes(kind) }];
    });
    const broken = shown.filter(({ isBroken }) => isBroken);
    const told = broken.length > 0 ? broken : shown.slice(0, 1);
    return told.map(({ name, example }) => `${name}, ${kind}: ${explained(example)}`);
  });
}

type Example = NonNullable<TrialReport["audit"]["examples"]>[number];

/** "user 0000000017 (concert 3) told NEW again …: enter → NEW #4 of 9 (12.1–14.2 ms); …" */
function explained({ user, concert, rule, events }: Example): string {
  return `user ${userIdOf(user)} (concert ${concert}) ${rule}: ${events.map(eventText).join("; ")}`;
}

function eventText({ what, result, position, total, sentUs, repliedUs, isToBlame }: Example["events"][number]): string {
  const place = position === undefined || result === "ACTIVE" ? "" : ` ${position} of ${total}`;
  const ms = (us: number): string => (us / 1000).toFixed(3);
  const when = sentUs === undefined || repliedUs === undefined ? "" : ` (${ms(sentUs)}–${ms(repliedUs)} ms)`;
  return `${isToBlame ? "▸ " : ""}${what} → ${result}${place}${when}`;
}
