import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { concertIdOf, concertKeys } from "../queue/keys.js";
import { removeRunKeys } from "./keys.js";
import { identityOf, stateOf } from "./process-identity.js";
import { findRedisBinary } from "./redis-binary.js";
import { endOrphanServers } from "./registry.js";
import { openTarget, type Target, type TargetOptions } from "./target.js";
import { isGone, openInChild } from "./testing/child.js";
import { startTestRedis, type TestRedis } from "./testing.js";

const options = (over: Partial<TargetOptions> = {}): TargetOptions => ({
  urls: [],
  allowRemote: false,
  allowNonempty: false,
  connectTimeoutMs: 5000,
  runId: "run-a",
  ...over,
});

const keysOf = (runId: string, n = 1): string[] => {
  const { waiting, active, sequence, tokenPrefix } = concertKeys(concertIdOf(runId, n));
  return [waiting, active, sequence, `${tokenPrefix}0000000001`];
};

const runsFolder = (): string => join(process.env.XDG_CACHE_HOME as string, "qbench", "runs");
const records = (): string[] => (existsSync(runsFolder()) ? readdirSync(runsFolder()) : []);

const environment = { ...process.env };
beforeAll(async () => {
  // The tests' registry is not the user's; the server program stays findable.
  const { path } = await findRedisBinary(undefined);
  process.env.PATH = `${dirname(path)}${delimiter}${process.env.PATH}`;
});
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
  process.env.XDG_CACHE_HOME = folder;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => {
  process.env = environment;
});

const refusal = (over: Partial<TargetOptions>) =>
  openTarget(options(over)).then(
    async (target) => {
      await target.stop();
      throw new Error("was not refused");
    },
    (error) => error,
  );

describe("an embedded target", () => {
  test("is given up by a signal while a cluster forms, and leaves nothing", async () => {
    const cluster = { primaries: 3, replicasEach: 0 };
    expect(await refusal({ cluster, signal: AbortSignal.abort("SIGTERM") })).toMatchObject({ exitCode: 143 });
    expect(records()).toEqual([]);
  });

  test("says what it is, is registered while it runs, and leaves nothing", async () => {
    const target = await openTarget(options());
    expect(target).toMatchObject({
      kind: "embedded",
      name: `embedded ${target.server} ${target.version}`,
      warnings: [],
    });
    expect(await target.control.info("server")).toContain(`process_id:${target.pids[0]}\r`);
    expect(records()).toEqual(["run-a.json"]);
    await target.stop();
    await target.stop();
    expect(records()).toEqual([]);
    expect(await identityOf(target.pids[0] as number)).toBeUndefined();
  });

  test("a server program that is none is a usage error that says why", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "#!/bin/sh\necho hello\n", { mode: 0o644 });
    const cases: [string, string][] = [
      ["/no/such/program", "does not exist"],
      [tmpdir(), "is not a file"],
      [process.execPath, "is neither redis-server nor valkey-server"],
      ...(process.getuid?.() === 0 ? [] : ([[file, "may not be executed"]] as [string, string][])),
    ];
    for (const [redisServer, reason] of cases) {
      expect(await refusal({ redisServer })).toMatchObject({ exitCode: 2, message: expect.stringContaining(reason) });
    }
    expect(records()).toEqual([]);
  });

  test("runs where the registry cannot be written, and says what that means", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    // Under /proc nobody can make a folder, and Node's own recursive way never gives up.
    for (const home of [file, ...(process.platform === "linux" ? ["/proc/x"] : [])]) {
      process.env.XDG_CACHE_HOME = home;
      const target = await openTarget(options());
      await target.stop();
      expect(target.warnings, home).toEqual([expect.stringContaining("nothing will clean up after it")]);
    }
  });
});

describe("a target by URL", () => {
  let redis: TestRedis;
  let url: string;
  beforeAll(async () => {
    redis = await startTestRedis();
    url = `redis://localhost:${redis.server.endpoint.port}`;
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.redis.flushall();
  });

  test("its run's keys go at the end, nobody else's", async () => {
    const others = [...keysOf("run-b"), ...keysOf("run-a2"), "{qbench:run-a}", "run-a:1", "user:1"];
    for (const key of others) await redis.redis.set(key, "value");
    const target = await openTarget(options({ urls: [url], allowNonempty: true }));
    for (const key of [...keysOf("run-a", 1), ...keysOf("run-a", 22)]) await target.control.set(key, "value");
    expect(await target.removeKeys()).toBe(8);
    await target.control.set(keysOf("run-a")[0] as string, "value");
    await target.stop();
    expect((await redis.redis.keys("*")).sort()).toEqual(others.sort());
    expect(records()).toEqual([]);
  });

  test("many keys, and a run id with the characters of a pattern", async () => {
    const runId = "a*[b]?";
    const pipeline = redis.redis.pipeline();
    for (let n = 0; n < 5000; n++) pipeline.set(`${concertKeys(concertIdOf(runId, n)).waiting}`, "value");
    pipeline.set(concertKeys(concertIdOf("aXXbY", 1)).waiting, "value");
    await pipeline.exec();
    expect(await removeRunKeys(redis.redis, runId)).toBe(5000);
    expect(await redis.redis.dbsize()).toBe(1);
  });

  test("foreign keys are refused unless allowed; another run's are not foreign", async () => {
    for (const key of keysOf("run-b")) await redis.redis.set(key, "value");
    await (await openTarget(options({ urls: [url] }))).stop();
    await redis.redis.set("user:1", "value");
    const error = await refusal({ urls: [url] });
    expect(error).toMatchObject({ exitCode: 3, hint: expect.stringContaining("--allow-nonempty") });
    await (await openTarget(options({ urls: [url], allowNonempty: true }))).stop();
    await (await openTarget(options({ urls: [`${url}/1`] }))).stop();
    expect(await redis.redis.dbsize()).toBe(5);
  });

  test("another machine is refused before anything connects", async () => {
    const error = await refusal({ urls: ["redis://:Xq7-geheim@redis.invalid"] });
    expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("--allow-remote") });
    const reached = await refusal({ urls: ["redis://:Xq7-geheim@redis.invalid"], allowRemote: true });
    expect(reached).toMatchObject({ exitCode: 3, message: expect.stringContaining("redis.invalid:6379") });
    expect(`${error.message}${reached.message}`).not.toContain("Xq7");
  });

  test("several URLs, or a URL beside a program to start, are refused", async () => {
    expect(await refusal({ urls: [url, url] })).toMatchObject({ exitCode: 2 });
    expect(await refusal({ urls: [url], redisServer: "redis-server" })).toMatchObject({ exitCode: 2 });
  });

  test("a node of a cluster that holds nothing, and a replica, are refused", async () => {
    const [node, replica] = await Promise.all([
      startTestRedis(["cluster-enabled yes"]),
      startTestRedis([`replicaof 127.0.0.1 ${redis.server.endpoint.port}`]),
    ]);
    const [clustered, replicated] = await Promise.all(
      [node, replica].map(({ server }) => refusal({ urls: [`redis://127.0.0.1:${server.endpoint.port}`] })),
    );
    await Promise.all([node.stop(), replica.stop()]);
    expect(clustered).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("is incomplete: 16384 of its 16384 slots are nobody's"),
    });
    expect(replicated).toMatchObject({ exitCode: 3, message: expect.stringContaining("is a replica") });
  });

  test("a run that cannot remove its keys says so, and stays registered for the next start", async () => {
    const lost = await startTestRedis();
    const target = await openTarget(options({ urls: [`redis://127.0.0.1:${lost.server.endpoint.port}`] }));
    target.control.options.retryStrategy = () => null;
    await lost.stop();
    await expect(target.stop()).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("not removed") });
    expect(records()).toEqual(["run-a.json"]);
  });

  test("the keys of a run that was killed are removed by the next start at that address; no password is kept", async () => {
    await redis.redis.call("ACL", "SETUSER", "app", "on", ">Xq7-geheim", "~*", "+@all");
    const withPassword = url.replace("redis://", "redis://app:Xq7-geheim@");
    const child = await openInChild({ urls: [withPassword], runId: "killed", keys: keysOf("killed") });
    expect(readFileSync(join(runsFolder(), "killed.json"), "utf8")).not.toContain("Xq7");
    const alive = await openTarget(options({ urls: [url] }));
    expect(await redis.redis.dbsize()).toBe(4);
    child.process.kill("SIGKILL");
    await new Promise((resolve) => child.process.once("exit", resolve));
    // 127.0.0.1 and localhost are one address.
    const next = await openTarget(options({ urls: [url.replace("localhost", "127.0.0.1")], runId: "run-b" }));
    expect(await redis.redis.dbsize()).toBe(0);
    expect(records().sort()).toEqual(["run-a.json", "run-b.json"]);
    await Promise.all([alive.stop(), next.stop()]);
  });
});

describe("servers of killed runs", () => {
  const targets: Target[] = [];
  afterEach(() => Promise.all(targets.splice(0).map((target) => target.stop())));

  test("a server that lost its watchdog as well is ended by the next start", async () => {
    if (process.platform !== "linux") return;
    const child = await openInChild({ urls: [], runId: "killed" });
    process.kill(child.watchdogPid, "SIGKILL");
    child.process.kill("SIGKILL");
    await new Promise((resolve) => child.process.once("exit", resolve));
    expect(await identityOf(child.pid)).toBeDefined();
    targets.push(await openTarget(options()));
    await isGone(child);
    expect(records()).toEqual(["run-a.json"]);
  });

  test("a live run's server is left alone", async () => {
    targets.push(await openTarget(options()));
    expect(await endOrphanServers()).toBe(0);
    expect(await targets[0]?.control.ping()).toBe("PONG");
  });

  test("a pid that was given to another process meanwhile, or a foreign folder, is left alone", async () => {
    targets.push(await openTarget(options()));
    const pid = targets[0]?.pids[0] as number;
    const { servers } = JSON.parse(readFileSync(join(runsFolder(), "run-a.json"), "utf8"));
    const [{ process: server, folder: itsFolder }] = servers;
    const deadOwner = { ...(await identityOf(process.pid)), startedAt: "1" };
    const write = (runId: string, recorded: object) =>
      writeFileSync(
        join(runsFolder(), `${runId}.json`),
        JSON.stringify({ runId, owner: deadOwner, servers: [recorded], addresses: [] }),
      );
    const foreign = mkdtempSync(join(folder, "qbench-"));
    write("reused", { process: { ...server, startedAt: "1" }, folder: join(tmpdir(), "qbench-no-such-folder") });
    write("foreign", { process: { ...server, pid }, folder: foreign });
    write("elsewhere", { process: server, folder: `${itsFolder}/../${itsFolder.split("/").at(-1)}x` });
    writeFileSync(join(runsFolder(), "broken.json"), "{");
    expect(await endOrphanServers()).toBe(0);
    expect(existsSync(foreign)).toBe(true);
    expect(await targets[0]?.control.ping()).toBe("PONG");
  });

  test("a process of another container cannot be judged; one from before a reboot is dead", async () => {
    const self = await identityOf(process.pid);
    if (self === undefined || process.platform !== "linux") return;
    const [boot, namespace] = self.pidSpace.split(" ");
    expect(await stateOf(self)).toBe("alive");
    expect(await stateOf({ ...self, startedAt: "1" })).toBe("dead");
    expect(await stateOf({ ...self, pidSpace: `${boot} pid:[1]` })).toBe("unknown");
    expect(await stateOf({ ...self, pidSpace: `other ${namespace}` })).toBe("dead");
    expect(await stateOf({ ...self, pidSpace: `other ${namespace}`, host: `${hostname()}x` })).toBe("unknown");
  });
});
