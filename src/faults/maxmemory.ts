import type { Fault } from "./fault.js";

/** Less than an empty server needs: every write is answered OOM. */
const TOO_LITTLE = "1";

/** The policy first, and back last: under any other one the server would throw away keys, other people's too. */
export const maxmemory: Fault = {
  name: "maxmemory",
  summary: "sets maxmemory so low that every write is answered OOM, then puts it back",
  lastsMs: 500,
  needs: "commands",
  serverIs: "there",
  async begin({ settings }) {
    await settings.set("maxmemory-policy", "noeviction");
    await settings.set("maxmemory", TOO_LITTLE);
    return () => settings.restore();
  },
};
