import type { Redis } from "ioredis";
import { environmentError, type QbenchError, usageError } from "../base/errors.js";
import type { Address, Endpoint, Sentinels } from "../drivers/driver.js";
import { addressKey } from "../drivers/proxies.js";
import { connectControl } from "./control.js";
import { translateRedisError } from "./redis-errors.js";
import { until } from "./until.js";
import { addressOf } from "./url.js";

/** Nothing that Sentinel is asked takes it longer, and there may be several to ask. */
const CONNECT_TIMEOUT_MS = 2_000;
const REPLACE_WITHIN_MS = 30_000;

/**
 * The primary of the name that `redis-sentinel://` URLs give, as the first Sentinel says that answers, with what it takes
 * to find it again. User and password are the primary's. Servers that were named themselves stay as they are.
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
  const { primaryName: _, ...login } = endpoints[0]!;
  return [
    await atSentinel(endpoints, login, async (control, sentinel) => {
      const found = (await control.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)) as [string, string] | null;
      if (found === null) {
        throw environmentError(
          `the Sentinel at ${addressOf({ ...login, ...sentinel })} knows no primary of the name at the end of --url`,
          "`redis-cli -p 26379 SENTINEL MASTERS` lists the names",
        );
      }
      const [host, port] = found;
      const others = await addressesIn(control, "SENTINELS", name);
      const at = distinct([sentinel, ...endpoints, ...others]);
      const replicas = await addressesIn(control, "REPLICAS", name);
      return { ...login, host, port: Number(port), sentinels: { name, at, replicas } };
    }),
  ];
}

/**
 * Has a Sentinel put a replica in the primary's place; resolves when it names that one.
 * @throws whatever it answers, as when no replica is fit for it; QbenchError (environment) if it takes too long.
 */
export const failOver = (primary: Endpoint, { at, name }: Sentinels): Promise<void> =>
  atSentinel(at, primary, async (control) => {
    const told = async (): Promise<Fields> => fieldsOf((await control.call("SENTINEL", "MASTER", name)) as string[]);
    const addressIn = ({ ip = "", port }: Fields): string => addressKey({ host: ip, port: Number(port) });
    const before = addressIn(await told());
    await control.call("SENTINEL", "FAILOVER", name);
    const late = {
      atMs: performance.now() + REPLACE_WITHIN_MS,
      message: `no replica took the primary's place within ${REPLACE_WITHIN_MS / 1000} s, though a Sentinel said it would`,
      hint: "its own log says what it waits for",
    };
    await until(late, async () => {
      const now = await told();
      return addressIn(now) !== before && !now.flags?.includes("failover_in_progress");
    });
  });

/**
 * Asks the first Sentinel that can be connected to, as nobody, and with TLS if the primary has it.
 * @throws QbenchError (environment) if none can; whatever `use` does.
 */
async function atSentinel<T>(
  sentinels: readonly Address[],
  { tls }: Endpoint,
  use: (control: Redis, sentinel: Address) => Promise<T>,
): Promise<T> {
  let failure: QbenchError | undefined;
  for (const { host, port } of sentinels) {
    const asked = { host, port, tls, username: undefined, password: undefined, db: 0 };
    try {
      const control = await connectControl(asked, { connectTimeoutMs: CONNECT_TIMEOUT_MS });
      try {
        return await use(control, { host, port });
      } finally {
        control.disconnect();
      }
    } catch (error) {
      if ((error as Error).name === "ReplyError") throw error;
      failure = translateRedisError(error, asked);
    }
  }
  throw failure;
}

async function addressesIn(control: Redis, of: "SENTINELS" | "REPLICAS", name: string): Promise<Address[]> {
  const told = (await control.call("SENTINEL", of, name)) as string[][];
  return told.map(fieldsOf).map(({ ip = "", port }) => ({ host: ip, port: Number(port) }));
}

type Fields = Readonly<Record<string, string | undefined>>;

/** Names and values in turn. */
function fieldsOf(told: readonly string[]): Fields {
  const pairs = told.flatMap((name, i) => (i % 2 === 0 ? [[name, told[i + 1]!] as const] : []));
  return Object.fromEntries(pairs);
}

const distinct = (addresses: readonly Address[]): Address[] => [
  ...new Map(addresses.map(({ host, port }) => [addressKey({ host, port }), { host, port }])).values(),
];
