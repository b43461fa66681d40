import { parentPort, workerData } from "node:worker_threads";
import { nowUs } from "../base/clock.js";
import { EXIT, QbenchError } from "../base/errors.js";
import { DelayLine } from "../drivers/delay/delay-line.js";
import { DRIVERS } from "../drivers/index.js";
import { addLuaFiles } from "../strategies/index.js";
import { PacedAlarm, TimerAlarm } from "./alarm.js";
import { Instance } from "./instance.js";
import { SharedControl } from "./live-counters.js";
import type { FromThread, ThreadData, ToThread } from "./messages.js";
import { PaceBoard } from "./pace-board.js";
import type { SegmentResult } from "./segment.js";

/** Entry of a measuring thread: opens its connections, then runs one segment after another until it is ended. */
const { index, memory, paceMemory, client, rtt, driver, luaFiles } = workerData as ThreadData;
addLuaFiles(luaFiles);
const control = new SharedControl(memory);
const port = parentPort!;
const post = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

const board = paceMemory === null ? null : new PaceBoard(paceMemory, rtt !== null);
const delay =
  board === null || rtt === null
    ? null
    : new DelayLine(rtt, nowUs, (ring) => {
        // Behind the wakers for arrivals, of which there are as many.
        return new PacedAlarm(board, board.wakers / 2 + index, ring);
      });

const Driver = await DRIVERS[client]();
const instance = new Instance({
  makeDriver: (events) => new Driver(driver, events, delay),
  delay,
  pool: driver.pool,
  routes: driver.endpoints.length,
  live: control.of(index),
  makeAlarm: (ring) => (board === null ? new TimerAlarm(ring) : new PacedAlarm(board, index, ring)),
});

port.on("message", (message: ToThread) => {
  handle(message).catch(reportFailure);
});
process.on("uncaughtException", reportFailure);
instance.open().then(() => post({ type: "opened" }), reportFailure);

async function handle(message: ToThread): Promise<void> {
  switch (message.type) {
    case "prepare": {
      instance.prepare(message.segment);
      post({ type: "prepared" });
      control.wait();
      const result = await instance.run(control.lineUp());
      post({ type: "result", result }, buffersOf(result));
      return;
    }
    case "abort":
      instance.abort(message.isServerLost);
  }
}

/** Histograms and history move to the main thread without a copy. */
function buffersOf(result: SegmentResult): ArrayBuffer[] {
  const histograms = [
    result.entry,
    result.service,
    result.poolWait,
    result.failed,
    result.response,
    result.startLag,
    result.poll,
    result.addedDelay,
  ];
  return [
    ...result.parts.map((part) => part.entry.counts.buffer),
    ...histograms.flatMap((one) => (one === null ? [] : [one.counts.buffer])),
    ...(result.moments === null
      ? []
      : [result.moments.succeeded, ...Object.values(result.moments.failed)].map((one) => one.buffer)),
    ...result.history.chunks.map((chunk) => chunk.buffer),
  ];
}

function reportFailure(error: unknown): void {
  if (error instanceof QbenchError) {
    const { kind, exitCode, message, hint } = error;
    post({ type: "failed", kind, exitCode, message, hint });
  } else {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    post({ type: "failed", kind: "bug", exitCode: EXIT.bug, message: text, hint: undefined });
  }
}
