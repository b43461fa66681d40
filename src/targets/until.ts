import { setTimeout as sleep } from "node:timers/promises";
import { environmentError } from "../base/errors.js";

const POLL_MS = 20;

/** What is waited for, and what to say when it does not come. */
export interface Deadline {
  /** By `performance.now()`. */
  readonly atMs: number;
  readonly message: string;
  readonly hint: string;
}

/** Looks again and again until it is so. @throws QbenchError (environment) once it is too late */
export async function until({ atMs, message, hint }: Deadline, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    if (performance.now() > atMs) throw environmentError(message, hint);
    await sleep(POLL_MS);
  }
}
