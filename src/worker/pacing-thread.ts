import { readFileSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { sharedNowUs } from "../base/clock.js";
import type { PacingData } from "./messages.js";
import { PaceBoard } from "./pace-board.js";

/**
 * Entry of the pacing thread: it sleeps with the precision of the system's own timers, which Node's cannot, and wakes the
 * measuring threads when their arrivals are due. They themselves neither sleep nor spin, so that replies are read when
 * they come and the event loop stays a measure of its load.
 */

/** Never sleeps less: more wake-ups would cost the measuring threads more than they gain. */
const SHORTEST_US = { arrivals: 200, delay: 20 };
/** Nor more while a trial runs: somebody may want to be woken earlier than he said before. */
const LONGEST_US = 500;
const TELL_CPU_EVERY_US = 50_000;

const { memory, isDelayed } = workerData as PacingData;
const board = new PaceBoard(memory);
const shortestUs = isDelayed ? SHORTEST_US.delay : SHORTEST_US.arrivals;

for (;;) {
  board.waitUntilRunning();
  let toldUs = 0;
  while (board.isRunning) {
    const { changes } = board;
    const nowUs = sharedNowUs();
    const leftUs = board.wakeDue(nowUs, LONGEST_US);
    if (nowUs - toldUs > TELL_CPU_EVERY_US) {
      board.cpuMs = cpuMs();
      toldUs = nowUs;
    }
    board.sleep(Math.max(shortestUs, leftUs), nowUs, changes);
  }
}

/** CPU of this thread (Linux); 0 where the system does not tell. */
function cpuMs(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ", 1)[0]) / 1e6;
  } catch {
    return 0;
  }
}
