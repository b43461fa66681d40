import type { Redis } from "ioredis";
import { environmentError, type QbenchError, usageError } from "../base/errors.js";
import type { Address, Endpoint, Sentinels } from "../drivers/driver.js";
import { addressKey } from "../drivers/proxies.js";
import { connectControl } from "./control.js";
import { translateRedisError } from "./redis-errors.js";
import { type Deadline, until } from "./until.js";
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
  let failure: QbenchError | undefined;
  for (const sentinel of endpoints) {
    try {
      return [await primaryAt(sentinel, name, endpoints)];
    } catch (error) {
      failure = translateRedisError(error, sentinel);
    }
  }
  throw failure;
}

async function primaryAt(sentinel: Endpoint, name: string, given: readonly Endpoint[]): Promise<Endpoint> {
  const { primaryName: _, ...login } = sentinel;
  const control = await connectTo(sentinel, login);
  try {
    const found = (await control.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)) as [string, string] | null;
    if (found === null) {
      throw environmentError(
        `the Sentinel at ${addressOf(sentinel)} knows no primary of the name at the end of --url`,
        "`redis-cli -p 26379 SENTINEL MASTERS` lists the names",
      );
    }
    const at = distinct([sentinel, ...given, ...(await addressesIn(control, "SENTINELS", name))]);
    const replicas = await addressesIn(control, "REPLICAS", name);
    const [host, port] = found;
    return { ...login, host, port: Number(port), sentinels: { name, at, replicas } };
  } finally {
    control.disconnect();
  }
}

/**
 * Has the first Sentinel that is there put a replica in the primary's place; resolves when it names that one.
 * @throws whatever it answers, as when no replica is fit for it; QbenchError (environment) if it takes too long.
 */
export async function failOver(primary: Endpoint, { at, name }: Sentinels): Promise<void> {
  const control = await connectToFirst(at, primary);
  const told = async (): Promise<Fields> => fieldsOf((await control.call("SENTINEL", "MASTER", name)) as string[]);
  const addressIn = ({ ip = "", port }: Fields): string => addressKey({ host: ip, port: Number(port) });
  try {
    const before = addressIn(await told());
    await control.call("SENTINEL", "FAILOVER", name);
    const hint = "its own log says why: `-failover-abort-…`, or what it waits for";
    const late = {
      atMs: performance.now() + REPLACE_WITHIN_MS,
      message: `no replica took the primary's place within ${REPLACE_WITHIN_MS / 1000} s, though a Sentinel said it would`,
      hint,
    };
    await until(late, async () => {
      const now = await told();
      if (now.flags?.includes("failover_in_progress")) return false;
      if (addressIn(now) === before)
        throw environmentError("a Sentinel began to promote a replica and gave it up", hint);
      return true;
    });
  } finally {
    control.disconnect();
  }
}

/**
 * Waits until every Sentinel that is there has seen that the primary's replicas are replicas. One that last saw a former
 * primary as a primary would make it a replica once more, even if it has just been promoted again, which ends that failover.
 * @throws QbenchError (environment) at the deadline
 */
export async function untilAllSeeReplicas(primary: Endpoint, { at, name }: Sentinels, late: Deadline): Promise<void> {
  const controls = await connectToAll(at, primary);
  try {
    await until(late, async () => {
      const views = await Promise.allSettled(controls.map((one) => fieldsFrom(one, "REPLICAS", name)));
      return views
        .flatMap((view) => (view.status === "fulfilled" ? view.value : []))
        .every((replica) => replica["role-reported"] === "slave" || replica.flags?.includes("s_down"));
    });
  } finally {
    for (const one of controls) one.disconnect();
  }
}

/** As nobody, and with TLS if the primary has it. @throws QbenchError (environment) */
const connectTo = ({ host, port }: Address, { tls }: Endpoint): Promise<Redis> =>
  connectControl(
    { host, port, tls, username: undefined, password: undefined, db: 0 },
    { connectTimeoutMs: CONNECT_TIMEOUT_MS },
  );

/** @throws QbenchError (environment) if none can be connected to */
async function connectToFirst(sentinels: readonly Address[], primary: Endpoint): Promise<Redis> {
  let failure: unknown;
  for (const sentinel of sentinels) {
    try {
      return await connectTo(sentinel, primary);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function connectToAll(sentinels: readonly Address[], primary: Endpoint): Promise<Redis[]> {
  const tried = await Promise.allSettled(sentinels.map((sentinel) => connectTo(sentinel, primary)));
  return tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

const addressesIn = async (...asked: Parameters<typeof fieldsFrom>): Promise<Address[]> =>
  (await fieldsFrom(...asked)).map(({ ip = "", port }) => ({ host: ip, port: Number(port) }));

async function fieldsFrom(control: Redis, of: "SENTINELS" | "REPLICAS", name: string): Promise<Fields[]> {
  return ((await control.call("SENTINEL", of, name)) as string[][]).map(fieldsOf);
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
