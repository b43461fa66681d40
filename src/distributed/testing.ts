import { segmentOf } from "../worker/testing.js";

/** For tests: what an instance of an agent might be given to do. */
export const SEGMENT = segmentOf({
  count: 4,
  score: "timestamp",
  vus: 10,
  durationMs: 1000,
  entries: null,
  newUsersPerGeneration: 50,
  generations: Number.POSITIVE_INFINITY,
  timeoutMs: 1000,
  seed: 7,
  historyBytes: 1000,
});
