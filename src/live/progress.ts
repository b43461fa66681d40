import { createLogUpdate } from "log-update";
import { formatDuration } from "../base/units.js";
import type { TrialResult } from "../engine/trial-result.js";
import { percentileUs } from "../measure/hdr.js";
import { latencyText, percentText, plural, printable, rateText } from "../report/format.js";
import { limiterText } from "../report/words.js";

/**
 * What a person sees while a run goes on, on stderr: one region on a terminal, a line for each finished trial
 * elsewhere, nothing with `--quiet`. It reads shared counters in the main thread; the measuring threads know nothing of it.
 */
export interface Progress {
  trialStarted(place: TrialPlace): void;
  ticked(progress: { readonly succeeded: number; readonly failed: number; readonly elapsedMs: number }): void;
  trialFinished(result: TrialResult): void;
  /** A line that stays, such as a warning. */
  note(text: string): void;
  /** Removes the live region; lines stay. Nothing is shown afterwards. */
  stop(): void;
}

export interface TrialPlace {
  /** Of the run's trials, from 0. */
  readonly index: number;
  readonly count: number;
  readonly strategy: string;
  /** From 0. */
  readonly round: number;
}

export interface ProgressOptions {
  readonly isTerminal: boolean;
  readonly quiet: boolean;
  readonly stream?: NodeJS.WritableStream;
  readonly nowMs?: () => number;
}

const SILENT: Progress = { trialStarted() {}, ticked() {}, trialFinished() {}, note() {}, stop() {} };
/** Ten frames a second are as many as an eye can use, and cost the run's main thread next to nothing. */
const FRAME_MS = 100;
const BAR_WIDTH = 24;

export function createProgress(options: ProgressOptions): Progress {
  const { isTerminal, quiet, stream = process.stderr, nowMs = () => performance.now() } = options;
  if (quiet) return SILENT;
  // The cursor stays as it is: a run that is killed must not leave a terminal without one.
  const region = isTerminal && hasRoom(stream) ? createLogUpdate(stream, { showCursor: true }) : undefined;
  const sinceMs = nowMs();
  let place: TrialPlace = { index: 0, count: 0, strategy: "", round: 0 };
  let finishedTrials = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  const draw = (activity: string): void => {
    if (region === undefined || isStopped) return;
    drawnMs = nowMs();
    region(
      `${bar(finishedTrials, place.count)}  ${timeLeft(finishedTrials, place.count, drawnMs - sinceMs)}\n${activity}`,
    );
  };
  const line = (text: string): void => {
    if (isStopped || region === undefined) {
      stream.write(`${text}\n`);
      return;
    }
    region.persist(text);
    // That took the region away: the next tick brings it back.
    drawnMs = Number.NEGATIVE_INFINITY;
  };
  return {
    trialStarted(next) {
      place = next;
      draw(`${title(place)}: warming up`);
    },
    ticked({ succeeded, failed, elapsedMs }) {
      if (nowMs() - drawnMs < FRAME_MS) return;
      const rate = elapsedMs > 0 ? (succeeded / elapsedMs) * 1000 : 0;
      const failures = failed > 0 ? `, ${plural(failed, "failure")}` : "";
      draw(`${title(place)}: ${rateText(rate)} entries/s${failures}, ${(elapsedMs / 1000).toFixed(1)} s`);
    },
    trialFinished(result) {
      finishedTrials += 1;
      line(`${title(place)}: ${finished(result)}`);
    },
    note: line,
    stop() {
      if (isStopped) return;
      isStopped = true;
      region?.clear();
      // Between what was going on and the result, which follows on stdout.
      if (region !== undefined && finishedTrials > 0) stream.write("\n");
    },
  };
}

/** Pseudo-terminals of CI systems often say that they have no rows: a region there would swallow every line. */
const hasRoom = ({ rows, columns }: NodeJS.WritableStream & { rows?: number; columns?: number }): boolean =>
  rows !== 0 && columns !== 0;

const title = ({ index, count, strategy, round }: TrialPlace): string =>
  `${String(index + 1).padStart(String(count).length)}/${count} round ${round + 1} ${printable(strategy, 40)}`;

function bar(done: number, count: number): string {
  const filled = count === 0 ? 0 : Math.floor((BAR_WIDTH * done) / count);
  return "━".repeat(filled) + "─".repeat(BAR_WIDTH - filled);
}

/** Once a trial has shown how long one takes. */
function timeLeft(done: number, count: number, elapsedMs: number): string {
  if (done === 0) return `${done} of ${plural(count, "trial")}`;
  const leftMs = (elapsedMs / done) * (count - done);
  return `${done} of ${plural(count, "trial")}, about ${formatDuration(1000 * Math.ceil(leftMs / 1000))} left`;
}

function finished(result: TrialResult): string {
  const { succeeded, attempted } = result.entries;
  const rate = result.durationMs > 0 ? (succeeded / result.durationMs) * 1000 : 0;
  const p95 = percentileUs(result.latency.response ?? result.latency.entry, 95);
  const latency = p95 === null ? "" : `, p95 ${latencyText(p95)}`;
  const success = attempted > 0 ? `, ${percentText(succeeded / attempted)} succeeded` : "";
  const anomalies = result.audit.ok ? "" : ", audit found anomalies";
  const end = result.complete ? "" : ", cut short";
  return `${rateText(rate)} entries/s${latency}${success}, ${limiterText(result.limiter)}${anomalies}${end}`;
}
