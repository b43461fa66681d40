import { STOP_SIGNALS, type StopSignal } from "../base/errors.js";

let isHeeded = false;
let hasWorked = false;

/**
 * Whether work heeds this signal; otherwise it ends the process. A terminal that is closed sends SIGHUP twice, by its
 * shell and by the kernel, and perhaps after Ctrl-C: that is no impatience.
 */
export const signalIsHeeded = (signal: StopSignal): boolean => isHeeded || (signal === "SIGHUP" && hasWorked);

/**
 * Runs `work` with a signal that Ctrl-C (SIGINT), SIGTERM or a terminal that is closed (SIGHUP) aborts: the run stops
 * starting entries, reads and cleans the server, and reports what it has. The second one ends the process at once; an
 * embedded server goes with it, and keys on another are removed by the next start.
 */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: StopSignal): void => {
    ignore();
    console.error(`qbench: ${signal}: finishing what is in flight; once more ends at once`);
    controller.abort(signal);
  };
  const ignore = (): void => {
    isHeeded = false;
    for (const name of STOP_SIGNALS) process.off(name, stop);
  };
  isHeeded = true;
  hasWorked = true;
  for (const name of STOP_SIGNALS) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    ignore();
  }
}
