import { loadScript } from "../strategies/script.js";
import { type AdmissionDesign, USERS_A_ZADD } from "./admission.js";
import { byScript } from "./script-call.js";

const ADMIT_ZSET_TOKEN = loadScript("admit_zset_token");

export const zsetToken: AdmissionDesign = {
  name: "zset-token",
  summary: "a script that moves many at once; the member of the active set is the token",
  atomic: "yes",
  token: "member",
  script: ADMIT_ZSET_TOKEN,
  undoes: [],
  admit: byScript(
    ADMIT_ZSET_TOKEN,
    ({ keys }) => [keys.waiting, keys.active],
    ({ count, expiresAtMs }) => [count, expiresAtMs],
    (users, { count }) => ({
      zrange: count > 0 ? 1 : 0,
      zremrangebyrank: users > 0 ? 1 : 0,
      zadd: Math.ceil(users / USERS_A_ZADD),
    }),
  ),
};
