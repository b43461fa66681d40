import { type Fault, needed } from "./fault.js";

/** Nothing is persisted: what was acknowledged before is forgotten, and the audit counts it. */
export const restart: Fault = {
  name: "restart",
  summary: "ends the server by SIGKILL and starts it again with nothing in it, on the same port",
  lastsMs: 100,
  needs: "own-server",
  serverIs: "restarted",
  forgets: "meanwhile",
  async begin({ own }) {
    const server = needed(own);
    await server.kill();
    return () => server.start();
  },
};
