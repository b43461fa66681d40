import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS } from "../drivers/driver.js";
import { makeWorld, until, type World } from "../engine/testing/program.js";
import { connectControl } from "./control.js";
import { type EmbeddedServer, freePort, startEmbedded } from "./embedded.js";
import { findRedisBinary } from "./redis-binary.js";
import { type Certificate, makeCertificate } from "./testing/certificate.js";
import { startSentinel } from "./testing/sentinel.js";
import { startTestRedis, withRedis } from "./testing.js";

/** Ways to a server, each tried with a run of either client: TLS, users with few rights, Sentinel. */
let world: World;
let folder: string;
const environment = { ...process.env };
beforeAll(async () => {
  world = await makeWorld();
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
});
afterAll(() => {
  process.env = environment;
  world.remove();
  rmSync(folder, { recursive: true });
});

const BASE = ["--strategy", "lua", "--vus", "20", "--pool", "2", "--trials", "1", "--warmup", "0", "--json"];

async function expectRun(url: string, client: string, ...more: string[]): Promise<void> {
  const ended = await world.run(...BASE, ...more, "--entries", "200", "--client", client, "--url", url).ended;
  expect(ended.exitCode, ended.stderr).toBe(0);
  for (const { trials } of ended.json().strategies) {
    expect(trials).toMatchObject([{ entries: { succeeded: 200, failed: 0 }, audit: { ok: true, coverage: "users" } }]);
  }
  expect(ended.stderr).not.toMatch(/Warning|secret/);
}

describe("a server that speaks TLS, under a certificate that is vouched for", () => {
  let port: number;
  let server: EmbeddedServer | undefined;
  beforeAll(async () => {
    try {
      const certificate = makeCertificate(folder, "127.0.0.2");
      port = await freePort();
      const lines = ["port 0", "bind 127.0.0.1 127.0.0.2", ...certificate.configLines(port)];
      server = await startEmbedded(await findRedisBinary(undefined), lines);
      process.env.NODE_EXTRA_CA_CERTS = certificate.path;
    } catch {
      // No openssl here, a server built without TLS, or no second address of this machine's own.
      server = undefined;
    }
  });
  afterAll(() => server?.stop());

  it("is measured", async () => {
    if (server !== undefined) await expectRun(`rediss://localhost:${port}`, "wire");
  });

  // The certificate is not for 127.0.0.1, where the proxy listens.
  it.each([
    ["wire", "127.0.0.2"],
    ["ioredis", "localhost"],
  ])("is known by its own name behind a proxy that resets connections, client %s at %s", async (client, host) => {
    if (server === undefined) return;
    const reset = ["--duration", "1s", "--fault", "reset@400ms"];
    const ended = await world.run(...BASE, ...reset, "--client", client, "--url", `rediss://${host}:${port}`).ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    const [{ faults, failures, audit }] = ended.json().strategies[0].trials;
    expect(failures).toEqual({ connection: expect.any(Number) });
    expect(faults[0].succeeded).toBeGreaterThan(0);
    expect(audit.ok).toBe(true);
  });
});

describe("a cluster whose nodes speak TLS, each under a certificate of its own name", () => {
  let nodes: { server: EmbeddedServer; name: string; port: number; busPort: number }[] = [];
  const authorities = (): string => join(folder, "authorities.pem");

  const startNode = async (name: string, certificate: Certificate): Promise<void> => {
    const [port, busPort] = [await freePort(), await freePort()];
    appendFileSync(authorities(), readFileSync(certificate.path));
    const server = await startEmbedded(await findRedisBinary(undefined), [
      "bind 127.0.0.1 127.0.0.2",
      ...certificate.configLines(port),
      "cluster-enabled yes",
      `cluster-port ${busPort}`,
      `cluster-announce-port ${port}`,
      `cluster-announce-hostname ${name}`,
      "cluster-preferred-endpoint-type hostname",
    ]);
    nodes.push({ server, name, port, busPort });
  };
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map(({ server }) => server.stop()));
    nodes = [];
  };

  beforeAll(async () => {
    const certificateFor = (...names: [string, string]): Certificate =>
      makeCertificate(mkdtempSync(join(folder, "node-")), ...names);
    try {
      await startNode("localhost", certificateFor("127.0.0.1", "localhost"));
      // It goes by an address, so that no name service is needed.
      await startNode("127.0.0.2", certificateFor("127.0.0.2", "elsewhere.example"));
    } catch {
      await stop();
      return;
    }
    const controls = await Promise.all(nodes.map(({ server }) => connectControl(server.endpoint)));
    await controls[0]!.call("CLUSTER", "ADDSLOTSRANGE", 0, 8191);
    await controls[1]!.call("CLUSTER", "ADDSLOTSRANGE", 8192, 16383);
    await controls[0]!.call("CLUSTER", "MEET", "127.0.0.1", nodes[1]!.port, nodes[1]!.busPort);
    await until(async () => {
      const states = await Promise.all(controls.map((control) => control.call("CLUSTER", "INFO").then(String)));
      const told = await Promise.all(controls.map((control) => control.call("CLUSTER", "SLOTS").then(JSON.stringify)));
      return (
        states.every((state) => state.includes("cluster_state:ok")) &&
        told.every((ranges) => nodes.every(({ name, port }) => ranges.includes(`"${name}",${port}`)))
      );
    });
    for (const control of controls) control.disconnect();
    process.env.NODE_EXTRA_CA_CERTS = authorities();
  });
  afterAll(stop);

  it.each(CLIENTS)("is measured, client %s", async (client) => {
    if (nodes.length > 0) await expectRun(`rediss://localhost:${nodes[0]!.port}`, client, "--concerts", "6");
  });
});

describe("a user with no more rights than qbench asks for", () => {
  const rights = "~*{qbench:* +@read +@write +@hash +@sortedset +@scripting +info +scan +unlink +dbsize +ping +auth";

  it("is measured with, by either client", async () => {
    await withRedis(
      async ({ server }) => {
        const url = `redis://app:secret@127.0.0.1:${server.endpoint.port}`;
        await expectRun(url, "wire");
        await expectRun(url, "ioredis");
      },
      ["user default off", `user app on >secret ${rights}`],
    );
  });
});

describe("a primary that Sentinels know", () => {
  it("is asked for by its name and measured; what is wrong is said", async () => {
    const primary = await startTestRedis(["requirepass secret"]);
    const sentinel = await startSentinel(folder, primary.server, ["auth-pass tickets secret"]);
    try {
      const at = `127.0.0.1:${sentinel.endpoint.port}`;
      // The first one does not answer, the second one does.
      const urls = ["redis-sentinel://:secret@127.0.0.1:1/tickets", "--url", `redis-sentinel://:secret@${at}/tickets`];
      const run = world.run(...BASE, "--entries", "200", "--client", "ioredis", "--url", ...urls);
      expect((await run.ended).exitCode).toBe(0);
      const unknown = await world.run(...BASE, "--entries", "200", "--url", `redis-sentinel://:secret@${at}/other`)
        .ended;
      expect(unknown.exitCode).toBe(3);
      expect(unknown.stderr).toMatch(/knows no primary of the name/);
      expect(unknown.stderr).not.toContain("secret");
      const control = await connectControl({ ...primary.server.endpoint, password: "secret" });
      expect(await control.dbsize()).toBe(0);
      control.disconnect();
      expect(world.records()).toEqual([]);
    } finally {
      await Promise.all([sentinel.stop(), primary.stop()]);
    }
  });
});
