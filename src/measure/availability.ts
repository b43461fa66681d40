import { median } from "../stats/median.js";
import type { MomentsData } from "./moments.js";

/** When something went wrong, ms since the start of the trial; equal where it was over at once. */
export interface Span {
  readonly beganMs: number;
  readonly endedMs: number;
}

/** What a fault did to the entries, from when it began until the next one did, or the trial was over. */
export interface Availability {
  readonly succeeded: number;
  /** By kind. */
  readonly failures: Readonly<Record<string, number>>;
  /** The longest time without a success. */
  readonly longestGapMs: number;
  /** Time in windows with less than `DEGRADED_SHARE` of the rate before; null: too few successes before to tell. */
  readonly degradedMs: number | null;
  /**
   * From the fault's end to the first window with `RECOVERED_SHARE` of the rate before, or, where the rate fell only after
   * the fault's end, to the first such window after it fell; null: none was seen, or there were too few successes before.
   */
  readonly recoveryMs: number | null;
}

/** Rates are taken over windows of this length: long enough to hold some entries, short enough to tell a stall. */
export const WINDOW_MS = 100;
export const RECOVERED_SHARE = 0.9;
export const DEGRADED_SHARE = 0.5;
/** Windows before the first fault that a median needs. */
const FEWEST_WINDOWS = 3;
/** Successes that a window then usually has: of fewer, one without any says nothing. */
const FEWEST_SUCCESSES = 1;
/** What is felt later than this after a fault's end is something else's doing. */
const FELT_WITHIN_MS = 1000;
/** Degraded windows in a row that are an effect: a single one comes by itself. */
const FELT_WINDOWS = 2;

/**
 * Entries a second before anything went wrong, and what became of it: one figure for each span, in their order.
 * @param trialMs when entries stopped to start: what is left then ends at a falling rate
 */
export function availabilityOf(
  moments: MomentsData,
  spans: readonly Span[],
  trialMs: number,
): { readonly beforePerSec: number | null; readonly faults: readonly Availability[] } {
  const rate = new Rate(moments);
  const before = rate.windows(0, spans[0]?.beganMs ?? trialMs);
  const usual = before.length < FEWEST_WINDOWS || median(before) < FEWEST_SUCCESSES ? null : median(before);
  return {
    beforePerSec: usual === null ? null : (usual * 1000) / WINDOW_MS,
    faults: spans.map(({ beganMs, endedMs }, i) => {
      const next = spans[i + 1]?.beganMs;
      const untilMs = next ?? trialMs;
      const [from, to] = [rate.momentAt(beganMs), next === undefined ? rate.length : rate.momentAt(next)];
      const figures = {
        succeeded: rate.sum(from, to),
        failures: failuresIn(moments, from, to),
        longestGapMs: rate.longestGap(from, rate.momentAt(untilMs)) * moments.widthMs,
      };
      if (usual === null) return { ...figures, degradedMs: null, recoveryMs: null };
      const isDegraded = rate.windows(beganMs, untilMs).map((count) => count < DEGRADED_SHARE * usual);
      const sinceMs = Math.max(endedMs, feltFromMs(isDegraded, { beganMs, endedMs }));
      const backAtMs = rate.firstWindow(sinceMs, untilMs, RECOVERED_SHARE * usual);
      return {
        ...figures,
        degradedMs: WINDOW_MS * isDegraded.filter(Boolean).length,
        recoveryMs: backAtMs === null ? null : Math.max(0, Math.round(backAtMs - endedMs)),
      };
    }),
  };
}

/** When the rate fell: what happens at an instant may be felt only when clients have run into it. Windows count from `beganMs`. */
function feltFromMs(isDegraded: readonly boolean[], { beganMs, endedMs }: Span): number {
  const first = isDegraded.findIndex((_, i) => {
    const inRow = isDegraded.slice(i, i + FELT_WINDOWS);
    return inRow.length === FELT_WINDOWS && inRow.every(Boolean);
  });
  const atMs = beganMs + first * WINDOW_MS;
  return first < 0 || atMs > endedMs + FELT_WITHIN_MS ? endedMs : atMs;
}

/** A picture has no more room. */
const MOST_POINTS = 300;

/** Ends of entries in windows from the start of the trial on: as many whole ones as it has. */
export function seriesOf(
  { widthMs, succeeded, failed }: MomentsData,
  trialMs: number,
): { readonly everyMs: number; readonly succeeded: number[]; readonly failed: number[] } {
  const step = Math.max(1, Math.round(WINDOW_MS / widthMs), Math.ceil(trialMs / widthMs / MOST_POINTS));
  const count = Math.floor(trialMs / widthMs / step);
  const series = (moments: readonly Uint32Array[]): number[] =>
    Array.from({ length: count }, (_, i) =>
      moments.reduce((sum, one) => sum + one.subarray(i * step, (i + 1) * step).reduce((a, b) => a + b, 0), 0),
    );
  return { everyMs: step * widthMs, succeeded: series([succeeded]), failed: series(Object.values(failed)) };
}

function failuresIn({ failed }: MomentsData, from: number, to: number): Record<string, number> {
  const counts = Object.entries(failed).map(([kind, moments]) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += moments[i]!;
    return [kind, sum] as const;
  });
  return Object.fromEntries(counts.filter(([, sum]) => sum > 0));
}

/** Successes by moment, summed up from the start. */
class Rate {
  readonly #widthMs: number;
  readonly #upTo: Float64Array;

  constructor({ widthMs, succeeded }: MomentsData) {
    this.#widthMs = widthMs;
    this.#upTo = new Float64Array(succeeded.length + 1);
    for (let i = 0; i < succeeded.length; i++) this.#upTo[i + 1] = this.#upTo[i]! + succeeded[i]!;
  }

  get length(): number {
    return this.#upTo.length - 1;
  }

  momentAt(ms: number): number {
    return Math.min(this.length, Math.max(0, Math.round(ms / this.#widthMs)));
  }

  sum(from: number, to: number): number {
    return this.#upTo[to]! - this.#upTo[from]!;
  }

  get #window(): number {
    return Math.max(1, Math.round(WINDOW_MS / this.#widthMs));
  }

  /** Successes in each whole window between two instants. */
  windows(fromMs: number, untilMs: number): number[] {
    const until = this.momentAt(untilMs);
    const counts: number[] = [];
    for (let at = this.momentAt(fromMs); at + this.#window <= until; at += this.#window) {
      counts.push(this.sum(at, at + this.#window));
    }
    return counts;
  }

  /** Moments in a row without a success. */
  longestGap(from: number, to: number): number {
    let longest = 0;
    let since = from;
    for (let i = from; i < to; i++) {
      if (this.sum(i, i + 1) > 0) since = i + 1;
      else longest = Math.max(longest, i + 1 - since);
    }
    return longest;
  }

  /** When the first window with `enough` successes begins, ms; null if there is none. */
  firstWindow(fromMs: number, untilMs: number, enough: number): number | null {
    const until = this.momentAt(untilMs);
    for (let at = this.momentAt(fromMs); at + this.#window <= until; at++) {
      if (this.sum(at, at + this.#window) >= enough) return at * this.#widthMs;
    }
    return null;
  }
}
