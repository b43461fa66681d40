import { setTimeout as sleep } from "node:timers/promises";
import { environmentError, throwIfAborted } from "../base/errors.js";

const POLL_MS = 20;

/** What is waited for, and what to say when it does not come. */
export interface Deadline {
  /** By `performance.now()`. */
  readonly atMs: number;
  readonly message: string;
  readonly hint: string;
  /** Ends the waiting sooner. */
  readonly signal?: AbortSignal | undefined;
}

/** Looks again and again until it is so. @throws QbenchError environment: it is too late; interrupted */
export async function until({ atMs, message, hint, signal }: Deadline, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    if (signal !== undefined) throwIfAborted(signal);
    if (performance.now() > atMs) throw environmentError(message, hint);
    await sleep(POLL_MS);
  }
}
