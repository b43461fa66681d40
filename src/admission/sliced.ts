import type { AdmissionDesign, Admitted } from "./admission.js";
import { looped } from "./looped.js";

const SLICE = 100;

/** The published script a hundred users at a time: others are served between the slices. */
export const sliced: AdmissionDesign = {
  name: "sliced",
  summary: `the existing script, ${SLICE} users a call, one call after another`,
  atomic: "slices",
  token: "hash",
  script: looped.script,
  undoes: [],
  async admit(redis, order): Promise<Admitted> {
    const commands: Record<string, number> = {};
    let users = 0;
    for (let left = order.count; left > 0; left -= SLICE) {
      const count = Math.min(SLICE, left);
      const slice = await looped.admit(redis, { ...order, count });
      users += slice.users;
      for (const [name, calls] of Object.entries(slice.commands)) commands[name] = (commands[name] ?? 0) + calls;
      if (slice.users < count) break;
    }
    return { users, commands };
  },
};
