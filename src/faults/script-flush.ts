import { primariesNow } from "../targets/primaries.js";
import { type Fault, OVER } from "./fault.js";

/** What a failover or somebody else's deployment does to EVALSHA: NOSCRIPT, until the script is loaded again. */
export const scriptFlush: Fault = {
  name: "script-flush",
  summary: "has the server forget all scripts (SCRIPT FLUSH)",
  lastsMs: null,
  needs: "commands",
  serverIs: "there",
  async begin({ control }) {
    for (const node of await primariesNow(control)) await node.script("FLUSH");
    return OVER;
  },
};
