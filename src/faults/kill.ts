import { type Fault, needed, OVER } from "./fault.js";

/** What a host that dies is to its clients: gone for good. The run ends with what it has measured by then. */
export const kill: Fault = {
  name: "kill",
  summary: "ends the server by SIGKILL, for good: the run ends with it",
  lastsMs: null,
  needs: "own-server",
  serverIs: "gone",
  async begin({ own }) {
    await needed(own).kill();
    return OVER;
  },
};
