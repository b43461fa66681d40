import { isIPv4 } from "node:net";
import { type QbenchError, usageError } from "../base/errors.js";
import type { Address, Endpoint } from "../drivers/driver.js";

const DEFAULT_PORT = 6379;
const SENTINEL_PORT = 26379;
const FORM =
  "give redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], or rediss:// for TLS; redis-sentinel://HOST[:PORT]/NAME[/DB] asks a " +
  "Sentinel for the primary of that name";
const ENCODE = "in a user name or password write the characters / ? # @ : % as %2F %3F %23 %40 %3A %25";

/** What stands before `://`: whether TLS is spoken, and whether a Sentinel is to be asked first. */
const SCHEME = /^redis(s?)(-sentinel)?:$/;

/**
 * A server's address as `--url` takes it, or a Sentinel's with the name that it is to be asked for. No message quotes any of
 * the text: where a password is misplaced, every part of it may be the password.
 * @param place where it was given, for messages
 * @throws QbenchError (usage)
 */
export function parseRedisUrl(text: string, place = "--url"): Endpoint {
  const wrong = (what: string, hint?: string): QbenchError =>
    usageError(`${place} ${what}`, hint === undefined ? FORM : `${FORM}; ${hint}`);
  const decoded = (part: string): string => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw wrong("has a % that begins no character code", ENCODE);
    }
  };
  if (!/^rediss?(-sentinel)?:\/\//i.test(text)) throw wrong("is not a Redis URL");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw wrong("cannot be read as a URL", ENCODE);
  if (url.search !== "" || url.hash !== "") throw wrong("has a part behind ? or #, which means nothing here", ENCODE);
  if (url.hostname === "") throw wrong("names no host");
  if (url.hostname.includes(",")) throw wrong("names several hosts; give --url several times");
  if (url.port === "0") throw wrong("has port 0; ports go from 1 to 65535");
  const [, tls = "", sentinel] = SCHEME.exec(url.protocol.toLowerCase()) ?? [];
  const isSentinel = sentinel !== undefined;
  const path = (isSentinel ? /^\/([\w.-]+)(?:\/(\d{0,4}))?\/?$/ : /^\/?()(\d{0,4})\/?$/).exec(url.pathname);
  if (path === null) {
    const expected = isSentinel ? "the primary's name, and a database number at most," : "a database number";
    throw wrong(`has something other than ${expected} behind the host`, ENCODE);
  }
  return {
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (isSentinel ? SENTINEL_PORT : DEFAULT_PORT) : Number(url.port),
    tls: tls !== "",
    username: decoded(url.username) || undefined,
    password: decoded(url.password) || undefined,
    db: Number(path[2] ?? 0),
    ...(isSentinel ? { primaryName: path[1] as string } : {}),
  };
}

/** The same of an option that names one server outright. @throws QbenchError (usage) */
export function redisUrl(text: string, option: string): Endpoint {
  const endpoint = parseRedisUrl(text, option);
  if (endpoint.primaryName === undefined) return endpoint;
  throw usageError(`${option} names a Sentinel`, "name the server itself");
}

/** "host:port", fit to print. */
export const addressOf = ({ host, port }: Address): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** Whether the address can only be this machine. A name other than localhost is taken to be elsewhere. */
export function isLoopback({ host }: Address): boolean {
  const name = host.toLowerCase().replace(/^::ffff:/, "");
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

/** Whether all that a target consists of shares this machine with us. */
export const isHere = ({ endpoints }: { readonly endpoints: readonly Endpoint[] }): boolean =>
  endpoints.every(isLoopback);
