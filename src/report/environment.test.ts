import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestRedis, type TestRedis } from "../targets/testing.js";
import { cpuLimitCores } from "./container.js";
import { gitRevision, readEnvironment } from "./environment.js";
import { redisFacts } from "./redis-facts.js";
import { runReportSchema } from "./schema.js";
import { PACKAGE_FOLDER } from "./tool.js";

let folder: string;
let test: TestRedis;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), "environment-"));
  test = await startTestRedis(["io-threads 1", "maxmemory 123mb"]);
});
afterAll(async () => {
  await test.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("environment of a run", () => {
  it("names machine, software, server and scripts, and fits the report", async () => {
    const facts = { control: test.redis, server: "redis", version: "7", scripts: [{ name: "a", sha1: "b" }], seed: 5 };
    const environment = await readEnvironment(facts);
    expect(runReportSchema.shape.environment.parse(environment)).toEqual(environment);
    expect(environment.machine.cores).toBeGreaterThan(0);
    expect(environment.software.ioredis).toMatch(/^\d+\.\d+\.\d+/);
    expect(environment.redis.config).toMatchObject({
      "io-threads": "1",
      maxmemory: String(123 << 20),
      appendonly: "no",
    });
    expect(environment.redis.mode).toBe("standalone");
    expect(environment.redis.build.allocator).toMatch(/\w/);
    expect(environment).toMatchObject({ scripts: { a: "b" }, seed: 5 });
  });

  it("tells no host, user, folder or password", async () => {
    await test.redis.config("SET", "requirepass", "hunter2");
    try {
      const facts = { control: test.redis, server: "redis", version: "7", scripts: [], seed: 5 };
      const text = JSON.stringify(await readEnvironment(facts));
      const secrets = ["hunter2", os.hostname(), os.homedir(), test.server.folder, PACKAGE_FOLDER];
      // Short ones ("linux", "/") would be found in what is no secret.
      for (const secret of secrets.filter((one) => one.length > 6)) expect(text).not.toContain(secret);
    } finally {
      await test.redis.config("SET", "requirepass", "");
    }
  });

  it("survives a server that refuses CONFIG, INFO or both", async () => {
    await test.redis.call("ACL", "SETUSER", "narrow", "on", "nopass", "+info");
    await test.redis.call("ACL", "SETUSER", "nobody", "on", "nopass", "+ping");
    const narrow = test.redis.duplicate({ username: "narrow", password: "x", enableReadyCheck: false });
    const nobody = test.redis.duplicate({ username: "nobody", password: "x", enableReadyCheck: false });
    for (const one of [narrow, nobody]) one.on("error", () => {});
    try {
      expect(await redisFacts(narrow)).toMatchObject({ config: null, mode: "standalone" });
      expect(await redisFacts(nobody)).toMatchObject({ config: null, mode: null, build: { os: null } });
    } finally {
      narrow.disconnect();
      nobody.disconnect();
    }
  });
});

describe("CPU limit of a container", () => {
  /** A file system with these files. */
  async function root(files: Record<string, string>): Promise<string> {
    const path = await mkdtemp(join(folder, "root-"));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(path, name, ".."), { recursive: true });
      await writeFile(join(path, name), text);
    }
    return path;
  }

  it.each([
    ["nothing to read", {}, null],
    [
      "version 2, at the root of a container",
      { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n" },
      1.5,
    ],
    ["version 2 without a limit", { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n" }, null],
    [
      "version 2, a parent being tighter",
      {
        "proc/self/cgroup": "0::/a.slice/b:c\n",
        "sys/fs/cgroup/a.slice/cpu.max": "50000 100000\n",
        "sys/fs/cgroup/a.slice/b:c/cpu.max": "200000 100000\n",
      },
      0.5,
    ],
    [
      "version 1, the path being the host's",
      {
        "proc/self/cgroup": "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      },
      2,
    ],
    [
      "version 1 without a limit",
      {
        "proc/self/cgroup": "3:cpu:/\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      },
      null,
    ],
  ])("%s", async (_, files, expected) => {
    expect(await cpuLimitCores(await root(files))).toBe(expected);
  });
});

describe("git revision", () => {
  const git = (...args: string[]) => promisify(execFile)("git", args, { cwd: folder });

  it("is that of the folder's own working copy, with a flag for changes", async () => {
    expect(await gitRevision(folder)).toBeNull();
    await git("init", "-q");
    await git("config", "user.email", "tester@example.com");
    await git("config", "user.name", "Tester");
    expect(await gitRevision(folder)).toBeNull();
    await writeFile(join(folder, "file"), "one");
    await git("add", "file");
    await git("commit", "-qm", "first");
    const { stdout } = await git("rev-parse", "HEAD");
    expect(await gitRevision(folder)).toEqual({ revision: stdout.trim(), dirty: false });
    await writeFile(join(folder, "file"), "two");
    expect(await gitRevision(folder)).toEqual({ revision: stdout.trim(), dirty: true });
    await mkdir(join(folder, "installed"));
    expect(await gitRevision(join(folder, "installed"))).toBeNull();
  });
});
