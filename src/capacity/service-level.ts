import { usageError } from "../base/errors.js";
import { figureText, percentText, plural } from "../report/format.js";
import type { TrialReport } from "../report/schema.js";
import { isMet, parseThresholds, type Threshold } from "../report/thresholds.js";
import { median } from "../stats/median.js";

/**
 * Whether a service level held in a trial of the open model, and if not, whose fault that was. Latency counts from the
 * planned start, so a level that held did so in spite of everything; one that broke says something about the server only
 * if the generator had offered what was planned.
 */

export const OUTCOMES = ["holds", "breaks", "not-offered"] as const;
/** breaks: the rate was offered and the level did not hold. not-offered: the generator could not keep up. */
export type StepOutcome = (typeof OUTCOMES)[number];

export interface Judgement {
  readonly outcome: StepOutcome;
  /** In words; none where it holds. */
  readonly reasons: readonly string[];
}

/** @param text as in `p95<200ms,success>99%`. @throws QbenchError (usage) that tells all mistakes */
export function parseServiceLevel(
  text: string,
  strategies: readonly string[] | undefined,
  place = "--slo",
): Threshold[] {
  const level = parseThresholds(text.split(","), strategies, place);
  const wrong = level.filter(
    ({ figure, operator }) => (figure.direction === "higher-is-better") !== /^>/.test(operator),
  );
  if (wrong.length > 0) {
    throw usageError(
      `${place}: a service level says what must hold, and ${wrong.map(({ expression }) => expression).join(", ")} asks for the worse`,
      'as in --slo "p95<200ms,success>99%"',
    );
  }
  return level;
}

/** Share of the arrivals that must be started, and answered where the level does not say otherwise. */
const SERVED = 0.99;
/** Latency that has grown by more than this from the first third of the trial to the last: the queue grows. */
const GROWTH = 2;
const LEAST_GROWTH_US = 2000;
/** Seconds that there must be to see a growth. */
const FEWEST_SECONDS = 3;

/** `durationMs`: as planned. */
export function judgeStep(
  level: readonly Threshold[],
  trial: TrialReport,
  strategy: string,
  durationMs: number,
): Judgement {
  const own = level.filter((one) => one.strategy === undefined || one.strategy === strategy);
  const reasons = [
    ...own.flatMap((one) => {
      const value = one.figure.ofTrial(trial);
      if (isMet(one, value)) return [];
      return [`${one.figure.name} ${value === null ? "was not measured" : figureText(value, one.figure.unit)}`];
    }),
    ...(own.some(({ figure }) => figure.name === "successRate") ? [] : failing(trial)),
    ...unserved(trial),
    ...growing(trial, durationMs),
  ];
  if (reasons.length === 0) return { outcome: "holds", reasons };
  const late = lateness(trial);
  return late.length === 0
    ? { outcome: "breaks", reasons }
    : { outcome: "not-offered", reasons: [...late, ...reasons] };
}

/** Latencies are of entries that succeeded: where the level does not say how many must, nearly all. */
function failing({ entries: { failed, attempted } }: TrialReport): string[] {
  return failed <= (1 - SERVED) * attempted ? [] : [`${percentText(failed / attempted)} of the entries failed`];
}

function unserved({ pacing }: TrialReport): string[] {
  // Of few arrivals, the last one may have been due when the trial was over.
  if (!pacing || pacing.planned - pacing.started <= Math.max(1, (1 - SERVED) * pacing.planned)) return [];
  return [`${percentText(pacing.started / pacing.planned)} of the arrivals were started`];
}

/** A rate that is a little too high keeps its percentiles for as long as the queue has not yet grown. */
function growing({ timeline, timelineWidthSec = 1 }: TrialReport, durationMs: number): string[] {
  const whole = timeline.filter(({ second, p50 }) => p50 !== null && (second + timelineWidthSec) * 1000 <= durationMs);
  if (whole.length < FEWEST_SECONDS) return [];
  const third = Math.floor(whole.length / 3);
  const middle = (seconds: typeof whole): number => median(seconds.map(({ p50 }) => p50 as number));
  const [first, last] = [middle(whole.slice(0, third)), middle(whole.slice(-third))];
  if (last < first * GROWTH || last - first < LEAST_GROWTH_US) return [];
  return [`the queue grew: p50 from ${figureText(first, "us")} to ${figureText(last, "us")}`];
}

/** What shows that the generator could not offer the rate. */
function lateness(trial: TrialReport): string[] {
  const { limiter, entries, warnings } = trial;
  // Where Redis is the limit, those in flight are many because it is.
  const isServers = limiter === "server";
  return [
    ...(limiter === "generator" ? ["the load generator was the limit"] : []),
    ...(warnings.some(({ code }) => code === "started-late") ? ["entries started late"] : []),
    ...(entries.dropped > 0 && !isServers ? [`${plural(entries.dropped, "arrival")} found no room in flight`] : []),
    ...(entries.dropped === 0 && !isServers && unserved(trial).length > 0 ? ["arrivals were not started"] : []),
  ];
}
