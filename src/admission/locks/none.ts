import { admitAsPlanned, type ClusterLock, planByCapacity } from "./lock.js";

/** Every scheduler admits whenever it likes. */
export const none: ClusterLock = {
  name: "none",
  summary: "no lock: every scheduler reads the capacity, then admits",
  isExclusive: false,
  scripts: [],
  acquire: async (_redis, term) => ({ ...term, fence: 0 }),
  plan: planByCapacity,
  admit: admitAsPlanned,
  release: async () => {},
};
