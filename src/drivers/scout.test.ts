import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { Scout } from "./scout.js";

/** Sentinels that say, whatever they are asked, what they are told to say. */
const sentinels: Server[] = [];
let scout: Scout;
afterEach(() => {
  scout.close();
  for (const server of sentinels.splice(0)) server.close();
});

async function sentinel(says: { port: number }): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const reply = (): string => `*2\r\n$9\r\n127.0.0.1\r\n$${String(says.port).length}\r\n${says.port}\r\n`;
    socket.on("data", () => socket.write(reply()));
  });
  sentinels.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

it("believes a Sentinel as long as nothing speaks against it, then asks the next one that answers", async () => {
  const [behind, ahead] = [{ port: 7001 }, { port: 7001 }];
  const at = [await sentinel(behind), { host: "127.0.0.1", port: 1 }, await sentinel(ahead)];
  const primary = { host: "127.0.0.1", port: 7001, tls: false, username: "app", password: "secret", db: 0 };
  const found = vi.fn();
  scout = new Scout(primary, { name: "tickets", at, replicas: [] }, found);
  ahead.port = 7002;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(found).not.toHaveBeenCalled();
  scout.doubt();
  await vi.waitFor(() => expect(found).toHaveBeenCalledOnce(), 5000);
  expect(found).toHaveBeenCalledWith({ ...primary, port: 7002 });
});

it("goes to none but those that were named, where that is asked for", async () => {
  const says = { port: 7003 };
  const primary = { host: "127.0.0.1", port: 7001, tls: false, username: undefined, password: undefined, db: 0 };
  const replicas = [{ host: "127.0.0.1", port: 7002 }];
  const found = vi.fn();
  const at = [await sentinel(says)];
  scout = new Scout(primary, { name: "tickets", at, replicas, isListComplete: true }, found);
  await new Promise((resolve) => setTimeout(resolve, 300));
  says.port = 7002;
  await vi.waitFor(() => expect(found).toHaveBeenCalledOnce(), 5000);
  expect(found).toHaveBeenCalledWith({ ...primary, port: 7002 });
});
