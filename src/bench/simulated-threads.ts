import { setTimeout as sleep } from "node:timers/promises";
import { History, RESULT } from "../audit/history.js";
import { nowUs } from "../base/clock.js";
import { prng } from "../base/prng.js";
import type { Open } from "../distributed/messages.js";
import type { Generators } from "../engine/generators.js";
import { Histogram } from "../measure/histogram.js";
import { userNumber } from "../plan/segment.js";
import { concertIdOf, concertKeys, userIdOf } from "../queue/keys.js";
import { connectControl } from "../targets/control.js";
import type { Segment, SegmentResult } from "../worker/segment.js";

/**
 * Measuring threads that measure nothing: they put their users into the queue while they prepare, wait for as long as a
 * trial takes, and tell results as large as real ones. A hundred agents fit on two cores that way.
 */
const TRIAL_MS = 1000;
const USERS_A_COMMAND = 1000;
const MEAN_US = 20_000;

export async function simulatedThreads({ driver, threads }: Open): Promise<Generators> {
  const redis = await connectControl(driver.endpoints[0]!);
  const idle = { idle: 1, active: 0, utilization: 0 };
  return {
    agents: null,
    pacingCpuMs: null,
    async run(segments, whenReady, whenOpen, whenEnded) {
      for (const segment of segments) await join(segment);
      await whenReady();
      const startUs = nowUs();
      whenOpen?.([{ arrivedUs: startUs, passedUs: startUs }]);
      await sleep(TRIAL_MS);
      await whenEnded?.(false);
      return segments.map(resultOf);
    },
    progress: () => ({ succeeded: 1, failed: 0, inProgress: 1, heapUsedBytes: 1, arrayBuffersBytes: 1 }),
    latencies: () => new Histogram(),
    eventLoops: () => Array.from({ length: threads.instances }, () => idle),
    abort: () => {},
    close: async () => redis.disconnect(),
  };

  async function join(segment: Segment): Promise<void> {
    const { waiting } = concertKeys(concertIdOf(segment.runId, segment.firstConcert));
    const entries = segment.entries ?? 0;
    for (let from = 0; from < entries; from += USERS_A_COMMAND) {
      const members: string[] = [];
      for (let k = from; k < Math.min(entries, from + USERS_A_COMMAND); k++) {
        members.push(String(1 + k), userIdOf(userNumber(segment, k)));
      }
      await redis.zadd(waiting, ...members);
    }
  }
}

function resultOf(segment: Segment): SegmentResult {
  const entries = segment.entries ?? 0;
  const random = prng(segment.seed);
  const history = new History({ instance: segment.index, budgetBytes: segment.historyBytes });
  const latencies = new Histogram();
  for (let k = 0; k < entries; k++) {
    const repliedUs = ((k + 1) * TRIAL_MS * 1000) / entries;
    const tookUs = Math.min(repliedUs, -MEAN_US * Math.log(1 - random.next()));
    const sentUs = repliedUs - tookUs;
    latencies.record(tookUs);
    history.append(
      segment.firstConcert,
      userNumber(segment, k),
      RESULT.NEW,
      RESULT.NEW,
      sentUs,
      sentUs,
      sentUs,
      repliedUs,
      0,
      0,
    );
  }
  return plainResult({ ...segment, entries, latencies, history });
}

/** What instance `index` tells of so many entries, each NEW at once: as large as what a real one tells. */
export function plainResult({
  index,
  firstConcert,
  entries,
  latencies,
  history,
}: Pick<Segment, "index" | "firstConcert"> & {
  readonly entries: number;
  readonly latencies: Histogram;
  readonly history: History;
}): SegmentResult {
  const indexes = [...latencies.counts.keys()].filter((index) => latencies.counts[index] !== 0);
  const nothing = new Histogram().data();
  return {
    index,
    durationMs: TRIAL_MS,
    attempted: entries,
    answers: { NEW: entries, WAITING: 0, ACTIVE: 0 },
    failures: {},
    failureExamples: {},
    inDoubt: 0,
    unsent: 0,
    dropped: 0,
    roundTrips: entries,
    entry: latencies.data(),
    service: latencies.data(),
    poolWait: nothing,
    failed: nothing,
    response: null,
    startLag: null,
    poll: null,
    addedDelay: null,
    planned: null,
    users: { arrivals: entries, polls: 0, repeats: 0, returns: 0 },
    leaves: { succeeded: 0, failed: 0 },
    reads: { succeeded: 0, failed: 0, nowhere: 0, sentToPrimary: 0, sentToReplica: 0 },
    seconds: [
      {
        second: 0,
        succeeded: entries,
        failed: 0,
        failures: {},
        indexes: Uint16Array.from(indexes),
        counts: Uint32Array.from(indexes, (index) => latencies.counts[index]!),
      },
    ],
    events: [],
    moments: null,
    inProgress: { mean: (entries * MEAN_US) / (TRIAL_MS * 1000), samples: 100 },
    health: {
      wallMs: TRIAL_MS,
      cpuMs: TRIAL_MS / 2,
      coreWaitMs: 0,
      eventLoopUtilization: 0.5,
      loopLagMs: { p99: 0, max: 0 },
      gcMs: 0,
    },
    memory: { heapUsedBytes: 0, arrayBuffersBytes: 0, grownBytes: 0 },
    driver: {
      commands: { zadd: entries },
      socketWrites: entries,
      bytesSent: 0,
      bytesReceived: 0,
      reconnects: 0,
      scriptReloads: 0,
    },
    concerts: [
      {
        number: firstConcert,
        answers: { NEW: entries, WAITING: 0, ACTIVE: 0 },
        failed: 0,
        inDoubt: 0,
        left: 0,
        leavesInDoubt: 0,
      },
    ],
    parts: [],
    history: history.toTransfer().message,
    lineUps: [{ arrivedUs: 0, passedUs: 0 }],
    aborted: false,
    serverLost: false,
  };
}
