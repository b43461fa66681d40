import { type Fault, needed, OVER } from "./fault.js";

/** What a load balancer or a firewall that restarts does: every connection ends at once, by RST, the server being well. */
export const reset: Fault = {
  name: "reset",
  summary: "resets every measuring connection at once (RST), by a proxy in front of each server",
  lastsMs: null,
  needs: "proxy",
  serverIs: "there",
  async begin({ proxy }) {
    await needed(proxy).resetAll();
    return OVER;
  },
};
