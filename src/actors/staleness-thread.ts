import { parentPort, workerData } from "node:worker_threads";
import type { Redis } from "ioredis";
import { nowUs } from "../base/clock.js";
import { Histogram } from "../measure/histogram.js";
import { connectControl } from "../targets/control.js";
import type { FromStaleness, StalenessPlan, ToStaleness } from "./staleness.js";

/** Entry of the thread that measures staleness; see there. */
const { primary: ofPrimary, replicas: ofReplicas, key, everyUs } = workerData as StalenessPlan & { everyUs: number };
const port = parentPort!;
const post = (message: FromStaleness): void => port.postMessage(message);

/** Acknowledgements that are remembered: a replica that is further behind counts as so far behind. */
const REMEMBERED = 1 << 17;

const primary = await connectControl(ofPrimary, { resends: false });
const replicas = await Promise.all(ofReplicas.map(connectReplica));
const behind = new Histogram();
/** By number, when it was acknowledged; NaN: never. */
const acknowledgedUs = new Float64Array(REMEMBERED);
const underWay = new Set<Promise<void>>();
let written = 0;
let acknowledged = 0;
let writes = 0;
let reads = 0;
let staleReads = 0;
let failed = 0;

async function connectReplica(endpoint: StalenessPlan["primary"]): Promise<Redis> {
  const redis = await connectControl(endpoint, { resends: false });
  await redis.readonly();
  return redis;
}

/** Reads first: what the turn before wrote had its time by now. */
function take(): void {
  for (const replica of replicas) track(read(replica));
  track(write());
}

async function write(): Promise<void> {
  const number = ++written;
  acknowledgedUs[number % REMEMBERED] = Number.NaN;
  await primary.set(key, number);
  writes++;
  acknowledgedUs[number % REMEMBERED] = nowUs();
  acknowledged = number;
}

async function read(replica: Redis): Promise<void> {
  const sentUs = nowUs();
  const upTo = acknowledged;
  const seen = Number((await replica.get(key)) ?? 0);
  reads++;
  if (seen >= upTo) {
    behind.record(0);
    return;
  }
  staleReads++;
  let oldest = Math.max(seen + 1, written - REMEMBERED + 1);
  while (Number.isNaN(acknowledgedUs[oldest % REMEMBERED]) && oldest < upTo) oldest++;
  behind.record(sentUs - acknowledgedUs[oldest % REMEMBERED]!);
}

function track(one: Promise<void>): void {
  const tracked: Promise<void> = one
    .catch(() => {
      failed++;
    })
    .finally(() => underWay.delete(tracked));
  underWay.add(tracked);
}

let timer: NodeJS.Timeout | undefined;
let startUs = 0;
port.on("message", async (message: ToStaleness) => {
  if (message.type === "start") {
    startUs = nowUs();
    timer = setInterval(take, everyUs / 1000);
    return;
  }
  clearInterval(timer);
  const tookUs = nowUs() - startUs;
  await Promise.all(underWay);
  post({ type: "result", behind: behind.data(), writes, reads, staleReads, failed, tookUs });
});
post({ type: "opened" });
