import { replicasOf } from "../targets/primaries.js";
import { busiestPrimary } from "./busiest.js";
import { type Fault, OVER } from "./fault.js";

/** As before maintenance: the primary holds its clients back until the replica has all it has, so nothing is lost. */
export const promote: Fault = {
  name: "promote",
  summary: "has a replica take the busiest primary's place in good order (CLUSTER FAILOVER)",
  lastsMs: null,
  needs: "cluster",
  serverIs: "there",
  async begin({ control }) {
    const [replica] = await replicasOf(control, await busiestPrimary(control));
    if (replica === undefined) throw new Error("the busiest primary has no replica");
    await replica.call("CLUSTER", "FAILOVER");
    return OVER;
  },
};
