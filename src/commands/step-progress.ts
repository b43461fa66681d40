import { createLogUpdate } from "log-update";

/** What a person sees while trials are decided one by one, on stderr: one live line on a terminal, plain lines elsewhere. */
export interface StepProgress {
  started(what: string, index: number, count: number): void;
  /** A line that stays. */
  note(text: string): void;
  stop(): void;
}

export function createStepProgress(isQuiet: boolean): StepProgress {
  if (isQuiet) return { started() {}, note() {}, stop() {} };
  if (process.stderr.isTTY !== true) {
    return {
      started: (what, index, count) => console.error(`qbench: ${index + 1}/${count}: ${what}`),
      note: (text) => console.error(`qbench:   ${text}`),
      stop() {},
    };
  }
  const region = createLogUpdate(process.stderr, { showCursor: true });
  return {
    started: (what, index, count) => region(`${index + 1}/${count}: ${what}`),
    note: (text) => region.persist(text),
    stop: () => region.clear(),
  };
}

/** The same for many short steps: elsewhere than on a terminal, a line for every tenth of the way. */
export function createTenthsProgress(isQuiet: boolean): StepProgress {
  const progress = createStepProgress(isQuiet);
  if (process.stderr.isTTY === true) return progress;
  let told = -1;
  return {
    ...progress,
    started(what, index, count) {
      const tenth = Math.floor((10 * index) / count);
      if (tenth === told) return;
      told = tenth;
      progress.started(what, index, count);
    },
  };
}
