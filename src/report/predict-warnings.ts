import { formatDuration } from "../base/units.js";
import type { Warning } from "../base/warning.js";
import type { PredictTrial } from "../predict/procedure.js";
import { latencyText } from "./format.js";

/** What to beware of in predictions, and in what they are held against. */

interface Figures {
  readonly meanUs: number;
  /** Absent where it was only predicted. */
  readonly measured?: unknown;
}

/** Of such entries most fail, and their users come again: no model of these. */
export function beyondTimeout(timeoutMs: number, predictions: readonly Figures[]): Warning[] {
  const beyond = predictions.filter(({ meanUs }) => meanUs > timeoutMs * 1000).length;
  if (beyond === 0) return [];
  const message =
    `${beyond} of ${predictions.length} predictions have a mean latency beyond the timeout of ${timeoutMs} ms: in a run ` +
    "entries fail there, which the model does not know of; a longer --timeout lets the two be compared";
  return [{ code: "beyond-timeout", message }];
}

/** Users enter all at once, so the first latencies grow from nothing: in a trial of five they take a tenth off the mean. */
const FEWEST_LATENCIES = 5;

export function shortTrials(durationMs: number, predictions: readonly Figures[]): Warning[] {
  const measured = predictions.filter((one) => one.measured !== undefined);
  const short = measured.filter(({ meanUs }) => durationMs * 1000 < FEWEST_LATENCIES * meanUs);
  if (short.length === 0) return [];
  const longestUs = Math.max(...short.map(({ meanUs }) => meanUs));
  const enough = formatDuration(1000 * Math.ceil((FEWEST_LATENCIES * longestUs) / 1e6));
  const message =
    `${short.length} of ${measured.length} measured combinations had trials shorter than ${FEWEST_LATENCIES} times the ` +
    `predicted latency, which is up to ${latencyText(longestUs)}: the start, when all users enter at once, weighs too ` +
    `much in their figures; give --duration ${enough} or more`;
  return [{ code: "short-trials", message }];
}

export function warningsOnTrials(trials: readonly PredictTrial[]): Warning[] {
  const warnings: Warning[] = [];
  const blind = trials.filter(({ trial }) => trial.server.cpuUtilization === null).map(({ strategy }) => strategy);
  if (blind.length > 0) {
    const message =
      `${[...new Set(blind)].join(", ")}: the server does not tell the CPU of its main thread, without which there is ` +
      "no model; Redis 6.2 or later does";
    warnings.push({ code: "no-server-cpu", message });
  }
  const failed = trials.reduce((sum, { trial }) => sum + trial.entries.failed, 0);
  if (failed > 0) {
    const attempted = trials.reduce((sum, { trial }) => sum + trial.entries.attempted, 0);
    const message = `${failed} of ${attempted} entries failed in the trials: the model knows of no failures`;
    warnings.push({ code: "failures", message });
  }
  return warnings;
}
