import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { withRedis } from "../targets/testing.js";

it("resets its clients, also those that are just ending, and comes to its end", async () => {
  // As it is built: a thread of its own runs it.
  const { openProxy } = (await import(
    new URL("../../dist/faults/proxy.js", import.meta.url).href
  )) as typeof import("./proxy.js");
  await withRedis(async ({ server }) => {
    const proxy = await openProxy([server.endpoint]);
    const [way] = Object.values(proxy.ways);
    const sockets = Array.from({ length: 100 }, () => connect(way!).on("error", () => {}));
    for (const socket of sockets) socket.write("PING\r\n");
    // Answered, so known to the proxy, and not only to the system.
    await Promise.all(sockets.map((socket) => once(socket, "data")));
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of sockets.slice(1)) socket.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await proxy.resetAll()).toBeGreaterThan(0);
    await Promise.all(closed);
    await proxy.close();
  });
});
