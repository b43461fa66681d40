import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, test, vi } from "vitest";
import { startEmbedded } from "./embedded.js";
import { startEmbeddedCluster } from "./embedded-cluster.js";
import { identityOf } from "./process-identity.js";
import { findRedisBinary } from "./redis-binary.js";
import { isGone, startInChild } from "./testing/child.js";
import { withRedis } from "./testing.js";

describe("an embedded server", () => {
  test("answers, keeps nothing, and leaves neither process nor folder", async () => {
    const server = await withRedis(async ({ redis, server }) => {
      expect(await redis.ping()).toBe("PONG");
      expect(await redis.config("GET", "save")).toEqual(["save", ""]);
      expect(await redis.config("GET", "appendonly")).toEqual(["appendonly", "no"]);
      expect(await redis.config("GET", "dir")).toEqual(["dir", server.folder]);
      expect(await redis.info("server")).toContain(`process_id:${server.pid}\r`);
      return server;
    });
    expect(existsSync(server.folder)).toBe(false);
    expect(await identityOf(server.pid)).toBeUndefined();
    expect(await identityOf(server.watchdogPid)).toBeUndefined();
    await server.stop();
  });

  test("listens on loopback only", async () => {
    const elsewhere = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4")?.address;
    await withRedis(async ({ redis, server }) => {
      expect(await redis.config("GET", "bind")).toEqual(["bind", "127.0.0.1"]);
      if (elsewhere === undefined) return;
      const outside = new Redis({
        host: elsewhere,
        port: server.endpoint.port,
        lazyConnect: true,
        retryStrategy: () => null,
      });
      const reasons: string[] = [];
      outside.on("error", (error) => reasons.push(error.message));
      await outside.connect().catch(() => {});
      expect(reasons.join()).toContain("ECONNREFUSED");
    });
  });

  test("is in a session of its own, where a terminal's Ctrl-C cannot reach it", async () => {
    if (process.platform !== "linux") return;
    await withRedis(async ({ server }) => {
      const session = async (pid: number | "self") =>
        (await readFile(`/proc/${pid}/stat`, "latin1")).split(" ").slice(4, 6);
      expect(await session(server.pid)).toEqual([String(server.watchdogPid), String(server.watchdogPid)]);
      expect(await session("self")).not.toContain(String(server.watchdogPid));
    });
  });

  test("takes more lines of configuration, which win", async () => {
    await withRedis(
      async ({ redis }) => {
        expect(await redis.config("GET", "maxmemory")).toEqual(["maxmemory", "10485760"]);
      },
      ["maxmemory 10mb"],
    );
  });

  test("tells that it ended, and why: its log outlives it until it is stopped", async () => {
    await withRedis(async ({ redis, server }) => {
      await redis.shutdown("NOSAVE").catch(() => {});
      await server.ended;
      expect(await server.lastLogLines()).toMatch(/shutdown|bye bye/i);
    });
  });

  test("that does not come up says what the server said, and leaves nothing", async () => {
    const binary = await findRedisBinary(undefined);
    const error = await startEmbedded(binary, ["no-such-directive 1"]).catch((reason) => reason);
    expect(error).toMatchObject({ kind: "environment", exitCode: 3 });
    expect(error.message).toContain("no-such-directive");
  });

  test("does not give up because its port was taken meanwhile: another one is tried", async () => {
    const binary = await findRedisBinary(undefined);
    const folder = await mkdtemp(join(tmpdir(), "qbench-test-"));
    const program = join(folder, "program");
    const failsOnce = `[ -e "${folder}/tried" ] || { touch "${folder}/tried"; echo "bind: Address already in use"; exit 1; }`;
    await writeFile(program, `#!/bin/sh\n${failsOnce}\nexec "${binary.path}" "$@"\n`, { mode: 0o755 });
    const server = await startEmbedded({ ...binary, path: program });
    expect(existsSync(join(folder, "tried"))).toBe(true);
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test("of a cluster does not give up because its bus port was taken meanwhile: another one is tried", async () => {
    const binary = await findRedisBinary(undefined);
    const folder = await mkdtemp(join(tmpdir(), "qbench-test-"));
    const program = join(folder, "program");
    // The first one that it is given is somebody else's from then on.
    const failsThere =
      `port=$(sed -n "s/^cluster-port //p" "$1"); [ -e "${folder}/taken" ] || echo "$port" > "${folder}/taken"; ` +
      `[ "$port" != "$(cat "${folder}/taken")" ] || { echo "bind: Address already in use"; exit 1; }`;
    await writeFile(program, `#!/bin/sh\n${failsThere}\nexec "${binary.path}" "$@"\n`, { mode: 0o755 });
    const shape = { primaries: 1, replicasEach: 0 };
    const nodes = await startEmbeddedCluster({ ...binary, path: program }, shape, async () => {});
    expect(nodes).toHaveLength(1);
    expect(await readFile(join(folder, "taken"), "utf8")).not.toBe(`${nodes[0]!.busPort}\n`);
    await nodes[0]!.server.stop();
    await rm(folder, { recursive: true });
  });

  test("whose port stays taken gives up in the end", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const error = await startEmbedded(await findRedisBinary(undefined), [`port ${port}`]).catch((reason) => reason);
    taken.close();
    expect(error).toMatchObject({ exitCode: 3, message: expect.stringMatching(/address already in use/i) });
  });

  test("many at once each have a port and a folder of their own", async () => {
    const binary = await findRedisBinary(undefined);
    const servers = await Promise.all(Array.from({ length: 4 }, () => startEmbedded(binary)));
    expect(new Set(servers.map(({ endpoint }) => endpoint.port)).size).toBe(4);
    expect(new Set(servers.map(({ folder }) => folder)).size).toBe(4);
    await Promise.all(servers.map((server) => server.stop()));
    expect(servers.filter(({ folder }) => existsSync(folder))).toEqual([]);
  });

  test("that was stopped in the middle (SIGSTOP) can be ended all the same", async () => {
    const server = await withRedis(async ({ server }) => {
      process.kill(server.pid, "SIGSTOP");
      return server;
    });
    expect(await identityOf(server.pid)).toBeUndefined();
  });
});

describe("a process that ends without stopping its server", () => {
  test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)("by %s: server and folder go with it", async (signal) => {
    const child = await startInChild();
    expect(existsSync(child.folder)).toBe(true);
    child.process.kill(signal);
    await isGone(child);
  });

  test("by coming to its end: nothing holds it back", async () => {
    const child = await startInChild({ end: true });
    await isGone(child);
    await vi.waitFor(() => expect(child.process.exitCode).toBe(0));
  });
});
