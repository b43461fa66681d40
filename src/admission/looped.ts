import { loadScript } from "../strategies/script.js";
import type { AdmissionDesign } from "./admission.js";
import { byScript, USUAL_ARGV, USUAL_KEYS } from "./script-call.js";

const MOVE_TO_ACTIVE = loadScript("move_to_active_queue");

/** The published script: 3 commands a user, and nobody else is served until the last one has his token. */
export const looped: AdmissionDesign = {
  name: "looped",
  summary: "the existing script: ZPOPMIN, then ZADD, HSET and EXPIRE for each user",
  atomic: "yes",
  token: "hash",
  script: MOVE_TO_ACTIVE,
  undoes: [],
  admit: byScript(MOVE_TO_ACTIVE, USUAL_KEYS, USUAL_ARGV, (users) => ({
    zpopmin: 1,
    zadd: users,
    hset: users,
    expire: users,
  })),
};
