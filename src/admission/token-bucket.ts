import { loadScript } from "../strategies/script.js";
import type { AdmissionDesign } from "./admission.js";
import { bucketKey } from "./keys.js";
import { byScript, USUAL_ARGV, USUAL_KEYS } from "./script-call.js";

const ADMIT_TOKEN_BUCKET = loadScript("admit_token_bucket");

/** Any number of schedulers may call it at any time: the script keeps to the rate and the capacity. */
export const tokenBucket: AdmissionDesign = {
  name: "token-bucket",
  summary: "a script that keeps rate and capacity itself, so schedulers need no lock",
  atomic: "yes",
  token: "hash",
  script: ADMIT_TOKEN_BUCKET,
  undoes: [],
  admit: byScript(
    ADMIT_TOKEN_BUCKET,
    (order) => [...USUAL_KEYS(order), bucketKey(order.keys)],
    (order) => [...USUAL_ARGV(order), order.ratePerSec, order.capacity],
    (users) => ({
      time: 1,
      hmget: 1,
      zremrangebyscore: 1,
      zcard: 1,
      zpopmin: 1,
      zadd: users,
      hset: users + 1,
      expire: users,
    }),
  ),
};
