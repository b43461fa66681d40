import { environmentError, type QbenchError, usageError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { connectControl } from "./control.js";
import { translateRedisError } from "./redis-errors.js";
import { addressOf } from "./url.js";

/** Nothing that Sentinel is asked takes it longer, and there may be several to ask. */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * The primary of the name that `redis-sentinel://` URLs give, as the first Sentinel says that answers: asked once, when a
 * run starts. User and password are the primary's. Servers that were named themselves stay as they are.
 * @throws QbenchError usage: the URLs do not name one primary; environment: no Sentinel answers, or knows the name.
 */
export async function withPrimary(endpoints: readonly Endpoint[]): Promise<readonly Endpoint[]> {
  const names = new Set(endpoints.map(({ primaryName }) => primaryName));
  const [name] = names;
  if (names.size > 1) {
    throw usageError(
      "--url names different primaries, or Sentinels beside a server",
      "give the URLs of all Sentinels with the same name at the end, or one server",
    );
  }
  if (name === undefined) return endpoints;
  let failure: QbenchError | undefined;
  for (const sentinel of endpoints) {
    try {
      return [await askSentinel(sentinel, name)];
    } catch (error) {
      failure = translateRedisError(error, sentinel);
    }
  }
  throw failure;
}

async function askSentinel(sentinel: Endpoint, name: string): Promise<Endpoint> {
  const { primaryName: _, ...primary } = sentinel;
  const asked = { ...primary, username: undefined, password: undefined, db: 0 };
  const control = await connectControl(asked, { connectTimeoutMs: CONNECT_TIMEOUT_MS });
  try {
    const found = (await control.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)) as [string, string] | null;
    if (found === null) {
      throw environmentError(
        `the Sentinel at ${addressOf(sentinel)} knows no primary of the name at the end of --url`,
        "`redis-cli -p 26379 SENTINEL MASTERS` lists the names",
      );
    }
    const [host, port] = found;
    return { ...primary, host, port: Number(port) };
  } finally {
    control.disconnect();
  }
}
