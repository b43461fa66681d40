import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { Address } from "../drivers/driver.js";
import type { FromProxy, ProxyData } from "./proxy.js";

/** Entry of the proxies' thread: hands on what comes, in both directions, and resets every client when it is told to. */
const { servers } = workerData as ProxyData;
const parent = parentPort!;
const post = (message: FromProxy): void => parent.postMessage(message);
const clients = new Set<Socket>();

async function listenFor({ host, port }: Address): Promise<number> {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true });
    clients.add(client);
    client.pipe(upstream);
    upstream.pipe(client);
    // The other end's error is told to nobody else: its connection ends as this one did.
    client.on("error", () => {});
    upstream.on("error", () => {});
    client.on("close", () => {
      clients.delete(client);
      upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
  });
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** One that is just ending by itself cannot be reset: Node then leaves a handle that never closes, nor does the thread. */
function reset(client: Socket): void {
  if (client.writableEnded) client.destroy();
  else client.resetAndDestroy();
}

parent.on("message", () => {
  const count = clients.size;
  for (const client of [...clients]) reset(client);
  post({ type: "reset", count });
});

post({ type: "listening", ports: await Promise.all(servers.map(listenFor)) });
