import { loadScript } from "../strategies/script.js";
import { type AdmissionDesign, USERS_A_ZADD } from "./admission.js";
import { byScript, USUAL_ARGV, USUAL_KEYS } from "./script-call.js";

const ADMIT_VARIADIC = loadScript("admit_variadic");

export const variadic: AdmissionDesign = {
  name: "variadic",
  summary: "a script with one ZADD for many users; HSET and EXPIRE for each",
  atomic: "yes",
  token: "hash",
  script: ADMIT_VARIADIC,
  undoes: [],
  admit: byScript(ADMIT_VARIADIC, USUAL_KEYS, USUAL_ARGV, (users) => ({
    zpopmin: 1,
    zadd: Math.ceil(users / USERS_A_ZADD),
    hset: users,
    expire: users,
  })),
};
