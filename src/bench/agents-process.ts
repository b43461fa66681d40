import { runAgent } from "../distributed/agent.js";
import { parseRedisUrl } from "../targets/url.js";
import { simulatedThreads } from "./simulated-threads.js";

/** A process of many simulated agents, started by agents.ts: the arguments are their number and the control Redis. */
const agents = Number(process.argv[2]);
const endpoint = parseRedisUrl(process.argv[3] as string);
await Promise.all(
  Array.from({ length: agents }, (_, i) =>
    runAgent(
      {
        endpoint,
        agent: `simulated-${i + 1}`,
        permissions: { targets: [], strategyFiles: false },
        openThreads: simulatedThreads,
        once: true,
        say: () => {},
      },
      new AbortController().signal,
    ),
  ),
);
process.exit();
