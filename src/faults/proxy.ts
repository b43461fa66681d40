import { Thread } from "../base/thread.js";
import type { Address } from "../drivers/driver.js";
import { addressKey, type Proxies } from "../drivers/proxies.js";

/**
 * TCP proxies, one in front of each server, for what only somebody between two ends can do to a connection. They live in a
 * thread of their own, so they take a core's time and add to every round trip, of every strategy alike. What passes is
 * not looked at: it may be TLS.
 */
export interface ServerProxy {
  readonly ways: Proxies;
  /** Every client's connection ends by RST. @returns how many there were. */
  resetAll(): Promise<number>;
  close(): Promise<void>;
}

export interface ProxyData {
  readonly servers: readonly Address[];
}

export interface ToProxy {
  readonly type: "reset";
}

export type FromProxy =
  /** In the servers' order. */
  | { readonly type: "listening"; readonly ports: readonly number[] }
  | { readonly type: "reset"; readonly count: number };

/** On free ports of 127.0.0.1. */
export async function openProxy(endpoints: readonly Address[]): Promise<ServerProxy> {
  const servers = endpoints.map(({ host, port }) => ({ host, port }));
  const workerData: ProxyData = { servers };
  const url = new URL("./proxy-thread.js", import.meta.url);
  const thread = new Thread<ToProxy, FromProxy>(url, workerData, "the thread of the servers' proxies ended");
  const { ports } = await thread.next("listening");
  return {
    ways: Object.fromEntries(servers.map((server, i) => [addressKey(server), { host: "127.0.0.1", port: ports[i]! }])),
    async resetAll() {
      const done = thread.next("reset");
      thread.post({ type: "reset" });
      return (await done).count;
    },
    close: () => thread.close(),
  };
}
