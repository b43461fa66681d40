import { constants } from "node:os";

/**
 * Runs `work` with a signal that Ctrl-C (SIGINT) or SIGTERM aborts: the run stops starting entries, reads and cleans the
 * server, and reports what it has. The second one ends the process at once; an embedded server goes with it, and keys
 * on another are removed by the next start.
 */
export async function withSignals<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[signal]);
    console.error(`qbench: ${signal}: finishing what is in flight; once more ends at once`);
    controller.abort(signal);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
