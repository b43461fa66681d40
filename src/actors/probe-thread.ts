import { parentPort, workerData } from "node:worker_threads";
import { nowUs } from "../base/clock.js";
import type { Endpoint } from "../drivers/driver.js";
import { Histogram } from "../measure/histogram.js";
import { connectControl } from "../targets/control.js";
import type { FromProbe, ToProbe } from "./probe.js";

/** Entry of the probe's thread: one PING every so often, whatever becomes of those before it. */
const { endpoint, everyUs } = workerData as { endpoint: Endpoint; everyUs: number };
const port = parentPort!;
const post = (message: FromProbe): void => port.postMessage(message);

const redis = await connectControl(endpoint, { resends: false });
let answer = new Histogram();
let lateness = new Histogram();
let failed = 0;
let originUs = 0;
let sent = 0;
let timer: NodeJS.Timeout | undefined;
const underWay = new Set<Promise<void>>();

function sendDue(): void {
  const now = nowUs();
  for (let plannedUs = originUs + sent * everyUs; plannedUs <= now; plannedUs = originUs + sent * everyUs) {
    sent++;
    lateness.record(now - plannedUs);
    const ping: Promise<void> = redis
      .ping()
      .then(
        // Late or not, it counts from when it was planned: a probe that was kept waiting has waited.
        () => answer.record(nowUs() - plannedUs),
        () => {
          failed++;
        },
      )
      .finally(() => underWay.delete(ping));
    underWay.add(ping);
  }
}

port.on("message", async (message: ToProbe) => {
  if (message.type === "start") {
    answer = new Histogram();
    lateness = new Histogram();
    failed = 0;
    sent = 0;
    originUs = nowUs();
    timer = setInterval(sendDue, 1);
    return;
  }
  clearInterval(timer);
  await Promise.all(underWay);
  post({ type: "result", answer: answer.data(), lateness: lateness.data(), sent, failed });
});
post({ type: "opened" });
