import { tokenBucket as design } from "../token-bucket.js";
import type { ClusterLock } from "./lock.js";
import { none } from "./none.js";

/** No lock, and none needed: however many schedulers call, the script keeps to the rate and to the capacity. */
export const tokenBucket: ClusterLock = {
  name: "token-bucket",
  summary: "no lock and none needed: the script keeps rate and capacity itself",
  isExclusive: false,
  scripts: design.script === undefined ? [] : [design.script],
  acquire: none.acquire,
  plan: async (_redis, { count }) => count,
  admit: async (redis, _lease, order) => (await design.admit(redis, order)).users,
  release: none.release,
};
