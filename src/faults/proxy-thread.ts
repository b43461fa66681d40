import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { FromProxy, ProxyData } from "./proxy.js";

/** Entry of the proxy's thread: hands on what comes, in both directions, and resets every client when it is told to. */
const { host, port } = workerData as ProxyData;
const parent = parentPort!;
const post = (message: FromProxy): void => parent.postMessage(message);
const clients = new Set<Socket>();

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

server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  post({ type: "listening", port: (server.address() as { port: number }).port });
});
