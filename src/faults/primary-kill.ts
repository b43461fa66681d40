import { busiestPrimary } from "./busiest.js";
import { type Fault, needed, OVER } from "./fault.js";

/**
 * What a host that dies is to a cluster: nobody is answered until its replica has taken its place. What the dead primary
 * had acknowledged and not yet told its replica is lost. Before the next trial it is started again, as a replica.
 */
export const primaryKill: Fault = {
  name: "primary-kill",
  summary: "ends the busiest primary of a cluster by SIGKILL: its replica takes over",
  lastsMs: null,
  needs: "own-cluster",
  serverIs: "there",
  forgets: "afterwards",
  async begin({ control, cluster, runId }) {
    const own = needed(cluster);
    await own.kill(own.nodeOf(await busiestPrimary(control, runId)));
    return OVER;
  },
};
