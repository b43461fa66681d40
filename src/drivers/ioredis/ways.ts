import type { Redis } from "ioredis";
import type { Endpoint } from "../driver.js";
import { addressKey, type Proxies, wayTo } from "../proxies.js";
import { tlsOptionsOf } from "../tls.js";

/** Where ioredis connects to reach a server, and how that is secured. */
export function wayOptions(endpoint: Endpoint, proxies?: Proxies) {
  const { host, port } = wayTo(endpoint, proxies);
  return { host, port, ...(endpoint.tls ? { tls: tlsOptionsOf(endpoint, { host, port }) } : {}) };
}

/** To the nodes of a cluster, each of which may have a certificate of its own name: for ioredis' `Cluster`. */
export function clusterWays(endpoints: readonly Endpoint[], proxies?: Proxies) {
  const ways = endpoints.map((endpoint) => wayOptions(endpoint, proxies));
  return {
    startupNodes: ways.map((way) => ({ ...way })),
    // Also what a connection to each node is made with, by the name that the cluster has for it.
    natMap: Object.fromEntries(endpoints.map((endpoint, i) => [addressKey(endpoint), ways[i]!])),
  };
}

/** From its next connection on, which it makes at once, the client's server is this one. */
export function moveTo(client: Redis, endpoint: Endpoint, proxies?: Proxies): void {
  Object.assign(client.options, wayOptions(endpoint, proxies));
  if (client.status !== "wait" && client.status !== "end") client.disconnect(true);
}
