import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findRedisBinary } from "../redis-binary.js";
import type { ProvisionContext } from "./commands.js";
import { provideRedis } from "./provision.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "qbench-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A machine whose PATH holds these programs and no more; each is the script given. */
function machine(programs: Record<string, string> = {}, over: Partial<ProvisionContext> = {}): ProvisionContext {
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return { env: { PATH: folder, XDG_CACHE_HOME: join(folder, "cache") }, isRoot: false, platform: "linux", ...over };
}

describe("a server program that is there already", () => {
  test.each(["redis-server", "valkey-server"])("is found on PATH as %s, and nothing is done", async (name) => {
    const { path } = await findRedisBinary(undefined);
    symlinkSync(path, join(folder, name));
    const said: string[] = [];
    const binary = await provideRedis((line) => said.push(line), machine());
    expect(binary.path).toBe(join(folder, name));
    expect(said).toEqual([]);
  });

  test("redis-server comes before valkey-server, PATH before what was fetched; a broken one is passed over", async () => {
    const fetched = join("cache", "qbench", "redis", "bin", "redis-server");
    mkdirSync(dirname(join(folder, fetched)), { recursive: true });
    const versions = async (programs: Record<string, string>) =>
      (await findRedisBinary(undefined, machine(programs).env)).version;
    expect(await versions({ [fetched]: "echo 'Redis server v=7.0.1'" })).toBe("7.0.1");
    expect(await versions({ "valkey-server": "echo 'Valkey server v=8.1.0'" })).toBe("8.1.0");
    expect(await versions({ "redis-server": "echo 'Redis server v=7.0.2'" })).toBe("7.0.2");
    expect(await versions({ "redis-server": "echo 'cannot load libfoo.so' >&2; exit 127" })).toBe("8.1.0");
  });

  test.each([
    [
      "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d",
      { server: "redis", version: "7.0.15" },
    ],
    ["Valkey server v=9.0.0-rc1 sha=0", { server: "valkey", version: "9.0.0-rc1" }],
  ])("%s", async (says, expected) => {
    expect(await findRedisBinary(undefined, machine({ "redis-server": `echo '${says}'` }).env)).toMatchObject(expected);
  });

  test("one that is too old is none, and the message says so", async () => {
    const { env } = machine({ "redis-server": "echo 'Redis server v=5.0.7 sha=0'" });
    await expect(findRedisBinary(undefined, env)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining("is version 5.0.7, older than 6"),
    });
  });
});

describe("where none can be had", () => {
  test("one message with the commands that would install one", async () => {
    const said: string[] = [];
    const error = await provideRedis((line) => said.push(line), machine()).catch((reason) => reason);
    expect(error).toMatchObject({ name: "QbenchError", kind: "environment", exitCode: 3 });
    expect(error.hint).toContain("sudo apt-get update && sudo apt-get install -y redis-server");
    expect(error.hint).toContain("--redis-server PATH");
    expect(error.hint).toContain("--url redis://HOST:PORT");
    expect(said).toEqual([]);
  });

  test("it says why each way failed, in the order they were tried", async () => {
    const fails = (why: string) => `echo '${why}' >&2; exit 100`;
    const context = machine(
      {
        "apt-get": fails("no network"),
        "apt-cache": fails("no lists"),
        "dpkg-deb": "exit 1",
        "dpkg-query": "exit 0",
        npm: fails("registry away"),
        make: "",
        cc: "",
      },
      { isRoot: true },
    );
    const said: string[] = [];
    const error = await provideRedis((line) => said.push(line), context).catch((reason) => reason);
    expect(error.message).toMatch(
      /apt-get: .*no network.*apt-get download: .*no network.*redis-memory-server.*registry away/s,
    );
    expect(said).toHaveLength(3);
    expect(said[2]).toContain("nobody has reported to work");
    expect(existsSync(join(folder, "cache", "qbench", "redis"))).toBe(false);
  });

  test("an ordinary user's machine is not asked for what only root may do", async () => {
    const programs = { "apt-get": "exit 1", dnf: "exit 1", apk: "exit 1" };
    const said: string[] = [];
    await provideRedis((line) => said.push(line), machine(programs)).catch(() => {});
    expect(said).toEqual([]);
  });
});

test("root's package manager is asked for one package after the other, and never to start a service", async () => {
  const real = await findRedisBinary(undefined);
  const log = join(folder, "log");
  const context = machine(
    {
      dnf: `echo "$* $RUNLEVEL $SYSTEMD_OFFLINE" >>'${log}'
            case "$*" in *valkey*) exit 1 ;; esac
            PATH=/usr/bin:/bin ln -s '${real.path}' '${folder}/redis-server'`,
    },
    { isRoot: true },
  );
  const binary = await provideRedis(() => {}, context);
  expect(dirname(binary.path)).toBe(folder);
  expect(readFileSync(log, "utf8")).toBe("install -y valkey 1 1\ninstall -y redis 1 1\n");
});
