import { once } from "node:events";
import { Worker } from "node:worker_threads";

/**
 * For tests: a TCP proxy that hands on every chunk so many ms after it came, in both directions. In a thread of its own,
 * so that a test that is busy does not delay it further.
 */
export interface DelayingProxy {
  readonly port: number;
  stop(): Promise<void>;
}

const PROXY = `
const { createServer, connect } = require("node:net");
const { parentPort, workerData: { port, delayMs } } = require("node:worker_threads");
const hand = (from, to) => {
  from.on("data", (chunk) => setTimeout(() => to.destroyed || to.write(chunk), delayMs));
  from.on("error", () => to.destroy());
  from.on("close", () => setTimeout(() => to.destroy(), delayMs));
};
const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
  hand(client, upstream);
  hand(upstream, client);
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

/** In front of the server at `port` of 127.0.0.1; a round trip takes twice `delayMs` longer. */
export async function startProxy(port: number, delayMs: number): Promise<DelayingProxy> {
  const worker = new Worker(PROXY, { eval: true, workerData: { port, delayMs } });
  const [listening] = (await once(worker, "message")) as [number];
  return { port: listening, stop: async () => void (await worker.terminate()) };
}
