import { loadScript } from "../strategies/script.js";
import { type AdmissionDesign, USERS_A_ZADD } from "./admission.js";
import { byScript, USUAL_ARGV, USUAL_KEYS } from "./script-call.js";

const ADMIT_SET_EX = loadScript("admit_set_ex");

export const setEx: AdmissionDesign = {
  name: "set-ex",
  summary: "a script with one ZADD for many users and SET EX for each: tokens are strings",
  atomic: "yes",
  token: "string",
  script: ADMIT_SET_EX,
  undoes: [],
  admit: byScript(ADMIT_SET_EX, USUAL_KEYS, USUAL_ARGV, (users) => ({
    zpopmin: 1,
    zadd: Math.ceil(users / USERS_A_ZADD),
    set: users,
  })),
};
