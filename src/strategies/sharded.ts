import { callOf, costOfCall, ENTER_QUEUE } from "./lua.js";
import type { Strategy } from "./strategy.js";

const call = callOf(ENTER_QUEUE);

/**
 * One concert's queue as several, each with keys of its own under a hash tag of its own, so that a cluster can put them on
 * different nodes: what one hot concert needs to gain by a cluster at all. A user is told his place in the part that he
 * stands in. Times the number of parts that is about his place in the whole, and somebody who came later may be ahead:
 * by how much, `audit/shards.ts` counts.
 */
export const sharded: Strategy = {
  ...call,
  name: "sharded",
  summary: "lua over a queue in several parts (--shards); order and places are about right",
  isDefault: false,
  isSharded: true,
  atomic: "within a part",
  cost: costOfCall,
  // Each part keeps its order, but nobody waits in a part alone.
  promises: () => call.promises("timestamp"),
};
