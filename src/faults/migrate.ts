import slotOf from "cluster-key-slot";
import type { Redis } from "ioredis";
import { runKeys } from "../targets/keys.js";
import { migrateSlot } from "../targets/migrate-slot.js";
import { primariesOf } from "../targets/primaries.js";
import { busiestPrimary } from "./busiest.js";
import { type Fault, OVER } from "./fault.js";

/** As when nodes are added: clients meet ASK, TRYAGAIN and at last MOVED, and nothing is lost. */
export const migrate: Fault = {
  name: "migrate",
  summary: "moves the run's fullest slot from the busiest primary to another one, under load",
  lastsMs: null,
  needs: "cluster",
  serverIs: "there",
  async begin({ control, runId }) {
    const from = await busiestPrimary(control, runId);
    const to = primariesOf(control).find((node) => node !== from);
    if (to === undefined) throw new Error("a cluster of one primary has nowhere to move a slot to");
    await migrateSlot(from, to, await fullestSlot(from, runId));
    return OVER;
  },
};

/** Of the slots that hold keys of the run; whoever else has keys in it has them moved as well. */
async function fullestSlot(node: Redis, runId: string): Promise<number> {
  const counts = new Map<number, number>();
  for await (const keys of runKeys(node, runId)) {
    for (const key of keys) counts.set(slotOf(key), (counts.get(slotOf(key)) ?? 0) + 1);
  }
  const [fullest] = [...counts].sort(([, a], [, b]) => b - a);
  if (fullest === undefined) throw new Error("no primary holds a key of this run yet");
  return fullest[0];
}
