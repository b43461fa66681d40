import { busiestPrimary } from "./busiest.js";
import { type Fault, needed } from "./fault.js";

/** Longer than the node timeout, it is failed over, and comes back as a replica that throws away what it alone had. */
export const primaryStall: Fault = {
  name: "primary-stall",
  summary: "stops the busiest primary of a cluster by SIGSTOP, then lets it go on",
  lastsMs: 500,
  needs: "own-cluster",
  serverIs: "there",
  forgets: "afterwards",
  async begin({ control, cluster, runId }) {
    const own = needed(cluster);
    const { server } = own.nodeOf(await busiestPrimary(control, runId));
    server.pause();
    return async () => server.resume();
  },
};
