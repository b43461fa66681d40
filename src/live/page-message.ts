import { foreign } from "../charts/strategies.js";
import type { TrialResult } from "../engine/trial-result.js";
import { percentilesUs } from "../measure/hdr.js";
import { latencyText, percentText, rateText } from "../report/format.js";
import { successRateOf, tpsOf } from "../report/summary.js";
import { limiterText } from "../report/words.js";
import { seemingLimit } from "./limit.js";
import type { LiveState, TrialFigures } from "./live-run.js";
import { title, wholePercent } from "./progress.js";
import { advanceText } from "./time-left.js";

/** What the live page is told, four times a second: texts as they are shown, and the points of its charts. */
export interface PageMessage {
  readonly phase: string;
  readonly advance: string;
  /** By id of `FIGURES`. */
  readonly figures: Readonly<Record<string, string>>;
  readonly limit: string;
  /** Seconds since the run began, strategy, entries a second, p50, p95, p99 in µs. */
  readonly points: readonly (readonly [number, string, ...(number | null)[]])[];
  /** Rows of the table, the last first. */
  readonly trials: readonly (readonly string[])[];
}

interface Figure {
  /** Of the element. */
  readonly id: string;
  readonly label: string;
  text(trial: TrialFigures): string | null;
}

const orNull = (value: number | null, text: (value: number) => string): string | null =>
  value === null ? null : text(value);

const countText = (count: number): string => count.toLocaleString("en-US");

export const FIGURES: readonly Figure[] = [
  { id: "tps", label: "entries a second", text: ({ perSec }) => rateText(perSec) },
  { id: "p50", label: "p50", text: ({ latencyUs }) => orNull(latencyUs.p50, latencyText) },
  { id: "p95", label: "p95", text: ({ latencyUs }) => orNull(latencyUs.p95, latencyText) },
  { id: "p99", label: "p99", text: ({ latencyUs }) => orNull(latencyUs.p99, latencyText) },
  { id: "failures", label: "failures", text: ({ failed }) => countText(failed) },
  { id: "in-progress", label: "entries in progress", text: ({ inProgress }) => countText(inProgress) },
  { id: "server", label: "server busy", text: ({ busy }) => orNull(busy.server, wholePercent) },
  { id: "generator", label: "generator busy", text: ({ busy }) => orNull(busy.generator, wholePercent) },
];

export function pageMessage(state: LiveState, trials: readonly (readonly string[])[]): PageMessage {
  const { trial, place, points } = state;
  return {
    phase: phaseText(state),
    advance:
      place === null
        ? ""
        : advanceText(state.finishedTrials, place.count, state.phase === "over" ? null : state.leftMs),
    figures: Object.fromEntries(FIGURES.map(({ id, text }) => [id, (trial && text(trial)) ?? "–"])),
    limit: (trial && seemingLimit(trial.busy)) ?? "",
    points: points.map(({ atSec, strategy, perSec, latencyUs: { p50, p95, p99 } }) => [
      Math.round(atSec * 10) / 10,
      foreign(strategy),
      perSec === null ? null : Math.round(perSec),
      p50,
      p95,
      p99,
    ]),
    trials,
  };
}

function phaseText({ phase, place, trial }: LiveState): string {
  if (phase === "over") return "The run is over: its result is on the terminal.";
  if (place === null) return "The run is being prepared.";
  const said = { starting: "starting", "warm-up": "warming up", audit: "checking the data" };
  const what = phase === "measuring" ? `measuring, ${((trial?.elapsedMs ?? 0) / 1000).toFixed(1)} s` : said[phase];
  return `Trial ${title(place).trim()}: ${what}.`;
}

/** A row of the table of finished trials. */
export function trialRow(result: TrialResult, name: string): readonly string[] {
  const percentiles = percentilesUs(result.latency.response ?? result.latency.entry, [50, 95, 99]);
  const success = successRateOf(result.entries);
  return [
    name.trim(),
    rateText(tpsOf(result)),
    ...percentiles.map((us) => (us === null ? "–" : latencyText(us))),
    success === null ? "–" : percentText(success),
    limiterText(result.limiter),
    result.audit.ok ? "ok" : "anomalies",
  ];
}
