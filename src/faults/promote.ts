import { replicasOf } from "../targets/primaries.js";
import { busiestPrimary } from "./busiest.js";
import { type Fault, OVER } from "./fault.js";

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
  async begin({ control, watched }) {
    if (watched !== undefined) {
      await watched.promote();
      return OVER;
    }
    const [replica] = await replicasOf(control, await busiestPrimary(control));
    if (replica === undefined) throw new Error("the busiest primary has no replica");
    await replica.call("CLUSTER", "FAILOVER");
    return OVER;
  },
};
