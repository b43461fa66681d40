import { createLogUpdate } from "log-update";
import { printable } from "../base/printable.js";
import type { TrialPlace } from "../engine/run.js";
import type { TrialResult } from "../engine/trial-result.js";
import { percentileUs } from "../measure/hdr.js";
import { latencyText, percentText, plural, rateText } from "../report/format.js";
import { limiterText } from "../report/words.js";
import { type Busy, seemingLimit } from "./limit.js";
import type { LiveState, Percentiles, TrialFigures, Viewer } from "./live-run.js";
import { advanceText } from "./time-left.js";

/**
 * What a person sees while a run goes on, on stderr: one region on a terminal, a line for each finished trial
 * elsewhere.
 */
export interface ProgressOptions {
  readonly isTerminal: boolean;
  readonly stream?: NodeJS.WritableStream;
  readonly nowMs?: () => number;
}

/** Ten frames a second are as many as an eye can use, and cost the run's main thread next to nothing. */
const FRAME_MS = 100;
const BAR_WIDTH = 24;

export function createProgress({
  isTerminal,
  stream = process.stderr,
  nowMs = () => performance.now(),
}: ProgressOptions): Viewer {
  // The cursor stays as it is: a run that is killed must not leave a terminal without one.
  const region = isTerminal && hasRoom(stream) ? createLogUpdate(stream, { showCursor: true }) : undefined;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawnPhase: string | undefined;
  let hasFinished = false;
  return {
    showsFigures: region !== undefined,
    changed(state) {
      const { phase, place } = state;
      if (region === undefined || place === null || phase === "over") return;
      if (phase === drawnPhase && nowMs() - drawnMs < FRAME_MS) return;
      drawnMs = nowMs();
      drawnPhase = phase;
      region(regionText(state, place));
    },
    trialFinished(result, place) {
      hasFinished = true;
      const line = `${title(place)}: ${finished(result)}`;
      if (region === undefined) stream.write(`${line}\n`);
      else region.persist(line);
      // That took the region away: the next change brings it back.
      drawnPhase = undefined;
    },
    ended() {
      region?.clear();
      // Between what was going on and the result, which follows on stdout.
      if (region !== undefined && hasFinished) stream.write("\n");
    },
  };
}

/** Pseudo-terminals of CI systems often say that they have no rows: a region there would swallow every line. */
const hasRoom = ({ rows, columns }: NodeJS.WritableStream & { rows?: number; columns?: number }): boolean =>
  rows !== 0 && columns !== 0;

export const title = ({ index, count, strategy, round }: TrialPlace): string =>
  `${String(index + 1).padStart(String(count).length)}/${count} round ${round + 1} ${printable(strategy, 40)}`;

function bar(done: number, count: number): string {
  const filled = count === 0 ? 0 : Math.floor((BAR_WIDTH * done) / count);
  return "━".repeat(filled) + "─".repeat(BAR_WIDTH - filled);
}

function regionText({ phase, finishedTrials, leftMs, trial }: LiveState, place: TrialPlace): string {
  const first = `${bar(finishedTrials, place.count)}  ${advanceText(finishedTrials, place.count, leftMs)}`;
  if (phase === "warm-up") return `${first}\n${title(place)}: warming up`;
  if (trial === null) return first;
  const checking = phase === "audit" ? ", checking the data" : "";
  const lines = [`${title(place)}: ${figuresText(trial)}${checking}`, percentilesText(trial.latencyUs)];
  return [first, ...lines, ...(phase === "audit" ? [] : [busyText(trial.busy)])]
    .filter((line) => line !== "")
    .join("\n");
}

function figuresText({ perSec, failed, elapsedMs }: TrialFigures): string {
  const failures = failed > 0 ? `, ${plural(failed, "failure")}` : "";
  return `${rateText(perSec)} entries/s${failures}, ${(elapsedMs / 1000).toFixed(1)} s`;
}

const percentilesText = (latencyUs: Percentiles): string =>
  Object.entries(latencyUs)
    .flatMap(([name, us]) => (us === null ? [] : [`${name} ${latencyText(us)}`]))
    .join(", ");

/** "server 97 % busy, generator 71 % busy: the server seems to be the limit"; nothing where nothing is known. */
function busyText(busy: Busy): string {
  const shares = [
    ...(busy.server === null ? [] : [`server ${wholePercent(busy.server)} busy`]),
    ...(busy.generator === null ? [] : [`generator ${wholePercent(busy.generator)} busy`]),
  ].join(", ");
  const limit = seemingLimit(busy);
  return limit === null ? shares : `${shares}: ${limit}`;
}

export const wholePercent = (share: number): string => `${Math.round(100 * share)} %`;

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
