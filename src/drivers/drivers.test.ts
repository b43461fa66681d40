import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concertKeys, userIdOf } from "../queue/keys.js";
import { batch, command, evalsha, SEQUENCE, TIMESTAMP, TOKEN, USER, WAITING_SET } from "../strategies/command.js";
import { loadScript } from "../strategies/script.js";
import type { Reply } from "../strategies/strategy.js";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { CLIENTS, type Driver, type DriverEvents, type Endpoint, type Failure, WRITES } from "./driver.js";
import { DRIVERS, type DriverClass } from "./index.js";

const SCRIPT = loadScript("enter_queue");
const JOIN = batch(
  command("ZADD", WAITING_SET, "NX", TIMESTAMP, USER),
  command("ZRANK", WAITING_SET, USER),
  command("HGETALL", TOKEN),
);
const ENTER = batch(evalsha(SCRIPT, [TOKEN, WAITING_SET, SEQUENCE], USER, TIMESTAMP));
const WRONG = batch(command("INCR", WAITING_SET));

type Told = { readonly token: number; readonly replies?: readonly Reply[]; readonly failure?: Failure };

/** Collects what a driver tells, and lets a test wait for it. */
class Listener implements DriverEvents {
  readonly told: Told[] = [];
  readonly states: boolean[] = [];
  #wake = (): void => {};
  onReplies(token: number, replies: readonly Reply[]): void {
    this.told.push({ token, replies: [...replies] });
    this.#wake();
  }
  onFailure(token: number, failure: Failure): void {
    this.told.push({ token, failure });
    this.#wake();
  }
  onConnection(_: number, isUp: boolean): void {
    this.states.push(isUp);
    this.#wake();
  }
  onChunkEnd(): void {}
  async until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const variants = CLIENTS.flatMap((client) => WRITES.map((writes) => ({ client, writes })));

describe.each(variants)("driver $client, $writes writes", ({ client, writes }) => {
  let test: TestRedis;
  let Driver: DriverClass;
  let driver: Driver;
  let listener: Listener;
  const keys = concertKeys("qbench:drivers:0");

  const make = (endpoint: Endpoint, pool = 2): Driver =>
    new Driver({ endpoints: [endpoint], pool, writes, scripts: [SCRIPT], connectTimeoutMs: 3000 }, listener);

  beforeAll(async () => {
    [test, Driver] = await Promise.all([startTestRedis(), DRIVERS[client]()]);
    listener = new Listener();
    driver = make(test.server.endpoint);
    await driver.open();
  });
  afterAll(async () => {
    await driver.close();
    await test.stop();
  });

  const ask = async (one: ReturnType<typeof batch>, token: number, concert: number, user = 7): Promise<Told> => {
    driver.send(0, one, concert, user, 1_700_000_000_000, 0, token);
    await listener.until(() => listener.told.some((told) => told.token === token));
    return listener.told.find((told) => told.token === token)!;
  };

  it("fills the slots and hands over the replies of a batch together", async () => {
    const concert = driver.addConcert(keys);
    expect(await ask(JOIN, 1, concert)).toEqual({ token: 1, replies: [1, 0, []] });
    expect(await test.redis.zscore(keys.waiting, userIdOf(7))).toBe("1700000000000");
    await test.redis.hset(keys.tokenPrefix + userIdOf(7), "token", "t");
    expect((await ask(JOIN, 2, concert)).replies).toEqual([0, 0, ["token", "t"]]);
  });

  it("reports an error by its first word, and goes on", async () => {
    const concert = driver.addConcert(keys);
    expect((await ask(WRONG, 3, concert)).failure).toMatchObject({ kind: "WRONGTYPE", answered: true });
    expect((await ask(JOIN, 4, concert)).replies).toBeDefined();
  });

  it("counts exactly what the server counts", async () => {
    const concert = driver.addConcert(keys);
    const calls = async (): Promise<number> =>
      Number(/cmdstat_zadd:calls=(\d+)/.exec(await test.redis.info("commandstats"))?.[1] ?? 0);
    const before = { server: await calls(), driver: driver.counters() };
    for (let token = 100; token < 150; token++) driver.send(token % 2, JOIN, concert, token, 1, 0, token);
    await listener.until(() => listener.told.filter(({ token }) => token >= 100).length === 50);
    const after = driver.counters();
    expect((after.commands.zadd ?? 0) - (before.driver.commands.zadd ?? 0)).toBe(50);
    expect((await calls()) - before.server).toBe(50);
    const socketWrites = after.socketWrites - before.driver.socketWrites;
    expect(socketWrites).toBe(writes === "coalesced" ? 2 : 50);
  });

  it("loads a script again after SCRIPT FLUSH, ahead of what is sent next", async () => {
    const concert = driver.addConcert(keys);
    await test.redis.script("FLUSH");
    expect((await ask(ENTER, 200, concert)).failure).toMatchObject({ kind: "NOSCRIPT", answered: true });
    driver.reloadScripts(0);
    expect((await ask(ENTER, 201, concert, 8)).replies).toHaveLength(1);
  });

  it("fails what is in flight when a connection is killed, and opens it again", async () => {
    const concert = driver.addConcert(keys);
    listener.states.length = 0;
    await test.redis.client("PAUSE", 300, "ALL");
    driver.send(0, JOIN, concert, 9, 1, 0, 300);
    driver.reset(0);
    await listener.until(() => listener.told.some(({ token }) => token === 300));
    expect(listener.told.find(({ token }) => token === 300)?.failure).toMatchObject({
      kind: "connection",
      answered: false,
    });
    await listener.until(() => listener.states.includes(true) && driver.isUp(0));
    expect((await ask(JOIN, 301, concert, 10)).replies).toHaveLength(3);
    expect(driver.counters().reconnects).toBeGreaterThan(0);
  });

  it("counts the bytes of connections that are gone, too", async () => {
    const concert = driver.addConcert(keys);
    for (let token = 350; token < 370; token++) await ask(JOIN, token, concert);
    const before = driver.counters();
    listener.states.length = 0;
    driver.reset(0);
    await listener.until(() => listener.states.includes(true) && driver.isUp(0));
    const after = driver.counters();
    expect(after.bytesSent).toBeGreaterThanOrEqual(before.bytesSent);
    expect(after.bytesReceived).toBeGreaterThanOrEqual(before.bytesReceived);
  });

  it("leaves a primary that has become a replica, if Sentinels can be asked for another one", async () => {
    const nobody = { name: "tickets", at: [{ host: "127.0.0.1", port: 1 }], replicas: [] };
    const [usual, told] = [driver, listener];
    listener = new Listener();
    driver = make({ ...test.server.endpoint, sentinels: nobody }, 1);
    await driver.open();
    const concert = driver.addConcert(keys);
    await test.redis.replicaof("127.0.0.1", 1);
    expect((await ask(JOIN, 400, concert)).failure).toMatchObject({ kind: "READONLY", answered: true });
    await listener.until(() => listener.states.join() === "false,true");
    await test.redis.replicaof("NO", "ONE");
    expect((await ask(JOIN, 401, concert, 11)).replies).toHaveLength(3);
    await driver.close();
    [driver, listener] = [usual, told];
  });

  it("says why it cannot open: nobody there, or a password is wanted", async () => {
    const closed = make({ ...test.server.endpoint, port: 1 });
    await expect(closed.open()).rejects.toMatchObject({ exitCode: 3 });
    await test.redis.config("SET", "requirepass", "s3cret");
    try {
      const refused = make({ ...test.server.endpoint, password: "wr0ng" });
      const error = await refused.open().catch((reason: Error) => reason);
      expect(error).toMatchObject({ exitCode: 3 });
      expect(String((error as Error).message)).not.toContain("wr0ng");
      const accepted = make({ ...test.server.endpoint, password: "s3cret" });
      await accepted.open();
      await accepted.close();
    } finally {
      await test.redis.config("SET", "requirepass", "");
    }
  });
});

describe("wire driver and a server that is no Redis", () => {
  let server: Server;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.once("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it("gives up with a message", async () => {
    const { port } = server.address() as { port: number };
    const endpoint = { host: "127.0.0.1", port, tls: false, username: undefined, password: undefined, db: 0 };
    const options = {
      endpoints: [endpoint],
      pool: 1,
      writes: "coalesced",
      scripts: [],
      connectTimeoutMs: 300,
    } as const;
    const driver = new (await DRIVERS.wire())(options, new Listener());
    await expect(driver.open()).rejects.toThrow(/expected a RESP2 reply/);
  });
});
