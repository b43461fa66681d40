import { setTimeout as sleep } from "node:timers/promises";
import { nowUs } from "../base/clock.js";

/** Timers fire late by a few milliseconds on a busy machine; what is left is waited for outside of the event loop. */
const CLOSE_MS = 8;
const cell = new Int32Array(new SharedArrayBuffer(4));

/** Resolves when this process' monotonic clock shows `atUs`, at once if that is over. */
export async function awaitInstant(atUs: number): Promise<void> {
  const leftMs = (): number => (atUs - nowUs()) / 1000;
  if (leftMs() > CLOSE_MS) await sleep(leftMs() - CLOSE_MS);
  if (leftMs() > 0) Atomics.wait(cell, 0, 0, leftMs());
}
