import { setTimeout as sleep } from "node:timers/promises";
import { nowUs } from "../base/clock.js";

/** How punctual this machine is: what a generator can promise is no better than this. Times are µs. */
export interface Punctuality {
  /** The clock's smallest step, and what one reading costs. */
  readonly clockStepUs: number;
  readonly clockCostUs: number;
  /** A thread that only reads the clock: the longest time in which it did not get to, and their sum as a share. */
  readonly longestGapUs: number;
  readonly gapShare: number;
  /** By how much a timer of 1 ms fires late. */
  readonly timerLateUs: Lateness;
  /** By how much a sleep of 1 ms (Atomics.wait) ends late. */
  readonly sleepLateUs: Lateness;
}

export interface Lateness {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const SPIN_MS = 1000;
const SLEEPS = 250;
/** Whatever the machine does to the timers, measuring them ends. */
const MOST_SLEEPING_MS = 1000;
/** Two readings of the clock further apart than this: the thread was not running. */
const GAP_US = 100;

/** Takes about two seconds, the first of which blocks the thread. */
export async function measurePunctuality(): Promise<Punctuality> {
  return { ...spin(), timerLateUs: await lateTimers(), sleepLateUs: lateSleeps() };
}

function spin(): Pick<Punctuality, "clockStepUs" | "clockCostUs" | "longestGapUs" | "gapShare"> {
  const startUs = nowUs();
  const endUs = startUs + SPIN_MS * 1000;
  let [lastUs, stepUs, longestUs, lostUs, reads] = [startUs, Number.POSITIVE_INFINITY, 0, 0, 0];
  while (lastUs < endUs) {
    const now = nowUs();
    const gapUs = now - lastUs;
    lastUs = now;
    reads++;
    if (gapUs > 0 && gapUs < stepUs) stepUs = gapUs;
    if (gapUs <= GAP_US) continue;
    lostUs += gapUs;
    if (gapUs > longestUs) longestUs = gapUs;
  }
  const spentUs = lastUs - startUs;
  return {
    clockStepUs: stepUs,
    clockCostUs: (spentUs - lostUs) / reads,
    longestGapUs: longestUs,
    gapShare: lostUs / spentUs,
  };
}

async function lateTimers(): Promise<Lateness> {
  const late: number[] = [];
  for (const startMs = performance.now(); late.length < SLEEPS && performance.now() - startMs < MOST_SLEEPING_MS; ) {
    const since = nowUs();
    await sleep(1);
    late.push(nowUs() - since - 1000);
  }
  return latenessOf(late);
}

function lateSleeps(): Lateness {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const late: number[] = [];
  for (const startMs = performance.now(); late.length < SLEEPS && performance.now() - startMs < MOST_SLEEPING_MS; ) {
    const since = nowUs();
    Atomics.wait(cell, 0, 0, 1);
    late.push(nowUs() - since - 1000);
  }
  return latenessOf(late);
}

/** Node's timers may fire up to a millisecond early: that is punctual here. */
export function latenessOf(values: readonly number[]): Lateness {
  const sorted = values.map((value) => Math.max(0, value)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
