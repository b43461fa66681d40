import { describe, expect, it } from "vitest";
import { findLimiter, type LimiterEvidence } from "./limiter.js";

/** Nothing is busy, and all users wait for replies: the network. */
const QUIET: LimiterEvidence = {
  serverBusy: 0.2,
  threadBusy: 0.3,
  coreWait: 0,
  serverCoreWait: null,
  loopLagMs: 0.4,
  gcShare: 0.01,
  countedInProgress: null,
  eventLoopBusy: 0.4,
  connections: "exclusive",
  poolConnections: 200,
  vus: 100,
  entriesPerSec: 10_000,
  meanEntryUs: 10_000,
  meanServiceUs: 9_900,
  meanPoolWaitUs: 100,
  pause: null,
  offeredPerSec: null,
};

describe("findLimiter", () => {
  it.each<[string, Partial<LimiterEvidence>, string]>([
    ["nothing is busy and all users wait for replies", {}, "network"],
    ["the server's main thread is full", { serverBusy: 0.95 }, "server"],
    ["a generator thread is full", { threadBusy: 0.95 }, "generator"],
    ["an event loop is full and the thread's CPU unknown", { threadBusy: null, eventLoopBusy: 0.97 }, "generator"],
    ["both are full", { serverBusy: 0.95, threadBusy: 0.95 }, "unclear"],
    [
      "all connections are taken and entries wait longer for one than on it",
      { poolConnections: 10, meanServiceUs: 1_000, meanPoolWaitUs: 9_000 },
      "pool",
    ],
    [
      "the same with shared connections, which nobody waits for",
      { connections: "shared", poolConnections: 10, meanServiceUs: 1_000, meanPoolWaitUs: 9_000 },
      "network",
    ],
    ["the generator had to wait for a core", { coreWait: 0.9 }, "unclear"],
    ["Redis had to wait for a core", { serverBusy: 0.7, serverCoreWait: 0.25 }, "unclear"],
    ["users think most of the time", { pause: "users think", meanEntryUs: 1_000, meanServiceUs: 900 }, "offered-load"],
    ["the offered rate was reached", { offeredPerSec: 10_000, serverBusy: 0.95 }, "offered-load"],
    ["the offered rate was not reached", { offeredPerSec: 20_000, serverBusy: 0.95 }, "server"],
    ["something is half busy", { serverBusy: 0.75 }, "unclear"],
    ["the server does not tell", { serverBusy: null }, "unclear"],
  ])("%s", (_, change, limiter) => {
    const found = findLimiter({ ...QUIET, ...change });
    expect(found.limiter).toBe(limiter);
    // Little's law stands under every verdict, and an open verdict names candidates.
    expect(found.evidence.join("\n")).toMatch(/Little's law: [\d.]+ entries in progress/);
    if (limiter === "unclear") expect(found.evidence.join("\n")).toContain("candidates: ");
  });
});
