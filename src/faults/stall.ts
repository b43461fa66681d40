import { type Fault, needed } from "./fault.js";

/** What a long script, a fork or a frozen machine looks like from outside: connections stay, nobody answers. */
export const stall: Fault = {
  name: "stall",
  summary: "stops the server's process by SIGSTOP, then lets it go on",
  lastsMs: 500,
  needs: "own-server",
  serverIs: "away",
  async begin({ own }) {
    const server = needed(own);
    server.pause();
    return async () => server.resume();
  },
};
