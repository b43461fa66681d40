import type { Redis } from "ioredis";
import type { Endpoint } from "../driver.js";
import { type Proxies, wayTo } from "../proxies.js";
import { tlsOptionsOf } from "../tls.js";

/** Where ioredis connects to reach a server, and how that is secured. */
export function wayOptions(endpoint: Endpoint, proxies?: Proxies) {
  const { host, port } = wayTo(endpoint, proxies);
  return { host, port, ...(endpoint.tls ? { tls: tlsOptionsOf(endpoint, { host, port }) } : {}) };
}

/** From its next connection on, which it makes at once, the client's server is this one. */
export function moveTo(client: Redis, endpoint: Endpoint, proxies?: Proxies): void {
  Object.assign(client.options, wayOptions(endpoint, proxies));
  if (client.status !== "wait" && client.status !== "end") client.disconnect(true);
}
