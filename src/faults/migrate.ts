import { migrateSlot } from "../targets/migrate-slot.js";
import { primariesOf } from "../targets/primaries.js";
import { busiestPrimary } from "./busiest.js";
import { type Fault, OVER } from "./fault.js";

/** As when nodes are added: clients meet ASK, TRYAGAIN and at last MOVED, and nothing is lost. */
export const migrate: Fault = {
  name: "migrate",
  summary: "moves the fullest slot of the busiest primary to another one, under load",
  lastsMs: null,
  needs: "cluster",
  serverIs: "there",
  async begin({ control }) {
    const from = await busiestPrimary(control);
    const to = primariesOf(control).find((node) => node !== from);
    if (to === undefined) throw new Error("a cluster of one primary has nowhere to move a slot to");
    const [, keys] = await from.scan(0, "COUNT", 1000);
    if (keys.length === 0) throw new Error("no primary holds a key yet");
    const slots = await Promise.all(keys.map((key) => from.call("CLUSTER", "KEYSLOT", key).then(Number)));
    const count = (slot: number): number => slots.filter((one) => one === slot).length;
    await migrateSlot(
      from,
      to,
      slots.reduce((most, one) => (count(one) > count(most) ? one : most)),
    );
    return OVER;
  },
};
