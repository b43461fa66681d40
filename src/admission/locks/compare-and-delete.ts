import { loadScript } from "../../strategies/script.js";
import { lockKey } from "../keys.js";
import { callScript } from "../script-call.js";
import { admitAsPlanned, type ClusterLock, planByCapacity } from "./lock.js";
import { setIfFree } from "./plain.js";

export const RELEASE_LOCK = loadScript("release_lock");

/** Nobody frees another's lock; but whoever slept past his time still admits. */
export const compareAndDelete: ClusterLock = {
  name: "compare-and-delete",
  summary: "SET NX PX to take it, a script that frees it only for its holder",
  isExclusive: true,
  scripts: [RELEASE_LOCK],
  acquire: setIfFree,
  plan: planByCapacity,
  admit: admitAsPlanned,
  async release(redis, { keys, owner }) {
    await callScript(redis, RELEASE_LOCK, [lockKey(keys)], [owner]);
  },
};
