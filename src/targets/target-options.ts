import { usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { checkProgram } from "./redis-binary.js";
import type { TargetOptions } from "./target.js";
import { addressOf, isLoopback } from "./url.js";

type Asked = Pick<TargetOptions, "cluster" | "redisServer" | "singleServerOnly" | "allowRemote">;

/**
 * What options alone tell to be wrong with a target.
 * @param given the endpoints of `--url`; none: a server of our own
 * @throws QbenchError (usage)
 */
export function checkTargetOptions(given: readonly Endpoint[], asked: Asked): void {
  const { cluster, redisServer, singleServerOnly } = asked;
  const isBySentinel = given.some(({ primaryName }) => primaryName !== undefined);
  if (singleServerOnly !== undefined && (cluster !== undefined || (given.length > 1 && !isBySentinel))) {
    throw usageError(`one server is needed ${singleServerOnly}`, "leave --cluster out, and give one --url at most");
  }
  if (given.length === 0) {
    if (redisServer !== undefined) checkProgram(redisServer);
    return;
  }
  if (redisServer !== undefined) {
    throw usageError("--redis-server starts a server and --url names a running one", "give one of the two");
  }
  if (cluster !== undefined) {
    throw usageError(
      "--cluster starts a cluster and --url names a running server",
      "give one of the two: a server in cluster mode is known by itself",
    );
  }
  for (const one of given) refuseRemote(one, asked);
}

/** @throws QbenchError (usage) */
export function refuseRemote(endpoint: Endpoint, { allowRemote }: Pick<TargetOptions, "allowRemote">): void {
  if (isLoopback(endpoint) || allowRemote) return;
  throw usageError(
    `${addressOf(endpoint)} is not on this machine`,
    "add --allow-remote if it is yours to load: a run puts it under full load",
  );
}
