import { createLogUpdate } from "log-update";
import type { TrialResult } from "../engine/trial-result.js";
import { percentileUs } from "../measure/hdr.js";
import { latencyText, percentText, rateText } from "../report/format.js";

/**
 * What a person sees while a run goes on, on stderr: one region on a terminal, a line for each finished trial
 * elsewhere, nothing with `--quiet`. It reads shared counters in the main thread; the measuring threads know nothing of it.
 */
export interface Progress {
  trialStarted(place: { readonly index: number; readonly count: number; readonly strategy: string }): void;
  ticked(progress: { readonly succeeded: number; readonly failed: number; readonly elapsedMs: number }): void;
  trialFinished(result: TrialResult): void;
  /** Removes the live region; lines stay. */
  stop(): void;
}

interface ProgressOptions {
  readonly isTerminal: boolean;
  readonly quiet: boolean;
}

const SILENT: Progress = { trialStarted() {}, ticked() {}, trialFinished() {}, stop() {} };

export function createProgress({ isTerminal, quiet }: ProgressOptions): Progress {
  if (quiet) return SILENT;
  let place = { index: 0, count: 0, strategy: "" };
  const label = (): string => `trial ${place.index + 1}/${place.count} ${place.strategy}`;
  const region = isTerminal ? createLogUpdate(process.stderr) : undefined;
  return {
    trialStarted(next) {
      place = next;
      region?.(`${label()}: warming up`);
    },
    ticked({ succeeded, failed, elapsedMs }) {
      const rate = elapsedMs > 0 ? (succeeded / elapsedMs) * 1000 : 0;
      const failures = failed > 0 ? `, ${failed} failed` : "";
      region?.(`${label()}: ${rateText(rate)} entries/s${failures}, ${(elapsedMs / 1000).toFixed(1)} s`);
    },
    trialFinished(result) {
      region?.clear();
      console.error(`${label()}: ${finished(result)}`);
    },
    stop() {
      region?.clear();
    },
  };
}

function finished(result: TrialResult): string {
  const { succeeded, attempted } = result.entries;
  const rate = result.durationMs > 0 ? (succeeded / result.durationMs) * 1000 : 0;
  const p99 = percentileUs(result.latency.entry, 99);
  const latency = p99 === null ? "" : `, p99 ${latencyText(p99)}`;
  const success = attempted > 0 ? `, ${percentText(succeeded / attempted)} succeeded` : "";
  return `${rateText(rate)} entries/s${latency}${success}, limit: ${result.limiter}${result.complete ? "" : ", cut short"}`;
}
