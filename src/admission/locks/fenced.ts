import { loadScript } from "../../strategies/script.js";
import { fenceKey, lockKey } from "../keys.js";
import { callScript, USUAL_ARGV, USUAL_KEYS } from "../script-call.js";
import { compareAndDelete, RELEASE_LOCK } from "./compare-and-delete.js";
import type { ClusterLock } from "./lock.js";

const TAKE_FENCED_LOCK = loadScript("take_fenced_lock");
const MOVE_TO_ACTIVE_FENCED = loadScript("move_to_active_fenced");

/** Each holder has a number, and the admission script refuses all but the latest; it also sees to the capacity. */
export const fenced: ClusterLock = {
  name: "fenced",
  summary: "a number for each holder, which the admission script checks; it sees to the capacity too",
  isExclusive: true,
  scripts: [TAKE_FENCED_LOCK, MOVE_TO_ACTIVE_FENCED, RELEASE_LOCK],
  async acquire(redis, term) {
    const keys = [lockKey(term.keys), fenceKey(term.keys)];
    const fence = await callScript(redis, TAKE_FENCED_LOCK, keys, [term.owner, term.ttlMs]);
    return fence === 0 ? undefined : { ...term, fence };
  },
  plan: async (_redis, { count }) => count,
  async admit(redis, { fence }, order) {
    const keys = [...USUAL_KEYS(order), fenceKey(order.keys)];
    const argv = [...USUAL_ARGV(order), fence, order.capacity];
    return Math.max(0, await callScript(redis, MOVE_TO_ACTIVE_FENCED, keys, argv));
  },
  release: compareAndDelete.release,
};
