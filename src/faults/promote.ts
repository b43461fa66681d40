import { replicasOf } from "../targets/primaries.js";
import { until } from "../targets/until.js";
import { busiestPrimary } from "./busiest.js";
import { type Fault, OVER } from "./fault.js";

/** The primary gives up after five seconds if its replica does not come to have all it has. */
const PROMOTE_WITHIN_MS = 10_000;

/**
 * As before maintenance. In a cluster the primary holds its clients back until the replica has all it has, so nothing is
 * lost; Sentinels promote a replica, and tell of it a second later: what the former primary answers until then is lost.
 */
export const promote: Fault = {
  name: "promote",
  summary: "has a replica take the busiest primary's place (CLUSTER FAILOVER, or SENTINEL FAILOVER)",
  lastsMs: null,
  needs: "successor",
  serverIs: "there",
  forgets: "afterwards",
  async begin({ control, watched, runId }) {
    if (watched !== undefined) {
      await watched.promote();
      return OVER;
    }
    const [replica] = await replicasOf(control, await busiestPrimary(control, runId));
    if (replica === undefined) throw new Error("the busiest primary has no replica");
    await replica.call("CLUSTER", "FAILOVER");
    const late = {
      atMs: performance.now() + PROMOTE_WITHIN_MS,
      message: `the replica did not take its primary's place within ${PROMOTE_WITHIN_MS / 1000} s, though it said it would`,
      hint: "its own log says what it waited for",
    };
    await until(late, async () => (await replica.info("replication")).includes("role:master"));
    return OVER;
  },
};
