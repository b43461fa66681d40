import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { QbenchError } from "../base/errors.js";
import type { Endpoint } from "../drivers/driver.js";
import { connectControl } from "./control.js";
import { freePort } from "./embedded.js";
import { translateRedisError } from "./redis-errors.js";
import { startTestRedis, type TestRedis, withRedis } from "./testing.js";

const PASSWORD = "Xq7-geheim";

/** The error that connecting ends with; it must be one for users, and tell no password. */
async function refusal(endpoint: Endpoint, connectTimeoutMs = 5_000): Promise<QbenchError> {
  const error = await connectControl(endpoint, { connectTimeoutMs }).then(
    (redis) => {
      redis.disconnect();
      return undefined;
    },
    (reason) => reason as QbenchError,
  );
  expect(error).toMatchObject({ name: "QbenchError", kind: "environment", exitCode: 3 });
  expect(error?.message).toContain(`127.0.0.1:${endpoint.port}`);
  expect(error?.hint).toBeTruthy();
  expect(JSON.stringify([error, error?.message, error?.hint, error?.stack, error?.cause])).not.toContain(PASSWORD);
  return error as QbenchError;
}

describe("a server with a password and users", () => {
  let server: TestRedis;
  const as = (username?: string, password?: string): Endpoint =>
    ({ ...server.server.endpoint, username, password }) as Endpoint;

  beforeAll(async () => {
    server = await startTestRedis([
      `requirepass ${PASSWORD}`,
      `user app on >${PASSWORD} ~* +@all`,
      `user poor on >${PASSWORD} ~* +@connection`,
      `user poorer on >${PASSWORD} ~* +auth`,
    ]);
  });
  afterAll(() => server.stop());

  test.each([
    ["the password alone", undefined, PASSWORD],
    ["user and password", "app", PASSWORD],
  ])("lets in %s", async (_, username, password) => {
    const redis = await connectControl(as(username, password));
    expect(await redis.set("key", "value")).toBe("OK");
    redis.disconnect();
  });

  test("refuses a wrong password", async () => {
    expect((await refusal(as(undefined, `${PASSWORD}!`))).message).toContain("refused the user or password");
    expect((await refusal(as("nobody", PASSWORD))).message).toContain("refused the user or password");
  });

  test("asks for a password where none was given", async () => {
    expect((await refusal(as())).message).toContain("asks for a password");
  });

  test("says which permission a user lacks", async () => {
    const redis = await connectControl(as("poor", PASSWORD));
    const error = await redis.info().catch((reason) => translateRedisError(reason, as("poor", PASSWORD)));
    redis.disconnect();
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(/does not permit.*'info'/) });
    expect((await refusal(as("poorer", PASSWORD))).message).toContain("'ping'");
  });

  test("logs in again by itself after its connection was killed", async () => {
    const [redis, other] = await Promise.all([
      connectControl(as(undefined, PASSWORD)),
      connectControl(as("app", PASSWORD)),
    ]);
    await other.client("KILL", "ID", String(await redis.client("ID")));
    expect(await redis.ping()).toBe("PONG");
    redis.disconnect();
    other.disconnect();
  });
});

test("a password that the server does not want is said, not warned about by a library", async () => {
  await withRedis(async ({ server }) => {
    expect((await refusal({ ...server.endpoint, password: PASSWORD })).message).toContain("has no password set");
  });
});

test("a database that does not exist is said; one that does is selected, also after a reconnect", async () => {
  await withRedis(async ({ server, redis }) => {
    expect((await refusal({ ...server.endpoint, db: 16 })).message).toContain("has no database of that number");
    const control = await connectControl({ ...server.endpoint, db: 5 });
    await redis.client("KILL", "ID", String(await control.client("ID")));
    await control.set("key", "value");
    control.disconnect();
    expect(await redis.dbsize()).toBe(0);
  });
});

test("a full server is said", async () => {
  await withRedis(
    async ({ server }) => {
      expect((await refusal(server.endpoint)).message).toContain("has no connection left");
    },
    ["maxclients 1"],
  );
});

describe("something else at the address", () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  const listening = async (server: Server): Promise<Endpoint> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { host: "127.0.0.1", port, tls: false, username: undefined, password: PASSWORD, db: 0 };
  };

  test("nothing", async () => {
    const endpoint = await listening(createServer());
    await new Promise((resolve) => servers.at(-1)?.close(resolve));
    expect((await refusal(endpoint)).message).toContain("nothing listens there");
  });

  test("a web server", async () => {
    const endpoint = await listening(createHttpServer((_, response) => response.end("hello")));
    expect((await refusal(endpoint)).message).toContain("does not speak the Redis protocol");
  });

  test("one that never answers", async () => {
    const endpoint = await listening(createServer(() => {}));
    expect((await refusal(endpoint, 200)).message).toContain("did not answer within 200 ms");
    expect((await refusal({ ...endpoint, tls: true }, 200)).message).toContain("did not answer within 200 ms");
  });

  test("one that hangs up", async () => {
    const endpoint = await listening(createServer((socket) => socket.destroy()));
    expect((await refusal(endpoint)).message).toContain("closed the connection");
  });

  test("one that throws our words back at us", async () => {
    const endpoint = await listening(
      createServer((socket) => {
        socket.on("data", (data) =>
          socket.write(`-ERR unknown: ${data.toString().replace(/\s+/g, " ")}\u001b[31m\r\n`),
        );
      }),
    );
    const error = await connectControl(endpoint).catch((reason: QbenchError) => reason as QbenchError);
    expect((error as QbenchError).message).toMatch(/answered: ERR unknown: .*auth .*\*\*\*/);
    expect((error as QbenchError).message).not.toContain("\u001b");
  });

  test("one that is always loading is given up on; one that finishes is used", async () => {
    let pings = 0;
    const endpoint = await listening(
      createServer((socket) => {
        socket.on("data", (data) => {
          for (const [name] of data.toString().matchAll(/auth|ping|CLIENT|client/g)) {
            socket.write(name === "ping" && ++pings < 4 ? "-LOADING Redis is loading\r\n" : "+PONG\r\n");
          }
        });
      }),
    );
    const redis = await connectControl(endpoint);
    redis.disconnect();
    expect(pings).toBe(4);
  });
});

describe("TLS", () => {
  let folder: string;
  let server: TestRedis | undefined;
  const hasOpenssl = canRun("openssl", "version");

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
    if (!hasOpenssl) return;
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-days", "2"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, ...subject],
      {
        stdio: "ignore",
      },
    );
    const port = await freePort();
    const tls = [`tls-port ${port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, "tls-auth-clients no"];
    // A server built without TLS cannot be tested against.
    server = await startTestRedis(["port 0", ...tls]).catch(() => undefined);
    if (server !== undefined) Object.assign(server.server.endpoint, { port, tls: true });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  test.runIf(hasOpenssl)("a certificate of unknown authority is refused", async (context) => {
    if (server === undefined) return context.skip("this server program has no TLS");
    expect((await refusal(server.server.endpoint)).message).toContain("certificate that this machine does not trust");
  });

  test.runIf(hasOpenssl)("plain speech to a TLS server is said", async (context) => {
    if (server === undefined) return context.skip("this server program has no TLS");
    const error = await refusal({ ...server.server.endpoint, tls: false });
    expect(error.hint).toContain("rediss://");
  });

  test("TLS to a plain server is said", async () => {
    await withRedis(async ({ server: plain }) => {
      const error = await refusal({ ...plain.endpoint, tls: true }, 300);
      expect(error.hint).toContain("does it speak TLS?");
    });
  });
});

function canRun(program: string, argument: string): boolean {
  try {
    execFileSync(program, [argument], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("whatever a server says, neither the password nor a control character gets through", () => {
  const password = fc.string({ minLength: 5 }).map((rest) => `${PASSWORD}${rest}`);
  fc.assert(
    fc.property(password, fc.string(), fc.string(), (secret, before, after) => {
      const endpoint = { host: "127.0.0.1", port: 1, tls: false, username: "u", password: secret, db: 0 };
      for (const quoted of [secret, encodeURIComponent(secret)]) {
        const { message } = translateRedisError(new Error(`${before}${quoted}${after}`), endpoint);
        expect(message).not.toContain(PASSWORD);
        expect(message).toMatch(/^[\x20-\x7e]*$/);
      }
    }),
  );
});
